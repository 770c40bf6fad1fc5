"""The database that tests on SQLite share is as it was kept, whatever was done to it and whoever has it open."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine, create_engine, text

from tests.sqlite import SqliteFile


@pytest.fixture
def file(tmp_path: Path) -> SqliteFile:
    return SqliteFile(tmp_path / "test.sqlite3")


@pytest.fixture
def engine(file: SqliteFile) -> Engine:
    return create_engine(f"sqlite:///{file.path}")


def write(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        for statement in statements:
            connection.execute(text(statement))


def rows(connection: Connection) -> list[int]:
    return list(connection.scalars(text("SELECT number FROM numbers ORDER BY number")))


def keep(file: SqliteFile, engine: Engine, *numbers: int) -> Path:
    write(engine, "CREATE TABLE IF NOT EXISTS numbers (number)", "DELETE FROM numbers")
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO numbers VALUES (:number)"), [{"number": number} for number in numbers])
    return file.keep(file.path.with_name(f"{len(numbers)}.sqlite3"), engine=engine)


def test_connections_stay_open_and_see_what_was_laid_and_nothing_else(file: SqliteFile, engine: Engine) -> None:
    one, other = keep(file, engine, 1), keep(file, engine, 1, 2)
    file.lay(one, engine=engine)
    with engine.connect() as connection:
        opened = connection.connection.dbapi_connection

    for kept, expected in [(one, [1]), (other, [1, 2]), (other, [1, 2]), (one, [1]), (one, [1])]:
        file.lay(kept, engine=engine)
        with engine.connect() as connection:
            assert connection.connection.dbapi_connection is opened
            assert rows(connection) == expected
        write(engine, "INSERT INTO numbers VALUES (3)")
    file.lay(other, engine=engine)
    with engine.connect() as connection:
        assert rows(connection) == [1, 2]


@pytest.mark.parametrize("left", ["SELECT * FROM numbers", "INSERT INTO numbers VALUES (3)", "CREATE TABLE others (x)"])
def test_what_a_test_left_open_or_made_of_the_schema_is_gone(file: SqliteFile, engine: Engine, left: str) -> None:
    kept = keep(file, engine, 1)
    file.lay(kept, engine=engine)
    with create_engine(f"sqlite:///{file.path}").connect() as forgotten:
        forgotten.exec_driver_sql("BEGIN")
        forgotten.execute(text(left))
        if left.startswith("CREATE"):
            forgotten.commit()

        file.lay(kept, engine=engine)

        with engine.connect() as connection:
            assert rows(connection) == [1]
            assert connection.scalar(text("SELECT count(*) FROM sqlite_master")) == 1


def test_a_database_is_sound_and_as_long_as_it_was_kept_however_long_it_became(
    file: SqliteFile, engine: Engine
) -> None:
    short, long = keep(file, engine, 1), keep(file, engine, *range(50_000))
    lengths = {kept: kept.stat().st_size for kept in (short, long)}

    for kept in (short, long, short, short, long, long, short):
        file.lay(kept, engine=engine)
        assert file.path.stat().st_size == lengths[kept]
        write(engine, "INSERT INTO numbers SELECT 1 FROM numbers, numbers AS others LIMIT 100000")
        with engine.connect() as connection:
            assert connection.scalar(text("PRAGMA integrity_check")) == "ok"


def test_whoever_is_not_the_first_to_look_sees_what_was_laid_too(file: SqliteFile, engine: Engine) -> None:
    one, other = keep(file, engine, 1), keep(file, engine, 1, 2)
    file.lay(one, engine=engine)
    first, second = (create_engine(f"sqlite:///{file.path}").connect() for _ in range(2))

    for kept, expected in [(other, [1, 2]), (one, [1]), (other, [1, 2]), (one, [1])]:
        file.lay(kept, engine=engine)
        for connection in (first, second):
            assert rows(connection) == expected
            connection.rollback()
    for connection in (first, second):
        connection.close()
