"""A ticket is merged into another and taken out of it again (docs/desk.md rules 20 to 24)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra import live
from helpdesk.infra.policy import Actor
from helpdesk.intake.service import following
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects import queries as projects_queries
from helpdesk.projects import service as projects
from helpdesk.projects import snoozing
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import Side, why_not_merged
from helpdesk.tickets.models import TicketMerge


def side(session: Session, item: WorkItem) -> Side:
    """Return what of an item decides whether it can be merged."""
    details = ticket_queries.details(session, item.id)
    into_id = details.merged_into_id if details is not None else None
    client, requester = item.project.client, details.requester if details is not None else None
    return Side(
        number=item.number,
        is_ticket=item.kind == "ticket" and details is not None,
        is_spam=details is not None and details.spam_at is not None,
        merged_into=projects_queries.numbers_of(session, [into_id])[into_id] if into_id is not None else None,
        client_id=None if client.is_internal else client.id,
        requester_id=requester.id if requester is not None else None,
        requester_name=requester.name if requester is not None else "",
        requester_of=requester.client_id if requester is not None else None,
    )


def merge(session: Session, *, actor: Actor, now: datetime, number: int, into_number: int) -> TicketMerge:
    """Merge the ticket ``number`` into the other: it closes, and its conversation goes on there.

    Its time and expenses stay on it, with their prices and approvals, and are shown there. A ticket that is done or
    asleep is opened or woken by one that is not.

    Raises:
        NotFound: no such tickets, or not for this actor.
        RuleViolation: they do not go together; the message says why (docs/desk.md rule 20).
    """
    item, into = _both(session, actor, number, into_number)
    why = why_not_merged(side(session, item), side(session, into))
    if why:
        raise RuleViolation(why)
    before = {"item": _standing(item), "into": _standing(into)}
    if item.status in OPEN_STATUSES and item.snoozed_until is None:
        _call_back(session, actor, now, into)
    before["then"] = _standing(into)
    merged = tickets.merge_conversation(session, actor=actor, now=now, item=item, into=into, before=before)
    following.follow(session, merged.moved["messages"], item_id=into.id)
    projects.set_status(session, actor=actor, now=now, item_id=item.id, status="closed")
    _stir(session, now, item, into)
    return merged


def undo(session: Session, *, actor: Actor, now: datetime, number: int) -> WorkItem:
    """Take a ticket out of the one into which it was merged, as it was, and return that one.

    Raises:
        NotFound: no such ticket, or not for this actor; or the other is not.
        Conflict: it is not merged, or its conversation has gone on from there.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    standing = tickets.standing_merge(session, item)
    if standing is None:
        message = f"#{number} is not merged."
        raise Conflict(message)
    into_number = projects_queries.numbers_of(session, [standing.into_id])[standing.into_id]
    item, into = _both(session, actor, number, into_number)
    undone = tickets.part_conversation(session, actor=actor, now=now, item=item, into=into)
    following.follow(session, undone.moved["messages"], item_id=item.id)
    _restore(session, actor, now, item, undone.before["item"])
    if _standing(into) == undone.before["then"]:
        _restore(session, actor, now, into, undone.before["into"])
    _stir(session, now, item, into)
    return into


def _both(session: Session, actor: Actor, number: int, into_number: int) -> tuple[WorkItem, WorkItem]:
    """Return both tickets, locked."""
    item = projects_queries.get_item(session, actor=actor, number=number)
    into = projects_queries.get_item(session, actor=actor, number=into_number)
    projects_queries.lock_items(session, [item.id, into.id])
    return item, into


def _call_back(session: Session, actor: Actor, now: datetime, into: WorkItem) -> None:
    """Let nothing open be buried in a ticket that is done or asleep."""
    snoozing.wake(session, actor=actor, now=now, item=into)
    if into.status not in OPEN_STATUSES:
        projects.set_status(session, actor=actor, now=now, item_id=into.id, status="open")


def _standing(item: WorkItem) -> dict[str, str | None]:
    instants = {"closed_at": item.closed_at, "snoozed_until": item.snoozed_until}
    return {"status": item.status, **{name: at.isoformat() if at else None for name, at in instants.items()}}


def _restore(session: Session, actor: Actor, now: datetime, item: WorkItem, before: dict[str, str | None]) -> None:
    projects.set_status(session, actor=actor, now=now, item_id=item.id, status=before["status"] or "open")
    item.closed_at = datetime.fromisoformat(before["closed_at"]) if before["closed_at"] else None
    if before["snoozed_until"]:
        until = datetime.fromisoformat(before["snoozed_until"])
        snoozing.put_to_sleep(session, actor=actor, now=now, item=item, until=until)


def _stir(session: Session, now: datetime, *items: WorkItem) -> None:
    for item in items:
        item.updated_at = now
        live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)
    session.flush()
