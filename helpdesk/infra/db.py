"""Database: the declarative base, sessions that read, and the unit of work, the only place that commits."""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, date, datetime
from itertools import chain
from typing import Annotated, Any, TypeVar, cast

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    Date,
    DateTime,
    Dialect,
    FromClause,
    MetaData,
    String,
    Table,
    TypeDecorator,
    event,
    func,
    insert,
    select,
)
from sqlalchemy import cast as cast_sql
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column

from helpdesk.infra import jobs
from helpdesk.infra.rows import IN_ONE

T = TypeVar("T")
Leaves = dict[tuple[Any, ...], list[dict[str, Any]]]
UnitOfWork = Callable[[], AbstractContextManager[Session]]

NAMES = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant. Refuses naive values, and gives SQLite's naive ones their zone back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Return the instant in UTC; refuse one without a zone."""
        if value is not None and value.tzinfo is None:
            message = f"naive datetime {value!r}: instants are aware UTC"
            raise TypeError(message)
        return None if value is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: object) -> Callable[[Any], datetime | None]:  # noqa: ARG002 - as above
        """Return how a stored value is read: many hundred a page are, so in one step."""
        return instant_of if dialect.name == "sqlite" else _in_utc


class EmptyIsNull(TypeDecorator[str]):
    """A text that many rows may lack and no two share: an empty one is NULL, which a unique index leaves alone.

    Ask the database for rows that have one by ``is_not(None)``, never by comparing with an empty text.
    """

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - as above
        """Return what is stored."""
        return value or None

    def process_result_value(self, value: str | None, dialect: Dialect) -> str:  # noqa: ARG002 - as above
        """Return the text, empty where there is none."""
        return value or ""


def _in_utc(given: datetime | None) -> datetime | None:
    """Return what PostgreSQL gives as an instant: aware in the zone of the connection, whatever that is."""
    return None if given is None else given.astimezone(UTC)


def instant_of(stored: str | None) -> datetime | None:
    """Return what SQLite holds as an instant: in UTC, with its zone where another hand wrote it."""
    if stored is None:
        return None
    found = datetime.fromisoformat(stored)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)


AmountMinor = Annotated[int, mapped_column(BigInteger)]
"""Money in minor units of the row's currency."""


class Base(DeclarativeBase):
    """Parent of all models."""

    metadata = MetaData(naming_convention=NAMES)
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads it from the class
        datetime: UtcDateTime(),
        date: Date(),
        str: String(),
        dict[str, Any]: JSON(),
        list[str]: JSON(),
        list[int]: JSON(),
        list[dict[str, Any]]: JSON(),
    }


db = SQLAlchemy(metadata=Base.metadata, session_options={"autoflush": False})


def one_of(column: str, words: tuple[str, ...]) -> CheckConstraint:
    """Return the constraint that ``column`` holds one of ``words``."""
    listed = ", ".join(f"'{word}'" for word in words)
    return CheckConstraint(f"{column} IN ({listed})", name=f"{column}_is_known")


def insert_of(session: Session, model: type[Base] | FromClause) -> sqlite.Insert | postgresql.Insert:
    """Return the database's own INSERT into a model or its table: one that knows ON CONFLICT."""
    on_postgresql = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(model) if on_postgresql else sqlite.insert(model)  # type: ignore[arg-type] # any table


def once(session: Session, *key: object, read: Callable[[], T]) -> T:
    """Return what ``read`` gave when this session was first asked for ``key``; the second time costs nothing.

    For what a transaction reads for each of many mails and never changes itself. The next transaction has another
    session, and asks anew.
    """
    known: dict[tuple[object, ...], Any] = session.info.setdefault("once", {})
    if key not in known:
        known[key] = read()
    return cast("T", known[key])


def foresee(session: Session, *key: object, value: object) -> None:
    """Let :func:`once` give ``value`` for ``key``: it was read already, together with others."""
    session.info.setdefault("once", {})[key] = value


def foreseen(session: Session, *key: object, otherwise: T) -> T:
    """Return what :func:`foresee` was told of ``key``, or ``otherwise``."""
    return cast("T", session.info.get("once", {}).get(key, otherwise))


def forget(session: Session, *key: object) -> None:
    """Let :func:`once` and :func:`foreseen` know nothing of ``key`` any more."""
    session.info.get("once", {}).pop(key, None)


def for_many(session: Session, count: int) -> None:
    """Make the session fit for so many mails: what it loads stays, and ids and numbers are taken that many at once.

    Rows are forgotten else as soon as nobody uses them.
    """
    write_in_one(session)
    kept = session.info.setdefault("kept", [])
    event.listen(session, "loaded_as_persistent", lambda _session, row: kept.append(row))
    event.listen(session, "before_commit", write_leaves)
    session.info["at once"] = count


def write_in_one(session: Session) -> None:
    """Let this session write each list of rows by one statement; whoever changes many has locked them before."""
    session.connection().execution_options(**{IN_ONE: True})


def add_leaf(session: Session, model: type[Base], **values: Any) -> None:  # noqa: ANN401 - a column may hold anything
    """Add a row to which nothing points.

    A session for many writes such rows all at once and last of all, without making objects of them: half the cost of
    a row is its object. Whoever asks for them says so with :func:`reading`, or calls :func:`write_leaves` before.
    """
    if at_once(session) > 1 and not session.in_nested_transaction():  # a savepoint may be undone, and the row with it
        _leaves(session).setdefault((model, *values), []).append(
            values
        )  # what is written together has the same columns
        return
    if model.__table__.foreign_keys:
        session.flush()  # only a relationship would tell which row comes first
    session.add(model(**values))


def write_leaves(session: Session) -> None:
    """Write all that waits, the rows of :func:`add_leaf` behind those that they point at."""
    leaves = _leaves(session)
    session.info.pop("leaves")
    session.flush()
    for (model, *_), rows in leaves.items():
        session.connection().execute(insert(model), rows)


def _leaves(session: Session) -> Leaves:
    return cast("Leaves", session.info.setdefault("leaves", {}))


@contextmanager
def reading(session: Session, ids: Collection[int], *asked: tuple[type[Base], str]) -> Iterator[None]:
    """Let the queries of the block leave unwritten what waits, but for the rows that they ask for.

    ``asked`` are models, each with its column that has one of ``ids`` in what is asked for. A page of mail is so
    written in one go, except for what a mail in it has to find.
    """
    columns = dict(asked)
    waiting = ((rows, columns[model]) for (model, *_), rows in _leaves(session).items() if model in columns)
    if any(values[column] in ids for rows, column in waiting for values in rows):
        write_leaves(session)
    elif any(getattr(row, columns.get(type(row), ""), None) in ids for row in chain(session.new, session.dirty)):
        session.flush()
    with session.no_autoflush:
        yield


def at_once(session: Session) -> int:
    """Return how many ids or numbers this session takes in one go."""
    return int(session.info.get("at once", 1))


def next_id(session: Session, model: type[Base]) -> int:
    """Return the id for a new row of ``model``, known before the row is written.

    Rows that point at each other can so be written together, many in one statement, instead of one after the other.
    """
    table = cast("Table", model.__table__)
    stock: dict[str, deque[int]] = session.info.setdefault("ids", {})
    ids = stock.setdefault(table.name, deque())
    if not ids:
        ids.extend(_fresh_ids(session, table))
    return ids.popleft()


def _fresh_ids(session: Session, table: Table) -> Iterable[int]:
    connection, count = session.connection(), at_once(session)
    if connection.dialect.name == "postgresql":
        sequence = func.nextval(func.pg_get_serial_sequence(table.name, "id"))
        return connection.scalars(select(sequence).select_from(func.generate_series(1, count)))
    given: dict[str, int] = session.info.setdefault("last ids", {})
    last = max(given.get(table.name, 0), connection.scalar(select(func.max(table.c.id))) or 0)  # nobody else writes
    given[table.name] = last + count
    return range(last + 1, last + count + 1)


def at_the_end(session: Session, act: Callable[[Session], None]) -> None:
    """Have ``act`` done, once, as the last thing before this unit of work commits."""
    acts: list[Callable[[Session], None]] = session.info.setdefault("at the end", [])
    if act not in acts:
        acts.append(act)


def before_the_end(session: Session, act: Callable[[Session], None]) -> None:
    """Have ``act`` done, once, when all work of this unit is written, and before what :func:`at_the_end` holds."""
    acts: list[Callable[[Session], None]] = session.info.setdefault("before the end", [])
    if act not in acts:
        acts.append(act)


def alone(session: Session, *names: str) -> None:
    """Let one transaction at a time pass here for each name; it is over with the transaction. SQLite has but one."""
    if session.get_bind().dialect.name == "postgresql":
        given = select(func.unnest(cast_sql(sorted(set(names)), postgresql.ARRAY(String))).label("name")).subquery()
        session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(given.c.name, 0))).select_from(given))


def read_session() -> Session:
    """Return the session that this request or job reads with; it ends with the application context.

    On PostgreSQL each of its statements is a transaction of its own, which sees what it would see anyway (READ
    COMMITTED). At the end of a transaction that only read there would be a ROLLBACK, and with it the driver forgets
    all that it has prepared: half of the time of a short query is its planning.
    """
    session = db.session()
    if not session.in_transaction() and session.get_bind().dialect.name == "postgresql":
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
    return session


def read_anew() -> Session:
    """Return the session that this request reads with, which sees from now on what was committed meanwhile."""
    session = db.session()
    for kept in ("once", "asked ahead"):
        session.info.pop(kept, None)
    session.rollback()  # on SQLite it would go on seeing what it saw first
    return read_session()


@event.listens_for(db.session, "before_flush")
def _refuse_to_write(*_session: object) -> None:
    message = "a session that reads does not write: open a unit of work"
    raise RuntimeError(message)


@contextmanager
def snapshot() -> Iterator[Session]:
    """Yield a session that sees everything as it was at one moment, however long it reads; it changes nothing.

    SQLite reads so anyhow. It is another session than :func:`read_session`, which has begun to read before.
    """
    on_postgresql = db.engine.dialect.name == "postgresql"
    engine = db.engine.execution_options(isolation_level="REPEATABLE READ") if on_postgresql else db.engine
    with Session(engine, autoflush=False) as session:
        yield session


@contextmanager
def unit_of_work() -> Iterator[Session]:
    """Yield a session whose work is committed at the end, or wholly undone by any error.

    Jobs that ``jobs.ring`` noted on the session are enqueued after the commit, never before. On SQLite the
    transaction begins IMMEDIATE: one that reads first and writes later would fail "locked" at once.
    """
    with Session(db.engine.execution_options(writes=True), expire_on_commit=False) as session:
        with session.begin():
            yield session
            session.flush()
            for act in (*session.info.pop("before the end", ()), *session.info.pop("at the end", ())):
                act(session)
        jobs.enqueue_rung(session)
