"""Mail that a colleague passed on: whoever wrote it is the requester, and the way back (docs/mail.md rule 36)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.tickets.models import Message, Participant, TicketDetails
from helpdesk.tickets.service.writing import add_event, lock, write


def pass_on(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    message: Message,
    person_id: int,
    contact_id: int,
    text: str,
    rest: str,
    own_words: str,
) -> None:
    """Make the contact the author of the mail and the requester of its ticket; the colleague's lines are a note.

    Raises:
        Conflict: it was done already.
    """
    lock(session, message.work_item_id)
    if message.passed_on_by_id is not None:
        refusal = "Whoever wrote this mail is the requester already."
        raise Conflict(refusal)
    message.passed_on_by_id, message.contact_id, message.person_id = person_id, contact_id, None
    message.reply_text, message.trimmed_text = text, rest
    if own_words:
        write(session, kind="note", item_id=message.work_item_id, person_id=person_id, now=now, text=own_words)
    _request(session, message.work_item_id, contact_id, now)
    _record(session, actor, "passed on", message, now)


def take_back(session: Session, *, actor: Actor, now: datetime, message: Message, contact_id: int) -> None:
    """Make the colleague, as ``contact_id``, the author and the requester again; the note stays.

    Raises:
        Conflict: nobody passed it on, or that is taken back already.
    """
    lock(session, message.work_item_id)
    if message.passed_on_by_id is None:
        refusal = "This mail counts as the colleague's own already."
        raise Conflict(refusal)
    message.passed_on_by_id, message.contact_id = None, contact_id
    message.reply_text, message.trimmed_text = message.text, ""
    _request(session, message.work_item_id, contact_id, now)
    text = "took back that the mail was passed on"
    add_event(session, actor=actor, now=now, item_id=message.work_item_id, text=text)
    _record(session, actor, "took back", message, now)


def _request(session: Session, item_id: int, contact_id: int, now: datetime) -> None:
    """Make the contact the requester; the one before takes part no longer."""
    details = session.get_one(TicketDetails, item_id)
    if details.requester_id == contact_id:
        return
    before = session.get(Participant, (item_id, details.requester_id))
    if before is not None:
        before.removed_at, before.role = now, "cc"
    details.requester_id = contact_id
    known = session.get(Participant, (item_id, contact_id))
    if known is None:
        known = Participant(
            work_item_id=item_id, contact_id=contact_id, role="requester", added_by="staff", added_at=now
        )
        session.add(known)
    known.role, known.removed_at = "requester", None
    session.flush()
    session.expire(details, ["requester"])


def _record(session: Session, actor: Actor, action: str, message: Message, now: datetime) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="work_item",
        object_id=message.work_item_id,
        now=now,
        message_id=message.id,
    )
