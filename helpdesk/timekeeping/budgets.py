"""The budgets of projects against the time on them, and their alerts (docs/billing.md "Budgets and limits")."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.i18n import SOURCE_LANGUAGE
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.money import round_half_up
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.notices import service as notices
from helpdesk.notices.service import News
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.projects import alerts
from helpdesk.projects.alerts import HOURS, MONEY, Found
from helpdesk.projects.domain.budget import FORECAST, Outlook, Spent, outlook
from helpdesk.projects.models import Project
from helpdesk.projects.render import budget_mail
from helpdesk.timekeeping.queries import spent

UNVALUED = Spent(used=0, pending=0)
"""What can be said of money while no hour has a price yet."""


@dataclass(frozen=True)
class ProjectBudgets:
    """How a project fares: its time, and an outlook for each budget that it has. ``value_minor`` is approved money."""

    time: spent.ProjectTime
    value_minor: int
    hours: Outlook | None
    money: Outlook | None

    def each(self) -> Iterator[tuple[str, Outlook]]:
        """Yield the measure and the outlook of each budget."""
        if self.hours is not None:
            yield HOURS, self.hours
        if self.money is not None:
            yield MONEY, self.money


def of_project(session: Session, project: Project, *, now: datetime) -> ProjectBudgets:
    """Return how a project fares, in at most two queries."""
    return of_projects(session, [project], now=now)[project.id]


def of_projects(session: Session, projects: Sequence[Project], *, now: datetime) -> dict[int, ProjectBudgets]:
    """Return how each of these projects fares, by its id, in at most two queries however many they are."""
    ids = [project.id for project in projects]
    times = spent.by_project(session, ids, now=now)
    budgeted = [each.id for each in projects if each.budget_seconds is not None or each.budget_minor is not None]
    estimates = spent.open_estimates(session, budgeted)
    return {
        project.id: _budgets(project, times.get(project.id, spent.NOTHING), estimates.get(project.id), now)
        for project in projects
    }


def watch(session: Session, *, now: datetime) -> int:
    """Look after all budgets, tell each manager of what is new, and return how much that was.

    Safe to run again and beside itself: what was found before is left alone.
    """
    projects = alerts.watched(session)
    found = of_projects(session, projects, now=now)
    return sum(_alert(session, project, found[project.id], now) for project in projects)


def _alert(session: Session, project: Project, budgets: ProjectBudgets, now: datetime) -> int:
    count = 0
    for measure, view in budgets.each():
        new = [_note(session, project, measure, threshold, view, now) for threshold in view.reached]
        count += len([alert_id for alert_id in new if alert_id is not None])
        told = [threshold for threshold, alert_id in zip(view.reached, new, strict=True) if alert_id is not None]
        if told:
            _tell(session, project, measure, told, view, now)
    return count


def _note(session: Session, project: Project, measure: str, threshold: str, view: Outlook, now: datetime) -> int | None:
    reached = (view.projected or 0) if threshold == FORECAST else view.spent.gone
    found = Found(project.id, measure, threshold, view.budget, reached)
    alert_id = alerts.note(session, found=found, now=now)
    if alert_id is not None:
        audit.record(
            session,
            actor=SYSTEM,
            action="budget alert",
            kind="project",
            object_id=project.id,
            now=now,
            measure=measure,
            threshold=threshold,
            budget=view.budget,
            reached=reached,
        )
    return alert_id


def _tell(
    session: Session, project: Project, measure: str, thresholds: list[str], view: Outlook, now: datetime
) -> None:
    """Queue one mail to the manager about all that is new of one budget, where there is somebody to write to."""
    manager, mailbox = project.manager, outbox.default_mailbox(session)
    if manager is None:
        return
    said, _text = budget_mail(project, measure=measure, thresholds=thresholds, view=view, language=SOURCE_LANGUAGE)
    key = f"budget:{project.id}:{measure}:{view.budget}:{'+'.join(thresholds)}"
    news = News("retainer", key, said, f"/projects/{project.id}")
    notices.tell(session, actor=SYSTEM, now=now, news=news, person_ids=[manager.id], has_letter=True)
    if mailbox is None or not notices.wants_mail(session, manager, "retainer"):
        return
    subject, text = budget_mail(project, measure=measure, thresholds=thresholds, view=view, language=manager.language)
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=key,
        purpose="notification",
        about=("project", project.id),
        to=[Address(manager.name, manager.email)],
        subject=subject,
        text=text,
        automatic=True,
    )


def _budgets(project: Project, time: spent.ProjectTime, estimates: int | None, now: datetime) -> ProjectBudgets:
    zone = zone_named(project.client.time_zone)
    today = local_day(now, zone)
    hours = Spent(
        time.approved_seconds,
        time.pending_seconds,
        time.recent_seconds,
        None if time.first_at is None else local_day(time.first_at, zone),
        estimates,
    )
    value_minor = round_half_up(Fraction(time.value_minor_seconds, spent.HOUR))
    return ProjectBudgets(
        time,
        value_minor,
        _outlook(project.budget_seconds, hours, today, project.due_on),
        _outlook(project.budget_minor, hours.valued(value_minor) or UNVALUED, today, project.due_on),
    )


def _outlook(budget: int | None, spending: Spent, today: date, due_on: date | None) -> Outlook | None:
    return None if budget is None else outlook(budget, spending, today=today, due_on=due_on)
