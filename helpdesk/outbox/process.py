"""Delivery: claim in one transaction, talk to the server in none, record in another."""

import random
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy.orm import Session

from helpdesk.infra import crypto, failpoints
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.kernel.errors import HelpdeskError
from helpdesk.outbox import queries, service, tokens
from helpdesk.outbox.domain import Address, OutgoingFile
from helpdesk.outbox.gateway import Access, Delivery, Outcome, Send
from helpdesk.outbox.models import Mailbox, OutgoingMessage
from helpdesk.outbox.render import FileContent, Outgoing, render


class Told(Protocol):
    """Hears what became of an attempt: it stands in the row."""

    def __call__(self, session: Session, *, outgoing: OutgoingMessage, now: datetime) -> None:
        """Do what belongs to it in the same transaction."""


@dataclass(frozen=True, slots=True)
class _Parcel:
    """All that an attempt needs once the claim's transaction is over."""

    message_id: int
    attempt: int
    mailbox: Mailbox
    message: OutgoingMessage
    files: tuple[OutgoingFile, ...]


def deliver(
    message_id: int,
    unit_of_work: UnitOfWork,
    *,
    send: Send,
    store: BlobStore,
    clock: Clock,
    told: Told | None = None,
) -> datetime | None:
    """Send one outgoing message. Safe to run again: what is sent, claimed or not yet due is left alone.

    Those above who want to know what became of it are ``told`` in the transaction in which that is noted.
    Returns the instant at which to come again, where the message is held till then (docs/answering.md rule 9).
    A kill between the server's yes and our record repeats the mail with the same Message-ID (invariant 9).
    """
    with unit_of_work() as session:
        message = service.claim(session, message_id=message_id, now=clock())
        if message is None:
            return queries.held_until(session, message_id=message_id, now=clock())
        parcel = _Parcel(message.id, message.attempts, message.mailbox, message, queries.files_of(message))
    failpoints.passing("outbox_claimed")
    delivery, envelope_from = _attempt(parcel, unit_of_work, send=send, store=store, clock=clock)
    failpoints.passing("outbox_sent")
    with unit_of_work() as session:
        if delivery.outcome is Outcome.SENT and envelope_from != parcel.message.envelope_from:
            service.record_plain_sender(session, message_id=parcel.message_id)
        _record(session, parcel, delivery, now=(now := clock()))
        if told is not None:
            told(session, outgoing=session.get_one(OutgoingMessage, message_id, populate_existing=True), now=now)
    failpoints.passing("outbox_recorded")
    return None


def sweep(unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Ring again for every message that should be on its way and is not."""
    with unit_of_work() as session:
        service.ring_due(session, now=clock())


def _record(session: Session, parcel: _Parcel, delivery: Delivery, *, now: datetime) -> None:
    message_id, attempt = parcel.message_id, parcel.attempt
    if delivery.outcome is Outcome.SENT:
        service.record_sent(session, message_id=message_id, attempt=attempt, said=delivery.said, now=now)
        return
    service.record_failure(
        session,
        message_id=message_id,
        attempt=attempt,
        error=delivery.said,
        final=delivery.outcome is Outcome.REFUSED,
        chance=random.random(),  # noqa: S311 - spreads retries, guards nothing
        now=now,
    )


def _attempt(
    parcel: _Parcel, unit_of_work: UnitOfWork, *, send: Send, store: BlobStore, clock: Clock
) -> tuple[Delivery, str]:
    """Return what came of one attempt, and the envelope sender; a message that cannot be written counts as refused.

    One that only lacks a sign-in waits until there is one: the message is not at fault. A server that lets its user
    write from the plain address alone is given the mail from there (docs/mail.md rule 28).
    """
    sender, plain = parcel.message.envelope_from, parcel.mailbox.address
    try:
        content = render(_outgoing(parcel, store))
    except HelpdeskError as error:
        return Delivery(Outcome.REFUSED, str(error)), sender
    try:
        access = access_of(parcel.mailbox, unit_of_work, clock=clock)
    except HelpdeskError as error:
        return Delivery(Outcome.LATER, str(error)), sender
    recipients = tuple(person["address"] for person in (*parcel.message.to, *parcel.message.cc))
    delivery = send(access, sender, recipients, content)
    if delivery.of_sender and sender not in ("", plain):
        return send(access, plain, recipients, content), plain
    return delivery, sender


def _outgoing(parcel: _Parcel, store: BlobStore) -> Outgoing:
    message = parcel.message
    return Outgoing(
        sender=Address(message.from_name, parcel.mailbox.address),
        to=tuple(Address(**person) for person in message.to),
        cc=tuple(Address(**person) for person in message.cc),
        reply_to=(Address(message.from_name, message.reply_to),),
        subject=message.subject,
        text=message.text,
        html=message.html,
        message_id=message.message_id,
        sent_at=message.created_at,
        in_reply_to=message.in_reply_to or None,
        references=tuple(message.references),
        auto_submitted=message.automatic,
        attachments=tuple(
            FileContent(file.name, file.content_type, store.get(file.blob_sha256), file.content_id)
            for file in parcel.files
        ),
    )


def as_sent(message: OutgoingMessage, store: BlobStore) -> bytes:
    """Return the bytes of a mail of ours as they left: the same row gives the same bytes."""
    return render(
        _outgoing(_Parcel(message.id, message.attempts, message.mailbox, message, queries.files_of(message)), store)
    )


def access_of(mailbox: Mailbox, unit_of_work: UnitOfWork, *, clock: Clock) -> Access:
    """Return how a mailbox's mail is handed in, with a token that is good where it signs in by OAuth.

    Raises:
        ExternalFailure: the stored password cannot be read, or no token is given.
    """
    by_oauth = mailbox.auth == "oauth"
    return Access(
        host=mailbox.smtp_host,
        port=mailbox.smtp_port,
        security=mailbox.smtp_security,
        user=mailbox.smtp_user,
        password="" if by_oauth else crypto.unseal(mailbox.smtp_secret),
        fingerprint=mailbox.smtp_fingerprint,
        token=tokens.current(mailbox.id, unit_of_work, clock=clock) if by_oauth else "",
    )
