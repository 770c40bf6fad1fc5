"""Is the database the one this version expects? A new one is made whole; an old or a newer one is named."""

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from flask import current_app
from flask_migrate import upgrade
from sqlalchemy import inspect
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from helpdesk.infra.db import db, unit_of_work
from helpdesk.kernel.errors import SettingsError

ENTRIES_LOOKED_AT = 20_000  # of each index; with fewer SQLite thinks that a value of three is rare among so many


def migrate() -> str:
    """Bring the database to this version's schema in one transaction and return its revision.

    Raises:
        SettingsError: it cannot be reached, or a newer Helpdesk has been at work on it.
    """
    _refuse_newer(_revision())
    upgrade()
    with unit_of_work() as session:
        count_rows(session)
    db.engine.dispose()
    return _head()


def require_current() -> None:
    """Make the schema of an empty database; refuse one that is older or newer than this version.

    Raises:
        SettingsError: says which, and what to do.
    """
    found = _revision()
    if found is None and not _has_tables():
        migrate()
        return
    _refuse_newer(found)
    if found != _head():
        raise SettingsError(_lags(found))
    db.engine.dispose()


def count_rows(session: Session) -> None:
    """Let SQLite look at what its indexes hold, so that it takes the better one; PostgreSQL does so by itself.

    It takes some milliseconds however large the database is. A connection knows what was found before it was opened.
    """
    if session.get_bind().dialect.name == "sqlite":
        session.connection().exec_driver_sql(f"PRAGMA analysis_limit={ENTRIES_LOOKED_AT}")
        session.connection().exec_driver_sql("ANALYZE")


def _refuse_newer(found: str | None) -> None:
    try:
        _scripts().get_revision(found) if found else None
    except CommandError as error:
        message = (
            f"The database was made by a newer Helpdesk than this one, which does not know its revision {found}. "
            "Install the newer version; nothing was changed."
        )
        raise SettingsError(message) from error


def _lags(found: str | None) -> str:
    """Say that the database is older: names of revisions are no count, so it says how many steps are missing."""
    if found is None:
        return "The database is not made yet, or only by half: it has tables and no revision. Run: helpdesk migrate"
    missing = sum(1 for _step in _scripts().iterate_revisions(_head(), found))
    steps = "1 change is" if missing == 1 else f"{missing} changes are"
    return (
        f"The database is older than this Helpdesk: {steps} to be made after its revision {found}. "
        "Run: helpdesk migrate"
    )


def _revision() -> str | None:
    try:
        with db.engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()
    except OperationalError as error:
        reason = str(error.orig).strip().splitlines()[0]
        message = f"DATABASE_URL: the database cannot be reached ({reason})."
        raise SettingsError(message) from error


def _has_tables() -> bool:
    return bool(inspect(db.engine).get_table_names())


def _scripts() -> ScriptDirectory:
    config = current_app.extensions["migrate"].migrate.get_config()
    return ScriptDirectory.from_config(config)


def _head() -> str:
    head = _scripts().get_current_head()
    if head is None:
        message = "There are no migrations: this installation is incomplete."
        raise SettingsError(message)
    return head
