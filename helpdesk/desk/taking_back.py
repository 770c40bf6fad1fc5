"""Taking back an answer with all that went with it, while its mail is held (docs/answering.md rules 8 to 10)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import HelpdeskError, NotFound
from helpdesk.projects import queries as projects_queries
from helpdesk.projects import service as projects
from helpdesk.projects import snoozing
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Takeback
from helpdesk.tickets.service.writing import lock, touch
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.queries import entries


def state_of(session: Session, item: WorkItem) -> dict[str, Any]:
    """Return what an answer changes of its ticket."""
    details = tickets_queries.get_details(session, item.id)
    return {
        "status": item.status,
        "closed_at": item.closed_at.isoformat() if item.closed_at else None,
        "snoozed_until": item.snoozed_until.isoformat() if item.snoozed_until else None,
        "assignee_id": item.assignee_id,
        "last_message_at": details.last_message_at.isoformat() if details else None,
    }


def take_back(session: Session, *, actor: Actor, now: datetime, number: int, message_id: int) -> str:
    """Make an answer a draft again, and undo its status, its assignee and its time; return in words what stays, or "".

    What somebody changed since stays as they set it.

    Raises:
        NotFound: no such answer of the actor's.
        Conflict: it has left.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    item = lock(session, item.id)
    held = tickets.held_answer(session, actor=actor, item_id=item.id, message_id=message_id)
    if held.message.kind != "reply":
        message = "There is no such answer of yours."
        raise NotFound(message)
    tickets.withdraw_answer(session, actor=actor, now=now, held=held)
    stays = [take_back_time(session, actor, now, message_id), *_restore(session, actor, now, item, held)]
    return " ".join(filter(None, stays))


def _restore(session: Session, actor: Actor, now: datetime, item: WorkItem, held: Takeback) -> list[str]:
    """Give back what the answer changed, each by itself; return why what cannot be given back stays."""
    before, after, current = held.before, held.after, state_of(session, item)
    touch(session, item, now)
    steps: list[Callable[[], object]] = []
    if current["status"] == after["status"] != before["status"]:
        steps.append(partial(_restore_status, session, actor, now, item, before))
    if current["assignee_id"] == after["assignee_id"] != before["assignee_id"]:
        steps.append(
            partial(projects.assign, session, actor=actor, now=now, item_id=item.id, assignee_id=before["assignee_id"])
        )
    stays = [or_stays(session, step) for step in steps]
    details = tickets_queries.get_details(session, item.id)
    if details is not None and current["last_message_at"] == after["last_message_at"]:
        details.last_message_at = _instant(before["last_message_at"]) or now
    session.flush()
    return stays


def _restore_status(session: Session, actor: Actor, now: datetime, item: WorkItem, before: dict[str, Any]) -> None:
    projects.set_status(session, actor=actor, now=now, item_id=item.id, status=before["status"])
    item.closed_at, until = _instant(before["closed_at"]), _instant(before["snoozed_until"])
    if until is not None and until > now:
        snoozing.put_to_sleep(session, actor=actor, now=now, item=item, until=until)


def or_stays(session: Session, step: Callable[[], object]) -> str:
    """Do a step, or nothing of it where it is refused; return why, or ""."""
    try:
        with session.begin_nested():
            step()
    except HelpdeskError as refusal:
        return str(refusal)
    return ""


def take_back_time(session: Session, actor: Actor, now: datetime, message_id: int) -> str:
    """Delete the time that went with the answer; where that is refused it stays, and the reason is returned."""
    entry = entries.of_uuid(session, person_id=actor.person_id, uuid=entry_uuid(message_id))
    if entry is None:
        return ""
    return or_stays(session, partial(timekeeping.delete_entry, session, actor=actor, now=now, entry_id=entry.id))


def _instant(written: str | None) -> datetime | None:
    return datetime.fromisoformat(written) if written else None
