"""The cursor: how far a folder has been read, and the rows of what was read (docs/mail.md rules 1 to 5 and 42)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra import blobs, crypto, jobs
from helpdesk.infra.db import insert_of, write_in_one
from helpdesk.infra.sql import among
from helpdesk.intake import queries
from helpdesk.intake.gateway import FolderState, Listed
from helpdesk.intake.models import InboundMessage, IntakeSource
from helpdesk.outbox.domain import read_message_id

CLOCK_SKEW = timedelta(minutes=10)
GENERATION_BITS = 32
"""A UIDVALIDITY has 32 bits; above them stands the generation, so that two servers with equal numbers differ."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A message whose bytes are stored: what its row will say. ``headers_only``: its body was too large."""

    uid: int
    blob_sha256: str
    stored_bytes: int
    size_bytes: int
    message_id: str
    content_hash: str
    received_at: datetime
    from_address: str = ""
    from_name: str = ""
    subject: str = ""
    headers_only: bool = False


def meet(session: Session, *, source_id: int, state: FolderState, now: datetime) -> IntakeSource:
    """Set the cursor by what the server says of the folder, and return the source.

    The first time, reading begins with the next message, or with the first one of all. Later, another UIDVALIDITY
    means that every UID is new: the folder is read again, and what is known is recognised by its content.
    """
    source = queries.get_source(session, source_id)
    uid_validity = (source.generation << GENERATION_BITS) + state.uid_validity
    if source.uid_validity == uid_validity:
        return source
    is_first = source.starts_at is None
    source.starts_at = source.starts_at or now
    source.uid_validity = uid_validity
    source.backlog_uid = state.uid_next - 1
    source.last_uid = source.floor_uid = source.backlog_uid if is_first and source.start_from == "now" else 0
    source.missing_uids = []
    session.flush()
    return source


def reads_since(source: IntakeSource) -> datetime | None:
    """Return the instant before which nothing is read; None where everything is (rule 42).

    With "from now" that matters after another UIDVALIDITY only: then old mail has new UIDs.
    """
    if source.starts_at is None or source.start_from == "all":
        return None
    return source.starts_at - (timedelta(days=source.start_days or 0) if source.start_from == "days" else CLOCK_SKEW)


def is_too_old(source: IntakeSource, one: Listed) -> bool:
    """Whether this message was there before the time from which the mailbox is to be read."""
    since = reads_since(source)
    return since is not None and one.uid <= source.backlog_uid and one.received_at < since


def begin_behind(session: Session, *, source_id: int, uid: int) -> IntakeSource:
    """Move the cursor of a folder of which nothing was read yet behind ``uid``: all up to there is too old."""
    source = queries.get_source(session, source_id)
    source.last_uid = source.floor_uid = uid
    session.flush()
    return source


def keep(session: Session, *, source_id: int, fetched: Iterable[Fetched], last_uid: int, now: datetime) -> int:
    """Commit a page: rows of the messages, the cursor behind them, and the bells; return how many rows are new.

    A message that is there already, fetched by somebody else at the same time, is left as it is (rule 4).
    """
    source = queries.get_source(session, source_id)
    messages = list(fetched)
    write_in_one(session)
    blobs.record_all(session, [(one.blob_sha256, one.stored_bytes) for one in messages], now=now)
    probes = {one.uid for one in messages if _is_probe(source, one)}
    if probes:
        source.probe_arrived_at = now
        source.mailbox.plus_addresses = True
    added = _insert(session, [_row(source, one, is_probe=one.uid in probes, now=now) for one in messages])
    if added and len(probes) < len(messages):
        jobs.ring(session, "handle_inbound", queue="mail")
    source.last_uid = max(source.last_uid, last_uid)
    session.flush()
    return added


def mark_seen(session: Session, inbound_ids: Iterable[int]) -> None:
    """Note that the server knows that these messages were read."""
    _set(session, inbound_ids, seen_on_server=True)


def mark_moved(session: Session, inbound_ids: Iterable[int]) -> None:
    """Note that these messages are in the processed folder."""
    _set(session, inbound_ids, move_pending=False)


def _set(session: Session, inbound_ids: Iterable[int], **values: bool) -> None:
    statement = update(InboundMessage).where(among(session, InboundMessage.id, inbound_ids)).values(values)
    session.execute(statement.execution_options(synchronize_session=False))


def _is_probe(source: IntakeSource, one: Fetched) -> bool:
    """Whether this is the mail by which the mailbox's test sees that plus addresses arrive (rule 15)."""
    if "probe-" not in one.message_id:
        return False
    ours = read_message_id(one.message_id, keys=crypto.mail_keys())
    return ours is not None and ours.unique.startswith(f"probe-{source.id}-")


def _insert(session: Session, rows: list[dict[str, Any]]) -> int:
    """Add the rows in their order, and return how many had a UID that the mailbox did not have yet."""
    if not rows:
        return 0
    statement = insert_of(session, InboundMessage.__table__).on_conflict_do_nothing()
    return session.connection().execute(statement, rows, execution_options={"preserve_rowcount": True}).rowcount


def _row(source: IntakeSource, one: Fetched, *, is_probe: bool, now: datetime) -> dict[str, Any]:
    reason = "the mailbox test: mail to a plus address arrives"
    return {
        "mailbox_id": source.mailbox_id,
        "folder": source.folder,
        "uid_validity": source.uid_validity,
        "uid": one.uid,
        "blob_sha256": one.blob_sha256,
        "size_bytes": one.size_bytes,
        "message_id": one.message_id,
        "content_hash": one.content_hash,
        "received_at": one.received_at,
        "fetched_at": now,
        "from_address": one.from_address,
        "from_name": one.from_name,
        "subject": one.subject,
        "state": "ignored" if is_probe else "received",
        "outcome": "probe" if is_probe else "",
        "reasons": [reason] if is_probe else [],
        "finished_at": now if is_probe else None,
        "headers_only": one.headers_only,
        "move_pending": bool(source.processed_folder) and not one.headers_only,
        "error": "",
    }
