"""Mail that belongs to a ticket: added to its conversation, or held there (docs/mail.md rules 16, 21 and 24)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients.models import Contact
from helpdesk.intake.domain.matching import Decision
from helpdesk.intake.service import acknowledge, answering, colleagues, notifying, placing, recording
from helpdesk.intake.service.matching import Arrival
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import NewAttachment
from helpdesk.tickets.models import Message


def add(
    session: Session, arrival: Arrival, decision: Decision, files: tuple[NewAttachment, ...], now: datetime
) -> None:
    """Add the mail to the ticket that it belongs to; held and automatic mail brings nobody in."""
    item_id = decision.work_item_id
    if item_id is None:
        message = "a message needs its work item"
        raise AssertionError(message)
    colleague = colleagues.writer(session, arrival, decision)
    if colleague is not None:
        colleagues.answer(session, arrival, decision, files, colleague, now)
        return
    contact = None if arrival.sender.is_staff else placing.requester(session, arrival, now=now)
    item = session.get_one(WorkItem, item_id)
    if decision.from_outside:
        _add_from_outside(session, arrival, decision, files, contact, now)
        return
    asked = answering.answers(session, arrival, decision, client_id=item.project.client_id)
    reasons = recording.reasons(session, arrival, (*decision.reasons, *asked.reasons))
    added = tickets.add_mail(
        session,
        now=arrival.happened_at(now),
        imported=arrival.inbound.origin == "import",
        item_id=item_id,
        contact_id=contact.id if contact is not None else None,
        person_id=arrival.sender.person_id,
        mail=recording.message(arrival, decision, files, reasons, asked.reply_to),
        reopenings_an_hour=arrival.limits.reopenings_an_hour,
    )
    if not (decision.held or arrival.incoming.automatic_reasons):
        recording.bring_in(session, arrival, contact, added, now)
        if acknowledge.is_fresh(arrival):
            notifying.tell_answered(session, message=added, now=now)
        if arrival.inbound.headers_only and contact is not None:
            _ask_for_less(session, arrival, decision, contact, added, now)
    outcome = "held" if decision.held else "automatic" if arrival.incoming.automatic_reasons else "reply"
    recording.done(session, arrival, decision, added, outcome, added.reasons, now)


def _add_from_outside(
    session: Session,
    arrival: Arrival,
    decision: Decision,
    files: tuple[NewAttachment, ...],
    contact: Contact | None,
    now: datetime,
) -> None:
    """Add the answer of somebody to whom something was passed on: an internal note, who wrote takes no part."""
    reasons = recording.reasons(session, arrival, (*decision.reasons, "the client is not told"))
    added = tickets.add_mail(
        session,
        now=arrival.happened_at(now),
        imported=arrival.inbound.origin == "import",
        item_id=decision.work_item_id or 0,
        contact_id=contact.id if contact is not None else None,
        person_id=arrival.sender.person_id,
        mail=recording.message(arrival, decision, files, reasons, ""),
        from_outside=True,
    )
    if not arrival.incoming.automatic_reasons and acknowledge.is_fresh(arrival):
        notifying.tell_answered_from_outside(session, message=added, now=now)
    outcome = "automatic" if arrival.incoming.automatic_reasons else "reply"
    recording.done(session, arrival, decision, added, outcome, added.reasons, now)


def _ask_for_less(
    session: Session, arrival: Arrival, decision: Decision, contact: Contact, added: Message, now: datetime
) -> None:
    """Answer a mail that is too large, within the caps of acknowledgements (rule 11)."""
    silence = acknowledge.refusal(session, arrival, contact, unverified=decision.unverified_sender, now=now)
    if silence is None:
        acknowledge.send(session, arrival, contact, added.work_item, now=now)
    added.reasons = [*added.reasons, silence or acknowledge.said(arrival)]
