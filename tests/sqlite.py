"""A SQLite database in a file that tests lay anew, again and again."""

import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import Engine

SCHEMA_COOKIE = slice(40, 44)
"""Where the header of a database has the number that each change of the schema makes another."""


class SqliteFile:
    """A database that is laid anew from kept copies, while the engine's connections stay open.

    A new connection reads the whole schema, which costs more than most tests do. So the file is written over beneath
    the connections that there are, when none of them is in a transaction: a change of no meaning just before it makes
    each of them forget what it holds of the pages. Their schema and statements stay, for no copy has another schema.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._own: sqlite3.Connection | None = None
        self._file: int | None = None
        self._laid: tuple[Path, int] | None = None
        os.register_at_fork(before=self._forget)

    def keep(self, copy: Path, *, engine: Engine) -> Path:
        """Copy the database as it is now, for :meth:`lay`; connections of ``engine`` are closed."""
        self._close(engine)
        with sqlite3.connect(self.path) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        shutil.copy(self.path, copy)
        return copy

    def lay(self, kept: Path, *, engine: Engine) -> None:
        """Make the database a copy of ``kept``; where a connection is busy or the schema another, close them all."""
        if self._is_untouched(kept):
            return
        if not self._lay_beneath(kept):
            self._lay_apart(kept, engine)
        self._laid = (kept, self.path.stat().st_mtime_ns)

    def _is_untouched(self, kept: Path) -> bool:
        """Tell whether nothing was written since ``kept`` was laid, neither to the log nor to the file."""
        log = self.path.with_name(f"{self.path.name}-wal")
        return self._laid == (kept, self.path.stat().st_mtime_ns if self.path.exists() else 0) and (
            log.exists() and log.stat().st_size == 0
        )

    def _lay_beneath(self, kept: Path) -> bool:
        if self._own is None or self._file is None:
            return False
        with kept.open("rb") as source:
            (schema,) = self._own.execute("PRAGMA schema_version").fetchone()
            if schema != int.from_bytes(os.pread(source.fileno(), 100, 0)[SCHEMA_COOKIE]):
                return False
            try:
                (mark,) = self._own.execute("PRAGMA user_version").fetchone()
                self._own.execute(f"PRAGMA user_version = {mark + 1}")
                (is_busy, _pages, _moved) = self._own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            except sqlite3.OperationalError:  # somebody writes
                return False
            if is_busy:
                return False
            size = os.fstat(source.fileno()).st_size
            os.lseek(self._file, 0, os.SEEK_SET)
            sent = 0
            while sent < size:
                sent += os.sendfile(self._file, source.fileno(), sent, size - sent)
            os.truncate(self._file, size)
        return True

    def _lay_apart(self, kept: Path, engine: Engine) -> None:
        self._close(engine)
        for suffix in ("", "-wal", "-shm"):  # what somebody still has open is another file from now on
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        shutil.copy(kept, self.path)
        self._file = os.open(self.path, os.O_RDWR)
        self._own = sqlite3.connect(self.path, isolation_level=None, timeout=0, check_same_thread=False)
        self._own.execute("PRAGMA journal_mode=WAL")
        self._own.execute("PRAGMA synchronous=OFF")

    def _close(self, engine: Engine) -> None:
        """Close all, the file at last: to close it takes away the locks that this process has on it."""
        engine.dispose()
        self._forget()
        if self._file is not None:
            os.close(self._file)
        self._file = None

    def _forget(self) -> None:
        """Close the connection, also before a fork: SQLite's must not be shared."""
        if self._own is not None:
            self._own.close()
        self._own = self._laid = None
