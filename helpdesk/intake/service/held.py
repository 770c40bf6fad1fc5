"""What a person decides about held mail, and the log's line that follows it (docs/mail.md rule 16)."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients import service as clients
from helpdesk.infra.policy import Actor
from helpdesk.intake.domain.subject import plain_subject
from helpdesk.intake.models import InboundEffect
from helpdesk.intake.service import notifying
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message


def accept(
    session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int, as_contact: bool = False
) -> Message:
    """Let held mail onto its ticket; with ``as_contact`` its sender belongs to the ticket's client from now on.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: somebody has decided about it already.
    """
    message = tickets.accept_held(session, actor=actor, now=now, item_id=item_id, message_id=message_id)
    client, sender = message.work_item.project.client, message.contact
    if as_contact and sender is not None and not client.is_internal:
        clients.add_contact(session, actor=actor, now=now, name=sender.name, email=sender.email, client_id=client.id)
    notifying.tell_answered(session, message=message, now=now, but_not=actor.person_id)
    _follow(session, message, state="done", outcome="reply", reason=f"accepted by {actor.name}")
    return message


def split_off(session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int) -> Message:
    """Make held mail a ticket of its own in Triage; return its message there.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: somebody has decided about it already.
        RuleViolation: a colleague wrote it.
    """
    message = session.get(Message, message_id)
    moved = tickets.split_held(
        session,
        actor=actor,
        now=now,
        item_id=item_id,
        message_id=message_id,
        project_id=projects.triage_project(session).id,
        title=plain_subject(message.subject) if message is not None else "",
    )
    effect = _follow(session, moved, state="done", outcome="ticket", reason=f"made a ticket of its own by {actor.name}")
    if effect is not None:
        effect.work_item_id = moved.work_item_id
        session.flush()
    return moved


def put_away(session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int) -> Message:
    """Refuse held mail: no effect, but it stays folded away on its ticket and in the log.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: somebody has decided about it already.
    """
    message = tickets.put_away_held(session, actor=actor, now=now, item_id=item_id, message_id=message_id)
    _follow(session, message, state="ignored", outcome="discarded", reason=f"put away by {actor.name}")
    return message


def hold_again(session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int) -> Message:
    """Take back that held mail was put away.

    Raises:
        NotFound: no such message on this ticket, or not for this actor.
        Conflict: it is not put away.
    """
    message = tickets.hold_again(session, actor=actor, now=now, item_id=item_id, message_id=message_id)
    _follow(session, message, state="done", outcome="held", reason=f"held again by {actor.name}")
    return message


def _follow(session: Session, message: Message, *, state: str, outcome: str, reason: str) -> InboundEffect | None:
    """Say on the message and in the log what was decided; a message that no mail brought has no line there."""
    message.reasons = [*message.reasons, reason]
    effect = session.scalar(select(InboundEffect).where(InboundEffect.message_id == message.id))
    if effect is not None:
        inbound = effect.inbound
        inbound.state, inbound.outcome, inbound.reasons = state, outcome, [*inbound.reasons, reason]
    session.flush()
    return effect
