"""Reads of mailboxes and outgoing mail."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BindParameter, Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.infra.ahead import rows_of
from helpdesk.infra.db import foreseen
from helpdesk.infra.together import columns_of
from helpdesk.kernel.errors import NotFound
from helpdesk.outbox.domain import OutgoingFile
from helpdesk.outbox.models import Mailbox, OutgoingMessage

CLAIM_LIFETIME = timedelta(minutes=10)
"""After this long a claimed message counts as abandoned: whoever claimed it has died."""


def get_mailbox(session: Session, mailbox_id: int) -> Mailbox:
    """Return the mailbox.

    Raises:
        NotFound: no such mailbox, or it was removed.
    """
    mailbox = session.get(Mailbox, mailbox_id)
    if mailbox is None or mailbox.removed_at is not None:
        message = "There is no such mailbox."
        raise NotFound(message)
    return mailbox


def with_files(session: Session, outgoing_id: int) -> OutgoingMessage | None:
    """Return a mail with its mailbox and its files, in one query."""
    whole = (joinedload(OutgoingMessage.mailbox), joinedload(OutgoingMessage.attachments))
    return session.get(OutgoingMessage, outgoing_id, options=whole)


def files_of(outgoing: OutgoingMessage) -> tuple[OutgoingFile, ...]:
    """Return the files that go out with a mail, in their order."""
    return tuple(
        OutgoingFile(file.name, file.content_type, file.blob_sha256, file.content_id) for file in outgoing.attachments
    )


def sending_mailbox(session: Session, mailbox_id: int) -> Mailbox:
    """Return the mailbox that writes for this one: itself, or where it was removed the one we write from by default.

    Raises:
        NotFound: no such mailbox, or it was removed and there is no other.
    """
    mailbox = session.get(Mailbox, mailbox_id)
    if mailbox is not None and mailbox.removed_at is not None:
        mailbox = default_mailbox(session)
    if mailbox is None:
        message = "There is no mailbox to write from."
        raise NotFound(message)
    return mailbox


def default_mailbox(session: Session) -> Mailbox | None:
    """Return the mailbox that we write from where nothing says another: the oldest active one."""
    return session.scalar(select(Mailbox).where(Mailbox.active.is_(True)).order_by(Mailbox.id).limit(1))


def mailbox_of_address(session: Session, address: str) -> Mailbox | None:
    """Return the mailbox with this address, whatever its case, also one that was removed."""
    return session.scalar(select(Mailbox).where(Mailbox.address == address.strip().lower()))


def active_count() -> Select[int]:
    """Return the question how many mailboxes we can write from, to be asked together with others."""
    return select(func.count(Mailbox.id)).where(Mailbox.active.is_(True))


def own_addresses(session: Session) -> frozenset[str]:
    """Return the addresses of our mailboxes, in lower case; one that was removed is ours no more."""
    known: frozenset[str] | None = foreseen(session, "own addresses", otherwise=None)
    return known if known is not None else frozenset(row.address for row in rows_of(session, addresses_asked()))


def addresses_asked() -> Select[str]:
    """Return the question of `own_addresses`, to be asked together with others."""
    return select(Mailbox.address).where(Mailbox.removed_at.is_(None))


def plus_mailboxes(session: Session) -> list[str]:
    """Return the addresses of active mailboxes where mail to a plus address arrives (docs/mail.md rules 15 and 37)."""
    return list(session.scalars(plus_mailboxes_asked()))


def plus_mailboxes_asked() -> Select[str]:
    """Return the question of `plus_mailboxes`, to be asked together with others."""
    query = select(Mailbox.address).where(Mailbox.active.is_(True), Mailbox.plus_addresses.is_(True))
    return query.order_by(Mailbox.id)


def find_by_key(session: Session, idempotency_key: str) -> OutgoingMessage | None:
    """Return the message that was queued under this key."""
    return session.scalar(select(OutgoingMessage).where(OutgoingMessage.idempotency_key == idempotency_key))


def find_by_message_id(session: Session, message_id: str) -> OutgoingMessage | None:
    """Return the mail of ours with this Message-ID."""
    return session.scalar(select(OutgoingMessage).where(OutgoingMessage.message_id == message_id))


def find_by_id(session: Session, outgoing_id: int) -> OutgoingMessage | None:
    """Return the mail of ours with this id."""
    return session.get(OutgoingMessage, outgoing_id)


def about(kind: str, object_id: BindParameter[int]) -> Select[Any]:
    """Return the question for all mail of ours that belongs to one thing, oldest first, to be asked with others.

    What was taken back before it left is not in it.
    """
    query = select(*columns_of(OutgoingMessage)).where(
        OutgoingMessage.about_kind == kind,
        OutgoingMessage.about_id == object_id,
        OutgoingMessage.withdrawn_at.is_(None),
    )
    return query.order_by(OutgoingMessage.id)


def held_until(session: Session, *, message_id: int, now: datetime) -> datetime | None:
    """Return the instant till which a mail is held that nobody has tried to send yet; None where it is not held."""
    query = select(OutgoingMessage.next_attempt_at).where(
        OutgoingMessage.id == message_id,
        OutgoingMessage.state == "queued",
        OutgoingMessage.attempts == 0,
        OutgoingMessage.next_attempt_at > now,
    )
    return session.scalar(query)


def due(session: Session, *, now: datetime, limit: int) -> list[int]:
    """Return the ids of messages that should be on their way: due, or claimed by somebody who died. Oldest first."""
    abandoned = now - CLAIM_LIFETIME
    query = (
        select(OutgoingMessage.id)
        .where(
            or_(
                (OutgoingMessage.state == "queued") & (OutgoingMessage.next_attempt_at <= now),
                (OutgoingMessage.state == "claimed") & (OutgoingMessage.claimed_at <= abandoned),
            )
        )
        .order_by(OutgoingMessage.next_attempt_at, OutgoingMessage.id)
        .limit(limit)
    )
    return list(session.scalars(query))
