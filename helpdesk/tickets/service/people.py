"""Who takes part in a conversation (docs/mail.md rules 21 and 38)."""

from collections.abc import Collection, Iterable
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.clients import service as clients
from helpdesk.clients.models import Contact
from helpdesk.infra import audit
from helpdesk.infra.db import add_leaf
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.outbox import queries as outbox
from helpdesk.projects import queries as project_queries
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.models import Message, Participant
from helpdesk.tickets.service.writing import add_event


def add_participants(
    session: Session,
    *,
    now: datetime,
    item: WorkItem,
    contact_ids: Iterable[int],
    added_by: str = "copy",
    message: Message | None = None,
    known: Collection[int] | None = None,
) -> None:
    """Add contacts in copy, by the message that brought them; who takes part already stays what they are.

    Whom staff removed stays away (docs/mail.md rules 21 and 38). ``known`` are the contacts that take part, where
    whoever calls knows them; they are asked for else.
    """
    if known is None:
        known = {one.contact_id for one in queries.participants(session, [item.id], removed_too=True)}
    for contact_id in dict.fromkeys(contact_ids):
        if contact_id not in known:
            queries.forget_participants(session, item.id)
            add_leaf(
                session,
                Participant,
                work_item_id=item.id,
                contact_id=contact_id,
                role="cc",
                added_by=added_by,
                added_at=now,
                message_id=message.id if message is not None else None,
            )


def add_by_staff(
    session: Session, *, actor: Actor, now: datetime, item_id: int, email: str, name: str = ""
) -> Participant:
    """Add somebody to the conversation; one whom staff removed is back.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: no e-mail address, one of ours, a colleague's, or that of another client's contact.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    contact = clients.add_contact(session, actor=actor, now=now, name=name, email=email, client_id=None)
    _refuse_unfit(session, item, contact)
    known = session.get(Participant, (item_id, contact.id))
    if known is not None and known.removed_at is None:
        return known
    if known is None:
        known = Participant(work_item_id=item_id, contact_id=contact.id, role="cc", added_at=now)
        session.add(known)
    known.added_by, known.removed_at = "staff", None
    session.flush()
    _tell(session, actor, now, item_id, contact, "added", "added {name} to the conversation")
    return known


def remove_participant(session: Session, *, actor: Actor, now: datetime, item_id: int, contact_id: int) -> None:
    """Take somebody in copy off the conversation: no later Cc brings them back.

    Raises:
        NotFound: no such item or participant, or not for this actor.
        RuleViolation: the requester, who stays.
    """
    known = _participant(session, actor, item_id, contact_id)
    if known.role == "requester":
        message = f"{known.contact.name} asked; the requester stays on the ticket."
        raise RuleViolation(message)
    if known.removed_at is None:
        known.removed_at = now
        session.flush()
        _tell(session, actor, now, item_id, known.contact, "removed", "removed {name} from the conversation")


def put_back(session: Session, *, actor: Actor, now: datetime, item_id: int, contact_id: int) -> None:
    """Take back that somebody was removed.

    Raises:
        NotFound: no such item or participant, or not for this actor.
    """
    known = _participant(session, actor, item_id, contact_id)
    if known.removed_at is not None:
        known.removed_at = None
        session.flush()
        _tell(session, actor, now, item_id, known.contact, "put back", "put {name} back on the conversation")


def _participant(session: Session, actor: Actor, item_id: int, contact_id: int) -> Participant:
    project_queries.get_item(session, actor=actor, item_id=item_id)
    known = session.get(Participant, (item_id, contact_id))
    if known is None:
        message = "That person does not take part."
        raise NotFound(message)
    return known


def _refuse_unfit(session: Session, item: WorkItem, contact: Contact) -> None:
    if contact.email.lower() in outbox.own_addresses(session):
        message = f"{contact.email} is one of our own mailboxes; it has every mail of this ticket already."
        raise RuleViolation(message)
    if accounts.find_by_email(session, contact.email) is not None:
        message = f"{contact.email} is a colleague's, who sees the ticket here."
        raise RuleViolation(message)
    client = item.project.client
    if contact.client_id not in (None, client.id) and not client.is_internal:
        message = f"{contact.name} is a contact of another client; the tickets of clients stay apart."
        raise RuleViolation(message)


def _tell(
    session: Session, actor: Actor, now: datetime, item_id: int, contact: Contact, action: str, words: str
) -> None:
    add_event(session, actor=actor, now=now, item_id=item_id, text=words.format(name=contact.name))
    audit.record(
        session,
        actor=actor,
        action=f"{action} participant",
        kind="work_item",
        object_id=item_id,
        now=now,
        contact_id=contact.id,
    )
