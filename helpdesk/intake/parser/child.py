"""The process that reads mail: the hash of stored bytes in, what they say out (docs/mail.md rules 9 and 13).

Mail is written by strangers, and parsers hang, eat memory or crash. So they run here: in a clean interpreter without
keys, database or sockets, with a limit of memory, and whoever asked kills it when it takes too long. The files of a
mail are written from here and never pass through the process that asked, which only makes them durable, many at once:
here, each would keep the next mail waiting for the disk.
"""

import os
import pickle
import resource
import select
import signal
import struct
import sys
from dataclasses import dataclass, replace
from pathlib import Path

from helpdesk.infra.child import collect_seldom, die_with_parent
from helpdesk.infra.files import BlobStore, Staged
from helpdesk.intake.domain.limits import ALL_HEADERS_BYTES
from helpdesk.intake.parser.parsed import ParsedAttachment, ParsedMail
from helpdesk.intake.parser.read import parse, parse_headers
from helpdesk.kernel.errors import ExternalFailure, HelpdeskError
from helpdesk.tickets.domain import NewAttachment

LENGTH = struct.Struct("!Q")
EXIT_OUT_OF_MEMORY = 75
PLENTY_BYTES = 160 * 1024 * 1024
"""Whoever holds more than this gives it back by making room for a fresh process."""


@dataclass(frozen=True, slots=True)
class Request:
    """One mail to read, by the hash of its bytes; with ``note``, which becomes a warning, only by its headers."""

    digest: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Read:
    """A mail, read. Its files stand in ``files``, and ``mail.attachments`` is empty.

    ``staged`` are those of the files that whoever asked has to settle before a row tells of them.
    """

    mail: ParsedMail
    files: tuple[NewAttachment, ...] = ()
    staged: tuple[Staged, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """A mail that was not read, and why; another attempt may succeed.

    ``is_blameless``: nothing is wrong with the mail, there was no room for its files.
    """

    error: str
    is_blameless: bool = False


def read(request: Request, store: BlobStore) -> Read | Unread:
    """Return what the stored mail says; Unread where its bytes are gone or its files cannot be stored."""
    try:
        if request.note is not None:
            return _by_headers(request, store)
        return apart(parse(store.get(request.digest)), store)
    except HelpdeskError as error:
        return Unread(str(error), is_blameless=isinstance(error, ExternalFailure))


def apart(mail: ParsedMail, store: BlobStore) -> Read:
    """Return the mail without the bytes of its files, which are staged.

    Raises:
        ExternalFailure: the disk is full or refuses.
    """
    staged = tuple(store.stage(file.content) for file in mail.attachments)
    return Read(replace(mail, attachments=()), tuple(map(_described, mail.attachments, staged)), staged)


def _by_headers(request: Request, store: BlobStore) -> Read:
    """Return what the headers say, from the start of the mail alone: the file that it carries is stored already."""
    start = store.start_of(request.digest, size_bytes=4 * ALL_HEADERS_BYTES)
    mail = parse_headers(start, (request.note,) if request.note else ())
    files = tuple(
        NewAttachment(
            name=itself.name,
            content_type=itself.content_type,
            blob_sha256=request.digest,
            size_bytes=store.path_of(request.digest).stat().st_size,
        )
        for itself in mail.attachments
    )
    return Read(replace(mail, attachments=()), files)


def _described(file: ParsedAttachment, staged: Staged) -> NewAttachment:
    return NewAttachment(
        name=file.name,
        content_type=file.content_type,
        blob_sha256=staged.digest,
        size_bytes=file.size_bytes,
        inline=file.is_inline,
        content_id=file.content_id,
    )


def main(root: str, parent_pid: str, memory_bytes: str, mails: str, idle_seconds: str) -> None:
    """Answer requests until nobody asks any more; then, or after so many mails, make room for a fresh process."""
    die_with_parent(int(parent_pid))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints must not stand among the answers
    _limit(int(memory_bytes))
    store = BlobStore(Path(root))
    collect_seldom()
    _write(answers, b"")
    for _ in range(int(mails)):
        request = _next(float(idle_seconds))
        if request is None:
            return
        try:
            _write(answers, pickle.dumps(read(request, store), pickle.HIGHEST_PROTOCOL))
        except MemoryError:
            os._exit(EXIT_OUT_OF_MEMORY)
        if _held_bytes() > PLENTY_BYTES:
            return


def _limit(memory_bytes: int) -> None:
    for kind, most in ((resource.RLIMIT_AS, memory_bytes), (resource.RLIMIT_CORE, 0)):
        resource.setrlimit(kind, (most, most))


def _held_bytes() -> int:
    """Return the resident memory of this process; its peak, where the system does not tell.

    The peak that Linux tells begins with that of whoever started us, and is no measure of what mail needed.
    """
    try:
        with open("/proc/self/statm", "rb") as told:  # noqa: PTH123 - half the cost, and every mail pays it
            return int(told.read().split()[1]) * resource.getpagesize()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024


def _next(idle_seconds: float) -> Request | None:
    """Return the next request; None when nobody asked for long, or nobody is there to ask."""
    if not select.select([0], [], [], idle_seconds)[0]:
        return None
    head = _exactly(LENGTH.size)
    if not head:
        return None
    digest, note = pickle.loads(_exactly(LENGTH.unpack(head)[0]))  # noqa: S301 - from the process that started us
    return Request(digest, note)


def _exactly(length: int) -> bytes:
    """Return so many bytes of the requests, or none when they have ended."""
    data = b""
    while len(data) < length:
        more = os.read(0, length - len(data))
        if not more:
            return b""
        data += more
    return data


def _write(to: int, payload: bytes) -> None:
    view = memoryview(LENGTH.pack(len(payload)) + payload)
    while view:
        view = view[os.write(to, view) :]
