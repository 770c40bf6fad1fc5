"""Mail that lies in files: where each mail of a mail file, an mbox, a Maildir or a folder of them begins and ends.

Nothing is kept of a mail but its place: an mbox of any size is read line by line.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from mailparser.dates import parse_mail_date

from helpdesk.intake.domain.limits import ALL_HEADERS_BYTES, readable_head

LINE_BYTES = 64 * 1024
HEAD_LINES = 2_000
EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)
"""No mail that somebody keeps is older; a date before it is a clock that was never set."""

_POSTMARK = re.compile(rb"From [^\r\n]{1,200} \d{4}[^\r\n]{0,20}\r?\n")
_HEADER = re.compile(rb"[!-9;-~]{1,80}:")
_QUOTED_FROM = re.compile(rb"^>(>*From )", re.MULTILINE)
_DATE = re.compile(rb"^date:([^\n]{0,200}(?:\n[ \t][^\n]{0,200})?)", re.IGNORECASE | re.MULTILINE)
_RECEIVED = re.compile(rb"^received:[^\n]*(?:\n[ \t][^\n]*)*", re.IGNORECASE | re.MULTILINE)
_MAILDIR = ("cur", "new", "tmp")


@dataclass(frozen=True, slots=True)
class Place:
    """Where one mail lies. ``number`` counts the mails of an mbox from 1; it is 0 where the file is one mail."""

    path: Path
    number: int
    start: int
    size_bytes: int
    sent_at: datetime | None

    def __str__(self) -> str:
        return f"{self.path}#{self.number}" if self.number else str(self.path)


@dataclass(frozen=True, slots=True)
class Unusable:
    """A file that holds no mail, and why."""

    path: Path
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.why}"


def mail_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Yield the files, and those within folders, by name: of a Maildir what was delivered, else what is not hidden."""
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        is_maildir = all((path / name).is_dir() for name in _MAILDIR)
        inside = sorted(path.iterdir(), key=lambda one: one.name)
        folders = [one for one in inside if one.is_dir() and not (is_maildir and one.name == "tmp")]
        files = [one for one in inside if one.is_file() and not one.name.startswith(".") and not is_maildir]
        yield from files
        yield from mail_files(folders)


def places_in(path: Path, *, now: datetime) -> Iterator[Place | Unusable]:
    """Yield where the mails of a file lie: one, or those of an mbox. What is no mail is named with the reason."""
    try:
        with path.open("rb") as file:
            first = file.readline(LINE_BYTES)
            file.seek(0)
            if _POSTMARK.fullmatch(first):
                yield from _places_in_mbox(path, file, now)
            elif not first:
                yield Unusable(path, "is empty")
            elif not _HEADER.match(first):
                yield Unusable(path, "is no mail: it does not begin with a header")
            else:
                head = file.read(ALL_HEADERS_BYTES)
                yield Place(path, 0, 0, path.stat().st_size, _sent_at(head, now))
    except OSError as error:
        yield Unusable(path, f"cannot be read: {error.strerror}")


def read(place: Place) -> bytes:
    """Return the bytes of the mail, without what the mbox added to it.

    Raises:
        OSError: the file cannot be read any more.
    """
    with place.path.open("rb") as file:
        file.seek(place.start)
        content = file.read(place.size_bytes)
    return _QUOTED_FROM.sub(rb"\1", content) if place.number else content


def _places_in_mbox(path: Path, file: BinaryIO, now: datetime) -> Iterator[Place]:
    """Yield the mails between postmarks: a postmark follows a blank line, or nothing, and a header follows it."""
    scan = _Scan(path, now)
    while line := file.readline(LINE_BYTES):
        place = scan.take(line)
        if place is not None:
            yield place
    if scan.number:
        yield scan.place(scan.position)


class _Scan:
    """What is known of an mbox behind each line of it."""

    def __init__(self, path: Path, now: datetime) -> None:
        self.path, self.now = path, now
        self.number = self.start = self.position = 0
        self._head: list[bytes] = []
        self._in_head = self._whole = True
        self._postmark_at: int | None = None
        self._blank_bytes: int | None = 0  # of the line before, where that was blank

    def take(self, line: bytes) -> Place | None:
        """Take in the next line; return the mail that has ended with it."""
        ended = None
        if self._postmark_at is not None and _HEADER.match(line):
            ended = self.place(self._postmark_at) if self.number else None
            self.number, self.start = self.number + 1, self.position
            self._head, self._in_head = [], True
        is_blank = self._whole and line in (b"\n", b"\r\n")
        may_begin = self._whole and self._blank_bytes is not None
        self._postmark_at = self.position if may_begin and _POSTMARK.fullmatch(line) else None
        if self._postmark_at is None:
            self._blank_bytes = len(line) if is_blank else None
        self._in_head = self._in_head and not is_blank and len(self._head) < HEAD_LINES
        if self._in_head:
            self._head.append(line)
        self._whole = line.endswith(b"\n")
        self.position += len(line)
        return ended

    def place(self, end: int) -> Place:
        """Return the mail that begins where the last one began and ends at ``end``, but for a blank line there."""
        size_bytes = end - (self._blank_bytes or 0) - self.start
        return Place(self.path, self.number, self.start, size_bytes, _sent_at(b"".join(self._head), self.now))


def _sent_at(start: bytes, now: datetime) -> datetime | None:
    """Return what the Date header says, else the topmost Received; None where neither is a date of a mail."""
    head = readable_head(start.replace(b"\r\n", b"\n"))
    found, received = _DATE.search(head), _RECEIVED.search(head)
    claims = (found[1] if found else b"", received[0].rpartition(b";")[2] if received else b"")
    return next((at for claim in claims if (at := _instant(claim, now)) is not None), None)


def _instant(claim: bytes, now: datetime) -> datetime | None:
    text = " ".join(claim.decode("ascii", "replace").split())
    value = parse_mail_date(text).value if text else None
    return value if isinstance(value, datetime) and EARLIEST <= value <= now else None
