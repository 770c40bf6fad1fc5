"""Keep what a plan was, under a name, to see later what became of it."""

from datetime import datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries
from helpdesk.projects.domain.plan import Span
from helpdesk.projects.models import Baseline, BaselineTask
from helpdesk.projects.planning.reading import read


def take(session: Session, *, actor: Actor, now: datetime, project_id: int, name: str) -> Baseline:
    """Keep the days of all planned tasks under a name.

    Raises:
        NotFound: no such project, or not for this actor.
        RuleViolation: no name, one that is taken, or a plan without any days.
    """
    stored = read(session, actor=actor, project_id=project_id)
    called = " ".join(name.split())
    spans = {row.id: row.span for row in stored.rows if row.span is not None}
    if not called or not spans:
        message = "A baseline needs a name." if spans else "No task has days yet, so there is nothing to keep."
        raise RuleViolation(message)
    same = select(Baseline.id).where(Baseline.project_id == project_id, func.lower(Baseline.name) == called.lower())
    if session.scalar(same) is not None:
        message = f"There is a baseline named {called} already; choose another name."
        raise RuleViolation(message)
    baseline = Baseline(project_id=project_id, name=called, taken_at=now, taken_by_id=actor.person_id)
    session.add(baseline)
    session.flush()
    session.add_all(
        BaselineTask(baseline_id=baseline.id, work_item_id=task_id, starts_on=span.starts_on, due_on=span.due_on)
        for task_id, span in spans.items()
    )
    audit.record(
        session,
        actor=actor,
        action="kept baseline",
        kind="project",
        object_id=project_id,
        now=now,
        name=called,
        tasks=len(spans),
    )
    session.flush()
    return baseline


def discard(session: Session, *, actor: Actor, now: datetime, project_id: int, baseline_id: int) -> str:
    """Forget a baseline and return its name; the audit keeps that it was there.

    Raises:
        NotFound: no such project or baseline, or not for this actor.
    """
    queries.get_project(session, actor=actor, project_id=project_id)
    baseline = session.scalar(select(Baseline).where(Baseline.id == baseline_id, Baseline.project_id == project_id))
    if baseline is None:
        message = "There is no such baseline."
        raise NotFound(message)
    name = baseline.name
    session.execute(delete(BaselineTask).where(BaselineTask.baseline_id == baseline_id))
    session.delete(baseline)
    audit.record(
        session,
        actor=actor,
        action="discarded baseline",
        kind="project",
        object_id=project_id,
        now=now,
        name=name,
        taken_at=baseline.taken_at.isoformat(),
    )
    session.flush()
    return name


def baselines_of(session: Session, project_id: int) -> list[Baseline]:
    """Return the baselines of a project, newest first."""
    return models_of(session, baselines_asked(project_id))


def baselines_asked(project_id: int) -> Select[Baseline]:
    """Return the question of `baselines_of`, to be asked together with others."""
    return select(Baseline).where(Baseline.project_id == project_id).order_by(Baseline.id.desc())


def days_of(session: Session, baseline_id: int) -> dict[int, Span]:
    """Return the days that a baseline kept, by the ids of the tasks."""
    query = select(BaselineTask).where(BaselineTask.baseline_id == baseline_id)
    return {row.work_item_id: Span(row.starts_on, row.due_on) for row in session.scalars(query)}
