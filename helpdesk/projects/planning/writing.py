"""Write what became of a plan: new days with all that they pushed, each with an audit row and a new version."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.db import alone
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict
from helpdesk.projects.domain.plan import Span
from helpdesk.projects.models import PlanMove, TaskDetails, WorkItem
from helpdesk.projects.planning.reading import StoredPlan, TaskRow, read

Days = list[str] | None


@dataclass(frozen=True)
class Change:
    """A task whose days changed, and the version that it has since."""

    row: TaskRow
    span: Span | None
    version: int


def read_alone(session: Session, *, actor: Actor, project_id: int) -> StoredPlan:
    """Return a project's plan to somebody who is about to change it: one at a time.

    Raises:
        NotFound: no such project, or not for this actor.
    """
    lock_plans(session, project_id)
    return read(session, actor=actor, project_id=project_id)


def lock_plans(session: Session, *project_ids: int) -> None:
    """Let nobody else change these plans until the transaction ends."""
    alone(session, *(f"plan of project {project_id}" for project_id in project_ids))


def check_version(row: TaskRow, expected_version: int) -> None:
    """Pass if nobody has changed the task since it was looked at.

    Raises:
        Conflict: somebody has.
    """
    if row.version != expected_version:
        message = f"Somebody else changed {row.name} in the meantime. Nothing was saved; look at it and try again."
        raise Conflict(message)


def write_days(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    stored: StoredPlan,
    changed: Mapping[int, Span | None],
    chosen: Collection[int],
    action: str,
) -> list[Change]:
    """Give tasks their new days and return the changes, in the order of the plan.

    ``chosen`` are those that somebody put there; the others were pushed by them, and their audit rows say so.
    """
    changes = [Change(row, changed[row.id], row.version + 1) for row in stored.rows if row.id in changed]
    if not changes:
        return []
    session.execute(update(TaskDetails), [{"work_item_id": each.row.id, **_columns(each.span)} for each in changes])
    touch(session, [each.row.id for each in changes], now=now)
    names = [stored.by_id[task_id].number for task_id in chosen if task_id in stored.by_id]
    session.flush()
    audit.record_many(
        session,
        actor=actor,
        kind="task",
        now=now,
        acts=[
            (
                each.row.id,
                action if each.row.id in chosen else "pushed",
                {"before": days_of(each.row.span), "after": days_of(each.span)}
                | ({} if each.row.id in chosen else {"by": names}),
            )
            for each in changes
        ],
    )
    session.expire_all()
    return changes


def note_move(
    session: Session, *, actor: Actor, now: datetime, project_id: int, changes: list[Change], undoes_id: int | None
) -> None:
    """Remember an act that changed days, so that it can be undone once."""
    noted = [
        {
            "id": each.row.id,
            "version": each.version,
            "before": days_of(each.row.span),
            "after": days_of(each.span),
        }
        for each in changes
    ]
    session.add(
        PlanMove(project_id=project_id, person_id=actor.person_id, moved_at=now, undoes_id=undoes_id, changes=noted)
    )
    session.flush()


def touch(session: Session, task_ids: Collection[int], *, now: datetime) -> None:
    """Give tasks a new version: whoever looked at them before is told."""
    session.execute(
        update(WorkItem)
        .where(WorkItem.id.in_(task_ids))
        .values(version=WorkItem.version + 1, updated_at=now)
        .execution_options(synchronize_session=False)
    )


def days_of(span: Span | None) -> Days:
    """Return a span as JSON keeps it."""
    return [span.starts_on.isoformat(), span.due_on.isoformat()] if span else None


def _columns(span: Span | None) -> dict[str, object]:
    return {"starts_on": span.starts_on if span else None, "due_on": span.due_on if span else None}
