"""Use cases of outgoing mail: mailboxes, writing a message once, and the states of its delivery."""

import uuid
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import or_, update
from sqlalchemy.orm import Session

from helpdesk.infra import audit, crypto, jobs
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.outbox import queries
from helpdesk.outbox.domain import (
    GIVE_UP_AFTER,
    Address,
    OutgoingFile,
    bounce_address,
    delay_before_retry,
    header_value,
    make_message_id,
    reply_address,
)
from helpdesk.outbox.mailboxes import Profile, add_mailbox, remove_mailbox, set_up
from helpdesk.outbox.models import Mailbox, OutgoingAttachment, OutgoingMessage
from helpdesk.outbox.queries import CLAIM_LIFETIME, default_mailbox

__all__ = [
    "Profile",
    "add_mailbox",
    "again_key",
    "claim",
    "default_mailbox",
    "queue",
    "record_bounce",
    "record_failure",
    "record_plain_sender",
    "record_sent",
    "remove_mailbox",
    "ring_due",
    "send_anew",
    "set_up",
    "try_again",
    "withdraw",
]

SWEEP_LIMIT = 500
REPORT_CHARACTERS = 2000


def queue(  # noqa: PLR0913 - a mail has this many parts
    session: Session,
    *,
    now: datetime,
    mailbox_id: int,
    idempotency_key: str,
    purpose: str,
    about: tuple[str, int],
    to: Iterable[Address],
    cc: Iterable[Address] = (),
    subject: str,
    text: str,
    html: str | None = None,
    in_reply_to: str = "",
    references: Iterable[str] = (),
    automatic: bool = False,
    item_id: int | None = None,
    for_person_id: int | None = None,
    from_name: str | None = None,
    attachments: Iterable[OutgoingFile] = (),
    hold_until: datetime | None = None,
) -> OutgoingMessage:
    """Write one mail in the caller's transaction and ring for its delivery; a repeat of the key returns the first row.

    With ``item_id`` the reply address and the Message-ID are signed for that work item, with
    ``for_person_id`` the address for that colleague as well (docs/mail.md rule 15).
    ``automatic`` mail goes out with an empty envelope sender (rule 25), other mail with one that names this very mail
    (rule 28). The Message-ID is given here, once: a retry
    repeats it (invariant 9). Nobody sends it before ``hold_until``, and till then it can be withdrawn.

    Raises:
        NotFound: no such mailbox, or it was removed and there is no other.
        RuleViolation: nobody to write to, or a line break in subject or names.
    """
    first = queries.find_by_key(session, idempotency_key)
    if first is not None:
        return first
    mailbox = queries.sending_mailbox(session, mailbox_id)
    people = [_as_json(person) for person in to if person.address]
    if not people:
        message = "The mail has no recipient."
        raise RuleViolation(message)
    outgoing = OutgoingMessage(
        mailbox_id=mailbox.id,
        idempotency_key=idempotency_key,
        message_id=make_message_id(
            work_item_id=item_id,
            unique=uuid.uuid4().hex,
            domain=mailbox.address.rpartition("@")[2],
            keys=crypto.mail_keys(),
        ),
        purpose=purpose,
        about_kind=about[0],
        about_id=about[1],
        from_name=header_value(mailbox.name if from_name is None else from_name, name="name"),
        envelope_from="" if automatic else mailbox.address,
        reply_to=_reply_to(mailbox, item_id, for_person_id),
        to=people,
        cc=[_as_json(person) for person in cc if person.address],
        subject=header_value(subject, name="subject"),
        text=text,
        html=html,
        in_reply_to=in_reply_to,
        references=list(references),
        automatic=automatic,
        created_at=now,
        next_attempt_at=hold_until or now,
        attachments=[
            OutgoingAttachment(
                position=position,
                blob_sha256=file.blob_sha256,
                name=file.name,
                content_type=file.content_type,
                content_id=file.content_id,
            )
            for position, file in enumerate(attachments)
        ],
    )
    session.add(outgoing)
    session.flush()
    if not automatic:
        outgoing.envelope_from = _comes_back_to(mailbox, outgoing.id)
        session.flush()
    jobs.ring(session, "deliver_outgoing", outgoing.id, queue="mail")
    return outgoing


def withdraw(session: Session, *, message_id: int, now: datetime) -> None:
    """Keep a mail from ever leaving that is held; its row stays.

    Raises:
        Conflict: its hold is over.
    """
    withdrawn = session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.id == message_id,
            OutgoingMessage.state == "queued",
            OutgoingMessage.attempts == 0,
            OutgoingMessage.next_attempt_at > now,
        )
        .values(state="failed", withdrawn_at=now)
        .returning(OutgoingMessage.id)
    ).scalar_one_or_none()
    if withdrawn is None:
        message = "This mail has left; it cannot be taken back any more."
        raise Conflict(message)


def claim(session: Session, *, message_id: int, now: datetime) -> OutgoingMessage | None:
    """Return the message if it is due and now ours to send, else None: sent, claimed by another, or not yet due."""
    abandoned = now - CLAIM_LIFETIME
    claimed = session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.id == message_id,
            or_(
                (OutgoingMessage.state == "queued") & (OutgoingMessage.next_attempt_at <= now),
                (OutgoingMessage.state == "claimed") & (OutgoingMessage.claimed_at <= abandoned),
            ),
        )
        .values(state="claimed", claimed_at=now, attempts=OutgoingMessage.attempts + 1)
        .returning(OutgoingMessage.id)
    ).scalar_one_or_none()
    return None if claimed is None else session.get(OutgoingMessage, claimed, populate_existing=True)


def record_sent(session: Session, *, message_id: int, attempt: int, said: str, now: datetime) -> None:
    """Note that the server took the message; ``said`` names recipients that it refused."""
    _record(session, message_id, attempt, state="sent", sent_at=now, last_error=said)


def record_failure(
    session: Session, *, message_id: int, attempt: int, error: str, final: bool, chance: float, now: datetime
) -> None:
    """Note that the attempt failed: try again later, or give up when it is ``final`` or two days old."""
    message = session.get_one(OutgoingMessage, message_id)
    if final or now - message.created_at >= GIVE_UP_AFTER:
        _record(session, message_id, attempt, state="failed", last_error=error)
        return
    due_at = now + delay_before_retry(attempt, chance=chance)
    _record(session, message_id, attempt, state="queued", next_attempt_at=due_at, last_error=error)


def record_plain_sender(session: Session, *, message_id: int) -> None:
    """Note that the server took a mail only from the mailbox's plain address, which sends without VERP from now on."""
    message = session.get_one(OutgoingMessage, message_id)
    message.envelope_from = message.mailbox.address
    message.mailbox.bounce_addresses = False
    session.flush()


def record_bounce(session: Session, *, returned: OutgoingMessage, report: str, now: datetime) -> None:
    """Note that a mail of ours came back (docs/mail.md rule 28); what several servers report stands one line each."""
    lines = [*filter(None, returned.bounce_report.splitlines()), report]
    returned.bounced_at = returned.bounced_at or now
    returned.bounce_report = "\n".join(dict.fromkeys(lines))[:REPORT_CHARACTERS]
    session.flush()


def try_again(session: Session, *, actor: Actor, outgoing: OutgoingMessage, now: datetime) -> None:
    """Try a mail again that was given up: the same row, and so the same Message-ID (invariant 9).

    Raises:
        Conflict: it has not failed, somebody tries it again already, or its writer took it back.
    """
    revived = session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.id == outgoing.id,
            OutgoingMessage.state == "failed",
            OutgoingMessage.withdrawn_at.is_(None),
        )
        .values(state="queued", next_attempt_at=now)
        .returning(OutgoingMessage.id)
    ).scalar_one_or_none()
    if revived is None:
        message = "This mail is on its way again already."
        raise Conflict(message)
    audit.record(session, actor=actor, action="sent again", kind="outgoing_message", object_id=outgoing.id, now=now)
    jobs.ring(session, "deliver_outgoing", outgoing.id, queue="mail")


def again_key(outgoing: OutgoingMessage) -> str:
    """Return the key under which a mail that came back is written once more."""
    return f"again:{outgoing.id}"


def send_anew(
    session: Session, *, actor: Actor, outgoing: OutgoingMessage, to: Iterable[Address], now: datetime
) -> OutgoingMessage:
    """Write a mail that came back once more, to ``to`` alone: another row with a Message-ID of its own.

    Raises:
        RuleViolation: nobody to write to, or a line break in a name.
    """
    on_item = outgoing.about_id if outgoing.about_kind == "work_item" else None
    again = queue(
        session,
        now=now,
        mailbox_id=outgoing.mailbox_id,
        idempotency_key=again_key(outgoing),
        purpose=outgoing.purpose,
        about=(outgoing.about_kind, outgoing.about_id),
        to=to,
        subject=outgoing.subject,
        text=outgoing.text,
        html=outgoing.html,
        in_reply_to=outgoing.in_reply_to,
        references=outgoing.references,
        automatic=outgoing.automatic,
        item_id=on_item,
        from_name=outgoing.from_name,
        attachments=queries.files_of(outgoing),
    )
    audit.record(
        session,
        actor=actor,
        action="sent anew",
        kind="outgoing_message",
        object_id=again.id,
        now=now,
        instead_of=outgoing.id,
    )
    return again


def ring_due(session: Session, *, now: datetime) -> int:
    """Ring for messages that are due and that nobody has sent; return how many."""
    overdue = queries.due(session, now=now, limit=SWEEP_LIMIT)
    for message_id in overdue:
        jobs.ring(session, "deliver_outgoing", message_id, queue="mail")
    return len(overdue)


def _record(session: Session, message_id: int, attempt: int, **values: object) -> None:
    """Change the row only if it is still our attempt: one that took too long has lost its claim."""
    session.execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.id == message_id,
            OutgoingMessage.state == "claimed",
            OutgoingMessage.attempts == attempt,
        )
        .values(**values)
    )


def _reply_to(mailbox: Mailbox, item_id: int | None, person_id: int | None) -> str:
    if item_id is None or not mailbox.plus_addresses:
        return mailbox.address
    return reply_address(mailbox=mailbox.address, work_item_id=item_id, person_id=person_id, keys=crypto.mail_keys())


def _comes_back_to(mailbox: Mailbox, outgoing_id: int) -> str:
    """Return the envelope sender: signed for the mail where such addresses arrive and are taken, else the plain one."""
    if not (mailbox.plus_addresses and mailbox.bounce_addresses):
        return mailbox.address
    try:
        return bounce_address(mailbox=mailbox.address, outgoing_id=outgoing_id, keys=crypto.mail_keys())
    except RuleViolation:  # a long name leaves no room for a long number: the mail leaves all the same
        return mailbox.address


def _as_json(person: Address) -> dict[str, str]:
    name, address = header_value(person.name, name="name"), header_value(person.address, name="address")
    return {"name": name, "address": address}
