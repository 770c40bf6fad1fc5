"""Fetching: raw bytes stored, rows committed, and only then a flag (docs/mail.md rules 1 to 4, 11 and 12)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from email.parser import BytesHeaderParser

import structlog

from helpdesk.infra import failpoints
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.intake import queries
from helpdesk.intake.domain.identity import content_hash, derived_message_id, normalise_message_id
from helpdesk.intake.domain.limits import readable_head
from helpdesk.intake.gateway import Folder, Listed
from helpdesk.intake.models import IntakeSource
from helpdesk.intake.parser.header_text import body_charset, decode_value, raw_by_name, read_addresses
from helpdesk.intake.service import cursor, health, limits
from helpdesk.intake.service.cursor import Fetched
from helpdesk.kernel.errors import ExternalFailure
from helpdesk.outbox.domain import Address

logger = structlog.get_logger()

PAGE_MESSAGES = 100
PAGE_BYTES = 8 * 1024 * 1024
FLAGS_AT_ONCE = 500
NOBODY = Address("", "")
HEADERS = BytesHeaderParser()


def fetch(source_id: int, folder: Folder, unit_of_work: UnitOfWork, *, store: BlobStore, clock: Clock) -> int:
    """Read the folder from the cursor to its end and return how many messages were new.

    The caller holds the mailbox's lease. Each step can be repeated: a kill after the download repeats it, one after
    the commit repeats only the flag.

    Raises:
        ExternalFailure: the server failed; what was committed stays, the next call goes on behind it.
    """
    source = _meet(source_id, folder, unit_of_work, clock=clock)
    count, untold, position, largest_bytes = 0, 0, source.last_uid, largest_mail_bytes(unit_of_work)
    while page := folder.list_after(position, limit=PAGE_MESSAGES):
        position = page[-1].uid
        count += take(source, page, folder, unit_of_work, store=store, clock=clock, largest_bytes=largest_bytes)
        untold += len(page)
        if untold >= FLAGS_AT_ONCE:  # not at each page: whoever handles the mail writes to the same database
            untold = 0
            tell_server(source, folder, unit_of_work)
            _note_backlog(source_id, folder.count_after(position), unit_of_work)
    trouble = tell_server(source, folder, unit_of_work)
    with unit_of_work() as session:
        health.record_poll(session, source_id=source_id, now=clock(), trouble=trouble)
    return count


def take(
    source: IntakeSource,
    listed: Sequence[Listed],
    folder: Folder,
    unit_of_work: UnitOfWork,
    *,
    store: BlobStore,
    clock: Clock,
    largest_bytes: int,
) -> int:
    """Download, store and commit these messages, in parts; return how many rows that added.

    Of a mail larger than ``largest_bytes`` only the headers are fetched.

    Raises:
        ExternalFailure: the server failed; the parts that were committed stay.
    """
    return sum(
        _take(source, part, folder, unit_of_work, store=store, clock=clock, largest_bytes=largest_bytes)
        for part in _in_parts(listed)
    )


def largest_mail_bytes(unit_of_work: UnitOfWork) -> int:
    """Return how large a mail may be to be fetched as a whole."""
    with unit_of_work() as session:
        return limits.current(session).largest_mail_mb * limits.BYTES_IN_A_MEGABYTE


def _meet(source_id: int, folder: Folder, unit_of_work: UnitOfWork, *, clock: Clock) -> IntakeSource:
    """Return the source with its cursor set; mail that is too old for it is passed over in one step (rule 42)."""
    state = folder.select()
    with unit_of_work() as session:
        source = cursor.meet(session, source_id=source_id, state=state, now=clock())
    since = cursor.reads_since(source)
    if source.last_uid or source.backlog_uid == 0 or since is None:
        return source
    first_uid = folder.first_uid_since(since) or state.uid_next
    # What came after this numbering began is read whatever its date: somebody moved it here.
    too_old_up_to = min(first_uid - 1, source.backlog_uid)
    with unit_of_work() as session:
        return cursor.begin_behind(session, source_id=source_id, uid=too_old_up_to)


def _note_backlog(source_id: int, count: int, unit_of_work: UnitOfWork) -> None:
    with unit_of_work() as session:
        health.record_backlog(session, source_id=source_id, count=count)


def _in_parts(page: Sequence[Listed]) -> Iterator[list[Listed]]:
    """Yield the page in order, in parts whose downloads together stay small; an oversized mail is its own part."""
    part: list[Listed] = []
    for one in page:
        if part and sum(listed.size_bytes for listed in part) + one.size_bytes > PAGE_BYTES:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _take(
    source: IntakeSource,
    part: list[Listed],
    folder: Folder,
    unit_of_work: UnitOfWork,
    *,
    store: BlobStore,
    clock: Clock,
    largest_bytes: int,
) -> int:
    """Download, store and commit one part; return how many rows it added."""
    wanted = [one for one in part if not cursor.is_too_old(source, one)]
    failpoints.passing("fetching")
    raw = folder.download([one.uid for one in wanted if one.size_bytes <= largest_bytes])
    failpoints.passing("fetched")
    stored = dict(zip(raw, store.put_all(raw.values()), strict=True))
    now = clock()
    fetched = []
    for one in wanted:
        too_large = one.size_bytes > largest_bytes
        content = folder.download_head(one.uid) if too_large else raw[one.uid]
        digest = store.put(content) if too_large else stored[one.uid]
        fetched.append(_described(one, content, digest, now, headers_only=too_large))
    failpoints.passing("stored")
    with unit_of_work() as session:
        added = cursor.keep(session, source_id=source.id, fetched=fetched, last_uid=part[-1].uid, now=now)
    failpoints.passing("kept")
    return added


def tell_server(source: IntakeSource, folder: Folder, unit_of_work: UnitOfWork) -> str:
    """Flag what was committed as seen, and move it where it is to be moved (rule 2); return why that was refused.

    A refusal stops nothing: the messages are safe with us, and whatever is left over is told the next time.
    """
    try:
        _flag(source, folder, unit_of_work)
    except ExternalFailure as error:
        return f"Messages are fetched, but cannot be marked as read: {error}"
    try:
        _move(source, folder, unit_of_work)
    except ExternalFailure as error:
        return f"Messages are fetched, but cannot be moved to “{source.processed_folder}”: {error}"
    return ""


def _flag(source: IntakeSource, folder: Folder, unit_of_work: UnitOfWork) -> None:
    while True:
        with unit_of_work() as session:
            untold = queries.unseen(session, source, limit=FLAGS_AT_ONCE)
        if not untold:
            return
        folder.mark_seen([uid for _, uid in untold])
        failpoints.passing("flagged")
        with unit_of_work() as session:
            cursor.mark_seen(session, [inbound_id for inbound_id, _ in untold])


def _move(source: IntakeSource, folder: Folder, unit_of_work: UnitOfWork) -> None:
    while source.processed_folder:
        with unit_of_work() as session:
            unmoved = queries.unmoved(session, source, limit=FLAGS_AT_ONCE)
        if not unmoved:
            return
        folder.move([uid for _, uid in unmoved], source.processed_folder)
        with unit_of_work() as session:
            cursor.mark_moved(session, [inbound_id for inbound_id, _ in unmoved])


def _described(one: Listed, content: bytes, blob_sha256: str, now: datetime, *, headers_only: bool) -> Fetched:
    """Read the few headers that the log shows of stored bytes; the parser reads the rest later."""
    digest = content_hash(content)
    head = peek(content)
    return Fetched(
        uid=one.uid,
        blob_sha256=blob_sha256,
        stored_bytes=len(content),
        size_bytes=one.size_bytes,
        message_id=head.message_id or derived_message_id(digest),
        content_hash=digest,
        received_at=min(one.received_at, now),
        from_address=head.sender.address,
        from_name=head.sender.name,
        subject=head.subject[:1000],
        headers_only=headers_only,
    )


@dataclass(frozen=True, slots=True)
class Head:
    """What the log shows of a mail that nobody has parsed yet."""

    message_id: str | None = None
    sender: Address = NOBODY
    subject: str = ""


def peek(content: bytes) -> Head:
    """Return the headers that matter now; a mail whose headers nothing can read goes on without them."""
    try:
        message = HEADERS.parsebytes(readable_head(content))
        values = raw_by_name(message)
        senders = read_addresses(values.get("from", ()))
        message_id = normalise_message_id(decode_value(_topmost(values, "message-id")))
        raw_subject = _topmost(values, "subject")
        charset = None if raw_subject.isascii() else body_charset(message)
        subject = decode_value(raw_subject, charset, detect=True)
    except Exception:  # the mail quarantine: no mail may stop the next one (rule 9)
        logger.warning("inbound.unreadable_headers", exc_info=True)
        return Head()
    sender = senders[0] if senders else NOBODY
    return Head(message_id, sender, subject)


def _topmost(values: Mapping[str, tuple[str, ...]], name: str) -> str:
    return next(iter(values.get(name, ())), "")
