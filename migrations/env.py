"""Run migrations in one transaction on the application's own engine; old schema or new, never between.

On SQLite foreign keys are off meanwhile (batch mode rebuilds tables, and would delete their children) and every
reference is checked before the commit.
"""

from alembic import context
from sqlalchemy import Connection
from sqlalchemy.sql.schema import SchemaItem

from helpdesk.infra.db import Base, UtcDateTime, db
from helpdesk.infra.finding import is_of_an_index


def render_item(kind: str, item: object, _autogen: object) -> str | bool:
    """Write our own types as the plain ones that they are stored as."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def include_object(_item: SchemaItem, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:  # noqa: FBT001
    """Leave alone what finds words, and expression indexes on SQLite: reflection cannot see them."""
    if is_of_an_index(name, kind):
        return False
    return not (kind == "index" and name is not None and name.endswith("_lower") and db.engine.dialect.name == "sqlite")


def migrate(connection: Connection, *, on_sqlite: bool) -> None:
    """Run what is pending, then check every reference."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
        include_object=include_object,
    )
    with context.begin_transaction():
        context.run_migrations()
    if on_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall():
        message = "the migration leaves rows that point nowhere; nothing was changed"
        raise RuntimeError(message)


with db.engine.execution_options(writes=True).connect() as connection:
    on_sqlite = connection.dialect.name == "sqlite"
    driver = connection.connection.driver_connection
    if on_sqlite and driver is not None:
        driver.execute("PRAGMA foreign_keys=OFF")
    try:
        with connection.begin():
            migrate(connection, on_sqlite=on_sqlite)
    finally:
        if on_sqlite and driver is not None:
            driver.execute("PRAGMA foreign_keys=ON")
