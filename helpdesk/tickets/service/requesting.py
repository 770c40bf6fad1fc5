"""A ticket gets another requester, and the one before back (docs/desk.md rule 90)."""

from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Contact
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.outbox import queries as outbox
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.models import Message, Participant
from helpdesk.tickets.service.writing import add_event

Kept = dict[str, Any]


def set_requester(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, contact: Contact, former_in_copy: bool
) -> Kept:
    """Let another contact be who asks on a locked ticket; return what `give_requester_back` needs.

    The former one stays in copy, or takes part no longer.

    Raises:
        RuleViolation: they ask already, are a contact of another client, or their address is one of ours.
    """
    details = queries.get_details(session, item.id)
    client = item.project.client
    if details is None or details.requester_id == contact.id:
        message = f"{contact.name} asks here already."
        raise RuleViolation(message, field="who")
    if contact.client_id not in (None, client.id) and not client.is_internal:
        message = f"{contact.name} is a contact of another client; the tickets of clients stay apart."
        raise RuleViolation(message, field="who")
    if contact.email and contact.email.lower() in outbox.own_addresses(session):
        message = f"{contact.email} is one of our own mailboxes."
        raise RuleViolation(message, field="who")
    former = session.get_one(Contact, details.requester_id)
    kept = {
        "former": _plain(session, item.id, former.id),
        "new": _plain(session, item.id, contact.id),
        "requester_id": contact.id,
        "former_id": former.id,
    }
    _request(session, now, item, contact.id)
    _copy(session, item, former.id, removed_at=None if former_in_copy else now)
    copy = ", who stays in copy" if former_in_copy else ""
    _tell(session, actor, now, item, contact, f"made {contact.name} the requester instead of {former.name}{copy}")
    return kept


def give_requester_back(session: Session, *, actor: Actor, now: datetime, item: WorkItem, kept: Kept) -> None:
    """Let the one before ask again on a locked ticket; whoever wrote meanwhile stays in copy.

    Raises:
        Conflict: somebody changed who asks since, or the two were merged into one.
    """
    details = queries.get_details(session, item.id)
    kept = {**kept, "requester_id": _now(session, kept["requester_id"]).id}
    if details is None or details.requester_id != kept["requester_id"]:
        message = "somebody changed who asks since"
        raise Conflict(message)
    former = _now(session, kept["former_id"])
    if former.id == details.requester_id:
        message = "who asked before is the same person now"
        raise Conflict(message)
    _request(session, now, item, former.id)
    participant = session.get_one(Participant, (item.id, kept["requester_id"]))
    wrote = select(Message.id).where(Message.work_item_id == item.id, Message.contact_id == kept["requester_id"])
    before = kept["new"]
    if before is not None:
        participant.role, participant.added_by = "cc", before["added_by"]
        participant.removed_at = datetime.fromisoformat(before["removed_at"]) if before["removed_at"] else None
    elif session.scalar(wrote.limit(1)) is not None:
        participant.role, participant.removed_at = "cc", None
    else:
        session.delete(participant)
        queries.forget_participants(session, item.id)
    session.flush()
    _tell(session, actor, now, item, former, f"made {former.name} the requester again")


def _now(session: Session, contact_id: int) -> Contact:
    """Return a contact, or into whom they were merged since."""
    contact = session.get_one(Contact, contact_id)
    return contact if contact.same_as_id is None else session.get_one(Contact, contact.same_as_id)


def _plain(session: Session, item_id: int, contact_id: int) -> Kept | None:
    known = session.get(Participant, (item_id, contact_id))
    if known is None:
        return None
    return {"added_by": known.added_by, "removed_at": known.removed_at.isoformat() if known.removed_at else None}


def _request(session: Session, now: datetime, item: WorkItem, contact_id: int) -> None:
    details = queries.get_details(session, item.id)
    known = session.get(Participant, (item.id, contact_id))
    if known is None:
        known = Participant(work_item_id=item.id, contact_id=contact_id, added_by="staff", added_at=now)
        session.add(known)
    known.role, known.removed_at = "requester", None
    if details is not None:
        details.requester_id = contact_id
        session.flush()
        session.expire(details, ["requester"])
    queries.forget_participants(session, item.id)


def _copy(session: Session, item: WorkItem, contact_id: int, *, removed_at: datetime | None) -> None:
    """Let who asked before be in copy, or take part no longer."""
    known = session.get(Participant, (item.id, contact_id))
    if known is not None:
        known.role, known.removed_at = "cc", removed_at
        session.flush()


def _tell(session: Session, actor: Actor, now: datetime, item: WorkItem, contact: Contact, words: str) -> None:
    add_event(session, actor=actor, now=now, item_id=item.id, text=words)
    audit.record(
        session,
        actor=actor,
        action="changed requester",
        kind="work_item",
        object_id=item.id,
        now=now,
        contact_id=contact.id,
    )
