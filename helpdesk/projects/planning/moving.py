"""Move and stretch tasks of a plan, and take the last move back."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects.domain import moving as domain
from helpdesk.projects.domain.plan import Plan, Span
from helpdesk.projects.domain.rescheduling import broken_links, reschedule
from helpdesk.projects.models import PlanMove
from helpdesk.projects.planning.reading import StoredPlan
from helpdesk.projects.planning.writing import Change, check_version, note_move, read_alone, write_days

NOTHING_TO_UNDO = "There is no move of yours to undo in this plan."


def move(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    number: int,
    starts_on: date,
    expected_version: int,
) -> list[Change]:
    """Move a task so that it starts on a day, keeping its length, and return every task whose days changed.

    A summary takes its open tasks along. What follows is pushed as far as needed.

    Raises:
        NotFound: no such project or task, or not for this actor.
        Conflict: somebody changed the task in the meantime.
        RuleViolation: it has no days, or would begin before what it follows allows.
    """
    stored = read_alone(session, actor=actor, project_id=project_id)
    row = stored.by_number(number)
    check_version(row, expected_version)
    wanted = domain.moved(stored.plan, row.id, starts_on)
    return _carry_out(session, actor, now, stored, wanted, "moved")


def stretch(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    number: int,
    due_on: date,
    expected_version: int,
) -> list[Change]:
    """Stretch or shrink a task so that it is due on a day, and return every task whose days changed.

    Raises:
        NotFound: no such project or task, or not for this actor.
        Conflict: somebody changed the task in the meantime.
        RuleViolation: a summary, a milestone or a task without days.
    """
    stored = read_alone(session, actor=actor, project_id=project_id)
    row = stored.by_number(number)
    check_version(row, expected_version)
    wanted = domain.stretched(stored.plan, row.id, due_on)
    return _carry_out(session, actor, now, stored, wanted, "stretched")


def undo(session: Session, *, actor: Actor, now: datetime, project_id: int) -> list[Change]:
    """Take back the actor's last move in the plan, with all that it pushed, and return every task that changed.

    Raises:
        NotFound: no such project, or not for this actor.
        Conflict: somebody changed one of the tasks since, or there is no move to undo.
        RuleViolation: links were made since that the old days would break.
    """
    stored = read_alone(session, actor=actor, project_id=project_id)
    move_row = last_move(session, actor=actor, project_id=project_id)
    if move_row is None:
        raise Conflict(NOTHING_TO_UNDO)
    before = _before(stored, move_row)
    plan = _with_days(stored.plan, before)
    changed = {**before, **reschedule(plan, {})}
    made_worse = set(broken_links(_with_days(plan, changed))) - set(broken_links(stored.plan))
    if made_worse:
        names = ", ".join(stored.by_id[link.successor_id].name for link in made_worse)
        message = f"The days before would break links that were made since: {names}. Nothing was changed."
        raise RuleViolation(message)
    changes = write_days(
        session, actor=actor, now=now, stored=stored, changed=changed, chosen=before, action="moved back"
    )
    note_move(session, actor=actor, now=now, project_id=project_id, changes=changes, undoes_id=move_row.id)
    return changes


def last_move(session: Session, *, actor: Actor, project_id: int) -> PlanMove | None:
    """Return the actor's last move in a plan, which can be undone; None after an undo, or without any."""
    found = next(iter(models_of(session, last_move_asked(actor, project_id))), None)
    return found if found is not None and found.undoes_id is None else None


def last_move_asked(actor: Actor, project_id: int) -> Select[PlanMove]:
    """Return the question for the actor's last move in a plan, or undo of one, to be asked together with others."""
    query = select(PlanMove).where(PlanMove.project_id == project_id, PlanMove.person_id == actor.person_id)
    return query.order_by(PlanMove.id.desc()).limit(1)


def _carry_out(
    session: Session, actor: Actor, now: datetime, stored: StoredPlan, wanted: Mapping[int, Span], action: str
) -> list[Change]:
    changed = reschedule(stored.plan, wanted)
    changes = write_days(session, actor=actor, now=now, stored=stored, changed=changed, chosen=wanted, action=action)
    if changes:
        note_move(session, actor=actor, now=now, project_id=stored.project_id, changes=changes, undoes_id=None)
    return changes


def _before(stored: StoredPlan, move_row: PlanMove) -> dict[int, Span | None]:
    """Return the days before the move of each task that has no tasks below it: summaries follow from those."""
    found: dict[int, Span | None] = {}
    for change in move_row.changes:
        row = stored.by_id.get(change["id"])
        if row is None or row.version != change["version"]:
            name = row.name if row else "A task"
            message = f"{name} was changed since that move, so it cannot be undone. Move it by hand."
            raise Conflict(message)
        if not stored.plan.is_summary(row.id):
            found[row.id] = _span(change["before"])
    if not found:
        raise NotFound(NOTHING_TO_UNDO)
    return found


def _with_days(plan: Plan, days: Mapping[int, Span | None]) -> Plan:
    return replace(plan, tasks=tuple(replace(task, span=days.get(task.id, task.span)) for task in plan.tasks))


def _span(days: list[str] | None) -> Span | None:
    return Span(date.fromisoformat(days[0]), date.fromisoformat(days[1])) if days else None
