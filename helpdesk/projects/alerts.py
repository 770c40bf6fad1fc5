"""Alerts of budgets: found once for each threshold of one budget, shown on the project, told to its manager."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from helpdesk.infra.db import insert_of
from helpdesk.projects.models import BudgetAlert, Project

HOURS, MONEY = "hours", "money"
_BY_WEIGHT = ("forecast", "50", "80", "100")


@dataclass(frozen=True)
class Found:
    """A threshold that a budget has reached: ``reached`` of ``budget``, in seconds or minor units."""

    project_id: int
    measure: str
    threshold: str
    budget: int
    reached: int


def note(session: Session, *, found: Found, now: datetime) -> int | None:
    """Keep the alert and return its id; None where it was kept before, by whomever."""
    values = {**vars(found), "found_at": now}
    statement = insert_of(session, BudgetAlert).values(values).on_conflict_do_nothing().returning(BudgetAlert.id)
    return session.scalar(statement)


def current(session: Session, project: Project) -> list[BudgetAlert]:
    """Return the alerts of the project's present budgets, the gravest first; a budget that was changed has new ones."""
    if project.budget_seconds is None and project.budget_minor is None:
        return []
    query = select(BudgetAlert).where(
        BudgetAlert.project_id == project.id,
        or_(
            (BudgetAlert.measure == HOURS) & (BudgetAlert.budget == project.budget_seconds),
            (BudgetAlert.measure == MONEY) & (BudgetAlert.budget == project.budget_minor),
        ),
    )
    return sorted(session.scalars(query), key=lambda alert: -_BY_WEIGHT.index(alert.threshold))


def watched(session: Session) -> Sequence[Project]:
    """Return the projects whose budgets are looked after: those with one that are not done."""
    query = select(Project).where(
        Project.status != "done", or_(Project.budget_seconds.is_not(None), Project.budget_minor.is_not(None))
    )
    return session.scalars(query.order_by(Project.id)).all()
