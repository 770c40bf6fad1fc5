"""A mail that a rule writes to the requester: once, as automatic mail, and never where it could loop (rule 10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.fields import filled
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.outbox.queries import own_addresses
from helpdesk.outbox.render import above_the_line
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets
from helpdesk.tickets import service as tickets_service
from helpdesk.tickets.domain import subject_of
from helpdesk.tickets.models import Message, TicketDetails
from helpdesk.tickets.service.writing import remember, write

MOST_A_DAY = 3
"""Mails of rules on one ticket."""
MOST_TO_ONE = 10
"""Mails of rules to one requester within a day, on whatever tickets: a machine that answers asks anew each time."""
_KEY = "rule:"


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail as it is written in the rule; without a subject it has that of the ticket."""

    subject: str
    text: str


def refusal(session: Session, *, item: WorkItem, now: datetime) -> str:
    """Return why no mail of a rule may go to the requester of a ticket, as a sentence; empty where one may."""
    details = _details(session, item)
    requester, newest = details.requester, _newest_mail(session, item.id)
    own = {address.lower() for address in (*accounts.addresses(session), *own_addresses(session))}
    no_way = requester.why_no_mail("the requester")
    refusals = (
        (details.spam_at is not None, "no mail: the ticket is marked as spam"),
        (newest is not None and newest.automatic, "no mail: the client's last mail was automatic"),
        (newest is not None and newest.unverified, "no mail: the sender is not proven"),
        (bool(no_way), f"no mail: {no_way}"),
        (requester.email.lower() in own, "no mail: the requester is one of us"),
        (outbox.default_mailbox(session) is None and details.mailbox is None, "no mail: no mailbox is connected"),
    )
    for refused, why in refusals:
        if refused:
            return why
    yesterday = now - timedelta(days=1)
    written = _written_since(session, since=yesterday, item_ids=[item.id])
    if written >= MOST_A_DAY:
        return f"no mail: rules wrote {written} on this ticket within a day"
    asked = select(TicketDetails.work_item_id).where(TicketDetails.requester_id == requester.id)
    written = _written_since(session, since=yesterday, item_ids=asked)
    return f"no mail: rules wrote {written} to the requester within a day" if written >= MOST_TO_ONE else ""


def send(session: Session, *, now: datetime, item: WorkItem, letter: Letter, key: str, name: str) -> str:
    """Queue the mail, keep what it says as an internal note, and return the address that it goes to.

    Raises:
        NotFound: nobody asks there, or there is no mailbox.
        RuleViolation: a line break in the subject.
    """
    details, values = _details(session, item), tickets_service.values_of(session, item)
    mailbox = details.mailbox or outbox.default_mailbox(session)
    if mailbox is None:
        message = "No mailbox is connected."
        raise NotFound(message)
    requester, earlier = details.requester, tickets.mail_ids(session, item.id)
    language = requester.language or (requester.client.language if requester.client else "") or mailbox.language
    subject = subject_of(item.number, filled(letter.subject, values) or item.title)
    text = filled(letter.text, values)
    outgoing = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"{_KEY}{key}",
        purpose="notice",
        about=("work_item", item.id),
        to=[Address(requester.name, requester.email)],
        subject=subject,
        text=above_the_line(f"{text}\n", language=language),
        in_reply_to=earlier[-1] if earlier else "",
        references=earlier,
        automatic=True,
        item_id=item.id,
    )
    remember(session, item.id, (outgoing.message_id,))
    said = f"By rule “{name}” mailed to {requester.email}: {subject}\n\n{text}"
    write(session, kind="note", item_id=item.id, person_id=SYSTEM.person_id, now=now, text=said)
    return requester.email


def _details(session: Session, item: WorkItem) -> TicketDetails:
    details = tickets.details(session, item.id)
    if details is None:
        message = "Nobody has asked here."
        raise NotFound(message)
    return details


def _newest_mail(session: Session, item_id: int) -> Message | None:
    query = select(Message).where(
        Message.work_item_id == item_id, Message.kind == "mail", Message.contact_id.is_not(None)
    )
    return session.scalars(query.order_by(Message.id.desc()).limit(1)).first()


def _written_since(session: Session, *, since: datetime, item_ids: Sequence[int] | Select[int]) -> int:
    query = select(func.count(OutgoingMessage.id)).where(
        OutgoingMessage.about_kind == "work_item",
        OutgoingMessage.about_id.in_(item_ids),
        OutgoingMessage.created_at > since,
        OutgoingMessage.idempotency_key.startswith(_KEY),
    )
    return session.scalar(query) or 0
