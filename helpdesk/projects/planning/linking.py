"""Say that one task follows another, and take it back."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects.domain.rescheduling import reschedule
from helpdesk.projects.models import TaskLink
from helpdesk.projects.planning.writing import Change, read_alone, write_days

MOST_LAG = 1000


def link(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    predecessor: int,
    successor: int,
    lag_days: int = 0,
    in_working_days: bool = True,
) -> list[Change]:
    """Let the task numbered ``successor`` follow another, and return every task that this pushed.

    Where it does already, the lag is set anew.

    Raises:
        NotFound: no such project, or no task of it has such a number.
        RuleViolation: they would wait for each other, or the lag is beyond all measure.
    """
    stored = read_alone(session, actor=actor, project_id=project_id)
    before, after = stored.by_number(predecessor), stored.by_number(successor)
    if before.id == after.id:
        message = f"{before.name} cannot follow itself; name another task."
        raise RuleViolation(message)
    if abs(lag_days) > MOST_LAG:
        message = f"A lag is at most {MOST_LAG} days."
        raise RuleViolation(message)
    row = session.scalar(
        select(TaskLink).where(TaskLink.predecessor_id == before.id, TaskLink.successor_id == after.id)
    )
    if row is None:
        row = TaskLink(predecessor_id=before.id, successor_id=after.id, created_at=now)
        session.add(row)
    row.lag_days, row.lag_in_working_days = lag_days, in_working_days
    session.flush()
    stored = read_alone(session, actor=actor, project_id=project_id)
    changed = reschedule(stored.plan, {}, stirred={before.id})
    audit.record(
        session,
        actor=actor,
        action="linked",
        kind="task",
        object_id=after.id,
        now=now,
        follows=before.number,
        lag_days=lag_days,
        in_working_days=in_working_days,
    )
    session.flush()
    return write_days(session, actor=actor, now=now, stored=stored, changed=changed, chosen={before.id}, action="moved")


def unlink(session: Session, *, actor: Actor, now: datetime, project_id: int, link_id: int) -> None:
    """Take a link out of a plan; no task moves.

    Raises:
        NotFound: no such project, or no such link in its plan.
    """
    stored = read_alone(session, actor=actor, project_id=project_id)
    found = next((one for one in stored.links if one.id == link_id), None)
    if found is None:
        message = "There is no such link in this plan."
        raise NotFound(message)
    session.delete(session.get_one(TaskLink, found.id))
    audit.record(
        session,
        actor=actor,
        action="unlinked",
        kind="task",
        object_id=found.successor_id,
        now=now,
        followed=stored.by_id[found.predecessor_id].number,
        lag_days=found.lag_days,
    )
    session.flush()
