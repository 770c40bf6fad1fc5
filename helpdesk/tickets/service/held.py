"""Mail that is held on a ticket until somebody decides (docs/mail.md rule 16): accepted, split off, or put away."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import audit, live
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects import queries as project_queries
from helpdesk.projects import teams
from helpdesk.tickets import queries
from helpdesk.tickets.models import Message, Participant, TicketDetails
from helpdesk.tickets.service.arriving import take_answer
from helpdesk.tickets.service.opening import NO_TITLE, open_details
from helpdesk.tickets.service.writing import add_event, lock, remember

TITLE_LIMIT = 300


def accept_held(session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int) -> Message:
    """Let held mail onto its ticket: its sender takes part from now on, and the ticket reopens as by any answer.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: somebody has decided about it already.
    """
    message = _undecided(session, actor, item_id, message_id)
    message.held = False
    remember(session, item_id, (message.message_id,))
    if message.contact_id is not None:
        _let_in(session, message, message.contact_id, now)
        if not message.automatic:
            take_answer(session, lock(session, item_id), now)
    add_event(session, actor=actor, now=now, item_id=item_id, text=f"accepted the held mail of {_author(message)}")
    _audit(session, actor, now, message, "accepted held mail")
    return message


def split_held(
    session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int, project_id: int, title: str
) -> Message:
    """Make held mail a ticket of its own in ``project_id``, related to the one where it waited; return the message.

    Raises:
        NotFound: no such message on this ticket, no such project, or not for this actor.
        Conflict: somebody has decided about it already.
        RuleViolation: a colleague wrote it, who cannot be a requester.
    """
    message = _undecided(session, actor, item_id, message_id)
    if message.contact_id is None:
        text = "A colleague wrote this mail: accept it, or put it away."
        raise RuleViolation(text)
    before = session.get(TicketDetails, item_id)
    project = project_queries.get_project(session, actor=actor, project_id=project_id)
    team = teams.default(session, project=project)
    new = open_details(
        session,
        actor=actor,
        now=now,
        project_id=project_id,
        requester_id=message.contact_id,
        title=title.strip()[:TITLE_LIMIT] or NO_TITLE,
        mailbox_id=before.mailbox_id if before is not None else None,
        related_to_id=item_id,
        team_id=team.team_id,
        reasons=(*message.reasons, f"split off by {actor.name}", *team.reasons),
    )
    session.flush()
    message.work_item_id, message.held = new.id, False
    session.flush()
    remember(session, new.id, (message.message_id,))
    author = _author(message)
    add_event(session, actor=actor, now=now, item_id=item_id, text=f"made the held mail of {author} #{new.number}")
    _audit(session, actor, now, message, "split off held mail", before=item_id)
    return message


def put_away_held(session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int) -> Message:
    """Refuse held mail: it stays folded away on its ticket and in the log, without any effect.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: somebody has decided about it already.
    """
    message = _undecided(session, actor, item_id, message_id)
    message.discarded_at = now
    session.flush()
    live.publish(session, audience=live.to_item(item_id), topic=live.SHOWN, now=now)
    _audit(session, actor, now, message, "put away held mail")
    return message


def hold_again(session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int) -> Message:
    """Take back that held mail was put away: it waits for a decision as before.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: it is not put away.
    """
    message = _on(session, actor, item_id, message_id)
    if message.discarded_at is None:
        text = "This mail is not put away any more."
        raise Conflict(text)
    message.discarded_at = None
    session.flush()
    live.publish(session, audience=live.to_item(item_id), topic=live.SHOWN, now=now)
    _audit(session, actor, now, message, "held mail again")
    return message


def _undecided(session: Session, actor: Actor, item_id: int, message_id: int) -> Message:
    message = _on(session, actor, item_id, message_id)
    if not message.held or message.discarded_at is not None:
        text = "Somebody has decided about this mail already."
        raise Conflict(text)
    return message


def _on(session: Session, actor: Actor, item_id: int, message_id: int) -> Message:
    """Return the message of the item, read again under the item's lock; two people never decide both."""
    project_queries.get_item(session, actor=actor, item_id=item_id)
    lock(session, item_id)
    message = queries.get_message(session, actor=actor, message_id=message_id)
    session.refresh(message)
    if message.work_item_id != item_id:
        _refuse_elsewhere(session, message, item_id)
    return message


def _refuse_elsewhere(session: Session, message: Message, item_id: int) -> None:
    now_on = session.get(TicketDetails, message.work_item_id)
    if now_on is not None and now_on.related_to_id == item_id:
        text = "Somebody has made this mail a ticket of its own already."
        raise Conflict(text)
    text = "There is no such message."
    raise NotFound(text)


def _let_in(session: Session, message: Message, contact_id: int, now: datetime) -> None:
    """Make the sender a participant; one whom staff had removed is back, since staff accepted them."""
    known = session.get(Participant, (message.work_item_id, contact_id))
    if known is not None:
        known.removed_at = None
        return
    session.add(
        Participant(
            work_item_id=message.work_item_id,
            contact_id=contact_id,
            role="cc",
            added_by="reply",
            added_at=now,
            message_id=message.id,
        )
    )
    session.flush()


def _author(message: Message) -> str:
    author = message.person or message.contact
    return author.name if author is not None else "an unknown sender"


def _audit(session: Session, actor: Actor, now: datetime, message: Message, action: str, **data: int) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="work_item",
        object_id=message.work_item_id,
        now=now,
        message_id=message.id,
        **data,
    )
