"""A SQLite database in a file that tests lay anew, again and again."""

import os
import shutil
import sqlite3
from pathlib import Path

from sqlalchemy import Engine

SCHEMA_COOKIE = slice(40, 44)
"""Where the header of a database has the number that each change of the schema makes another."""
INDEX_HEAD_BYTES = 136
"""How long the head of the index of a log is: two copies of what is known of it, and how far each reader is."""


def _is_used(engine: Engine) -> bool:
    return bool(engine.pool.checkedout())  # type: ignore[attr-defined]


class SqliteFile:
    """A database that is laid anew from kept copies, while the engine's connections stay open.

    A new connection reads the whole schema, which costs more than most tests do. So the file is written over beneath
    the connections that there are, when none of them is in a transaction and all of the log is in the file. Then the
    head of the log's index is wiped, which says how many pages there are, and is found out anew; a change of no meaning
    makes it another than it ever was, so that each connection forgets what it holds of the pages
    (https://sqlite.org/walformat.html, section 2). Their schema and statements stay, for no copy has another schema.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._own: sqlite3.Connection | None = None
        self._files: tuple[int, int] | None = None
        self._laid: tuple[Path, int] | None = None
        self._count = 0
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
        if not self._lay_beneath(kept, engine):
            self._lay_apart(kept, engine)
        self._laid = (kept, self.path.stat().st_mtime_ns)

    def _is_untouched(self, kept: Path) -> bool:
        """Tell whether nothing was written since ``kept`` was laid, neither to the log nor to the file."""
        log = self._beside("-wal")
        return self._laid == (kept, self.path.stat().st_mtime_ns if self.path.exists() else 0) and (
            log.exists() and log.stat().st_size == 0
        )

    def _lay_beneath(self, kept: Path, engine: Engine) -> bool:
        if self._own is None or self._files is None or _is_used(engine):
            return False
        file, index = self._files
        with kept.open("rb") as source:
            (schema,) = self._own.execute("PRAGMA schema_version").fetchone()
            if schema != int.from_bytes(os.pread(source.fileno(), 100, 0)[SCHEMA_COOKIE]):
                return False
            (is_busy, _pages, _moved) = self._own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            if is_busy:
                return False
            size = os.fstat(source.fileno()).st_size
            os.lseek(file, 0, os.SEEK_SET)
            sent = 0
            while sent < size:
                sent += os.sendfile(file, source.fileno(), sent, size - sent)
            os.truncate(file, size)
        os.pwrite(index, bytes(INDEX_HEAD_BYTES), 0)
        self._count += 1
        self._own.execute(f"PRAGMA user_version = {self._count}")
        self._own.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        return True

    def _lay_apart(self, kept: Path, engine: Engine) -> None:
        self._close(engine)
        for suffix in ("", "-wal", "-shm"):  # what somebody still has open is another file from now on
            self._beside(suffix).unlink(missing_ok=True)
        shutil.copy(kept, self.path)
        self._own = sqlite3.connect(self.path, isolation_level=None, timeout=0, check_same_thread=False)
        self._own.execute("PRAGMA journal_mode=WAL")
        self._own.execute("PRAGMA synchronous=OFF")
        self._own.execute("SELECT count(*) FROM sqlite_master").fetchone()
        self._files = (os.open(self.path, os.O_RDWR), os.open(self._beside("-shm"), os.O_RDWR))

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def _close(self, engine: Engine) -> None:
        """Close all, the files at last: to close one takes away the locks that this process has on it."""
        engine.dispose()
        self._forget()
        for file in self._files or ():
            os.close(file)
        self._files = None

    def _forget(self) -> None:
        """Close the connection, also before a fork: SQLite's must not be shared."""
        if self._own is not None:
            self._own.close()
        self._own = self._laid = None
