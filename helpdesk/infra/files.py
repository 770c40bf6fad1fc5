"""Files by the sha256 of their bytes, in a directory of their own; the name is never chosen by a stranger.

Nothing here knows the database or the web, so that the process that reads mail (docs/mail.md rule 9) stays small.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from helpdesk.infra import failpoints
from helpdesk.kernel.errors import ExternalFailure, NotFound

Known = Callable[[Collection[str]], Collection[str]]
"""Returns those of the hashes that a row tells of."""

PART_SUFFIX = ".part"
WRITERS = 8
ORPHAN_AGE = timedelta(hours=1)
"""A file is written before its row is committed; one that has none by then never gets it."""
_DIGEST, _TOKEN = re.compile(r"[0-9a-f]{64}"), re.compile(r"[0-9a-f]{16}|")


@dataclass(frozen=True, slots=True)
class Staged:
    """Bytes that are written and not yet durable; without ``token`` they were stored under their hash before.

    They have no name that anybody finds until :meth:`BlobStore.settle` gives it.
    """

    digest: str
    token: str = ""


class BlobStore:
    """A content-addressed directory: ``<root>/ab/abcdef…``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def put(self, content: bytes) -> str:
        """Store ``content`` durably and return its sha256 in hex; the same bytes are stored once.

        Raises:
            ExternalFailure: the disk is full or refuses; nothing is left behind.
        """
        return self.put_all([content])[0]

    def put_all(self, contents: Iterable[bytes]) -> list[str]:
        """Store each of ``contents`` as :meth:`put` does and return the hashes in their order.

        Raises:
            ExternalFailure: as :meth:`put`; some may be stored then, and are swept if nobody asks for them again.
        """
        staged: list[Staged] = []
        try:
            staged.extend(map(self.stage, contents))
        except ExternalFailure:
            self._drop(staged)
            raise
        self.settle(staged)
        return [one.digest for one in staged]

    def stage(self, content: bytes) -> Staged:
        """Write ``content`` without waiting for the disk; no row may tell of it before it is settled.

        Raises:
            ExternalFailure: the disk is full or refuses; nothing is left behind.
        """
        digest = hashlib.sha256(content).hexdigest()
        target = self.path_of(digest)
        try:
            if _touch(target):
                return Staged(digest)
            staged = Staged(digest, secrets.token_hex(8))
            _write(self._path_of_staged(staged), content)
        except OSError as error:
            raise _not_stored(error) from error
        return staged

    def settle(self, staged: Iterable[Staged]) -> None:
        """Make what was staged durable, wherever that was, and let it be found under its hash.

        All files together, then their names: a disk that is asked for many at once does them in few strokes. What is
        never settled, because somebody died, is swept.

        Raises:
            ExternalFailure: the disk refuses; some may be stored then, and are swept if nobody asks for them again.
        """
        every = list(staged)
        if not every:
            return
        paths = {one: self._path_of_staged(one) for one in every}
        fresh = {one: path for one, path in paths.items() if one.token}
        try:
            with ThreadPoolExecutor(WRITERS) as writers:
                _make_durable(writers, list(fresh.values()))
                for one, path in fresh.items():
                    path.rename(self.path_of(one.digest))
                _make_durable(writers, [*{self.path_of(one.digest).parent for one in every}, self.root])
        except OSError as error:
            self._drop(fresh)
            raise _not_stored(error) from error

    def sweep(self, known: Known, *, now: datetime) -> int:
        """Remove files that are an hour old and that no row knows, and return how many.

        They are left by a process that was killed while it wrote, or by a message that was never handled to its end.
        A file that is stored again at this very moment stays: storing touches it, and a touched one is put back.
        """
        removed = 0
        for folder in self.root.glob("??"):
            old = [path for path in folder.iterdir() if _is_old(path, now)]
            rows = known({_digest_of(path) for path in old})
            removed += sum(_removed(path, known, now) for path in old if path.name not in rows)
        return removed

    def discard(self, digests: Collection[str], known: Known, *, now: datetime) -> int:
        """Remove the files of rows that were erased, and return how many; a file that came anew just now stays.

        Whatever is left, by a kill or for being new, :meth:`sweep` removes later.
        """
        old = [path for path in map(self.path_of, digests) if _is_old(path, now)]
        return sum(_removed(path, known, now) for path in old)

    def get(self, digest: str) -> bytes:
        """Return the stored bytes.

        Raises:
            NotFound: no such file, or it was erased.
        """
        return self.start_of(digest, size_bytes=-1)

    def start_of(self, digest: str, *, size_bytes: int) -> bytes:
        """Return the first bytes of what is stored, ``size_bytes`` at most; all of them where that is negative.

        Raises:
            NotFound: no such file, or it was erased.
        """
        try:
            with self.path_of(digest).open("rb") as file:
                return file.read(size_bytes)
        except FileNotFoundError as error:
            message = "This file is no longer stored."
            raise NotFound(message) from error

    def path_of(self, digest: str) -> Path:
        """Return where the file of ``digest`` lies."""
        return self.root / digest[:2] / digest

    def _drop(self, staged: Iterable[Staged]) -> None:
        for one in staged:
            if one.token:
                self._path_of_staged(one).unlink(missing_ok=True)

    def _path_of_staged(self, staged: Staged) -> Path:
        """Return where the bytes lie until they are settled; of a stranger's words no path is made."""
        if not (_DIGEST.fullmatch(staged.digest) and _TOKEN.fullmatch(staged.token)):
            message = f"{staged} names no file"
            raise ValueError(message)
        return self.root / staged.digest[:2] / f".{staged.token}{PART_SUFFIX}"


def _touch(target: Path) -> bool:
    """Make the file new, so that no sweep takes it before its row is committed; return whether it is there."""
    try:
        os.utime(target)
    except FileNotFoundError:
        return False
    return True


def _is_old(path: Path, now: datetime) -> bool:
    try:
        return now.timestamp() - path.stat().st_mtime > ORPHAN_AGE.total_seconds()
    except FileNotFoundError:
        return False


def _removed(path: Path, known: Known, now: datetime) -> bool:
    """Take a file aside, look once more, and remove it or put it back; return whether it is gone."""
    digest = _digest_of(path)
    aside = path.with_name(f".{digest}{PART_SUFFIX}")
    path.rename(aside)
    if known({digest}) or not _is_old(aside, now):
        aside.rename(path.with_name(digest))
        return False
    aside.unlink()
    return True


def _digest_of(path: Path) -> str:
    """Return the name under which the file would be known, wherever it was taken aside."""
    return path.name.removeprefix(".").removesuffix(PART_SUFFIX)


def _not_stored(error: OSError) -> ExternalFailure:
    return ExternalFailure(f"The file could not be stored: {error.strerror}.")


def _write(path: Path, content: bytes) -> None:
    """Write a file, or leave none behind."""
    try:
        with _opened(path) as file:
            file.write(content)
            failpoints.passing("storing")
    except OSError:
        path.unlink(missing_ok=True)
        raise


def _opened(path: Path) -> BinaryIO:
    """Return the new file; its folder is there nearly always, and to look first would cost every file."""
    try:
        return path.open("wb")
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        return path.open("wb")


def _make_durable(writers: Executor, paths: Sequence[Path]) -> None:
    """Wait until files and folders are on the disk, whoever wrote them; many are asked for at the same time."""
    if len(paths) <= 1:
        _sync(paths)
        return
    list(writers.map(_sync, [paths[first::WRITERS] for first in range(min(WRITERS, len(paths)))]))


def _sync(paths: Iterable[Path]) -> None:
    for path in paths:
        opened = os.open(path, os.O_RDONLY)
        try:
            os.fsync(opened)
        finally:
            os.close(opened)
