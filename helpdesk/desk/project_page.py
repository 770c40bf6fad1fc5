"""What the page of one project shows: its tasks and tickets, its people, and how its budgets fare."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.infra.policy import RETAINERS, Actor
from helpdesk.infra.together import Together
from helpdesk.outbox import queries as outbox
from helpdesk.projects import alerts, queries
from helpdesk.projects.alerts import HOURS, MONEY
from helpdesk.projects.domain.budget import FORECAST, Outlook
from helpdesk.projects.models import BudgetAlert, Project
from helpdesk.projects.queries import ItemLine
from helpdesk.projects.render import amount_of
from helpdesk.timekeeping import budgets, limits
from helpdesk.timekeeping.budgets import ProjectBudgets
from helpdesk.timekeeping.service.missing import Unpriced, without_price

TASKS_SHOWN = 100
TICKETS_SHOWN = 50


@dataclass(frozen=True)
class BudgetFacts:
    """One budget in words and numbers; amounts are written out."""

    measure: str
    budget: str
    used: str
    pending: str
    left: str
    is_over: bool
    used_percent: int
    pending_percent: int
    week_rate: str | None
    used_up_on: date | None
    projected: str | None
    projected_is_over: bool
    by_pace: bool


@dataclass(frozen=True)
class AlertLine:
    """One alert; ``level`` is 50, 80 or 100 percent, or None for a forecast above the whole."""

    measure: str
    level: int | None
    found_at: datetime


@dataclass(frozen=True)
class ProjectValues:
    """The context of desk/project.html, apart from its form and words."""

    project: Project
    client_name: str
    team: list[str]
    may_edit: bool
    tasks: list[ItemLine]
    tickets: list[ItemLine]
    counts: dict[str, int]
    worked_seconds: int
    pending_seconds: int
    budgets: list[BudgetFacts]
    alerts: list[AlertLine]
    limit_note: str
    unpriced: list[Unpriced]
    addresses: list[str]
    has_mailboxes: bool


def project_values(session: Session, *, actor: Actor, project_id: int, now: datetime) -> ProjectValues:
    """Return what the page of a project shows to the actor, in a constant number of queries.

    Money is for those who handle the client's; the others see hours.

    Raises:
        NotFound: no such project, or not for this actor.
    """
    project = queries.get_project(session, actor=actor, project_id=project_id)
    found = budgets.of_project(session, project, now=now)
    shown = {HOURS, MONEY} if _handles_money(session, actor, project.client_id) else {HOURS}
    read = _asked().read(session, project_id=project.id)
    counts = {(row.kind, row.is_open): row.number for row in read["counts"]}
    mailboxes = [row.address for row in read["mailboxes"]]
    limit = limits.limit_of(project)
    return ProjectValues(
        project=project,
        client_name=project.client.name,
        team=[row.name for row in read["team"]],
        may_edit=actor.is_one_of(RETAINERS),
        tasks=[ItemLine(*row) for row in read["tasks"]],
        tickets=[ItemLine(*row) for row in read["tickets"]],
        counts={
            "tasks": counts.get(("task", True), 0),
            "tickets": counts.get(("ticket", True), 0),
            "done": counts.get(("task", False), 0),
        },
        worked_seconds=found.time.approved_seconds + found.time.pending_seconds,
        pending_seconds=found.time.pending_seconds,
        budgets=_budget_facts(project, found, shown),
        alerts=[_alert_line(alert) for alert in alerts.current(session, project) if alert.measure in shown],
        unpriced=without_price(session, project=project) if MONEY in shown and found.time.unpriced_seconds else [],
        limit_note=limit.warning(found.time.billable_seconds) if limit else "",
        addresses=_addresses(project, mailboxes),
        has_mailboxes=bool(mailboxes),
    )


@cache
def _asked() -> Together:
    return Together(
        counts=queries.item_counts(),
        tasks=queries.open_items(kind="task", limit=TASKS_SHOWN),
        tickets=queries.open_items(kind="ticket", limit=TICKETS_SHOWN),
        team=queries.team(),
        mailboxes=outbox.plus_mailboxes_asked(),
    )


def _budget_facts(project: Project, found: ProjectBudgets, shown: set[str]) -> list[BudgetFacts]:
    return [_facts(project, measure, view) for measure, view in found.each() if measure in shown]


def _facts(project: Project, measure: str, view: Outlook) -> BudgetFacts:
    def amount(value: int | None) -> str | None:
        return None if value is None else amount_of(project, measure, value)

    return BudgetFacts(
        measure=measure,
        budget=amount_of(project, measure, view.budget),
        used=amount_of(project, measure, view.spent.used),
        pending=amount_of(project, measure, view.spent.pending),
        left=amount_of(project, measure, view.left),
        is_over=view.left < 0,
        used_percent=view.used_percent,
        pending_percent=view.gone_percent - view.used_percent,
        week_rate=amount(view.week_rate),
        used_up_on=view.used_up_on,
        projected=amount(view.projected),
        projected_is_over=view.projected is not None and view.projected > view.budget,
        by_pace=view.by_pace,
    )


def _alert_line(alert: BudgetAlert) -> AlertLine:
    level = None if alert.threshold == FORECAST else int(alert.threshold)
    return AlertLine(alert.measure, level, alert.found_at)


def _addresses(project: Project, mailboxes: list[str]) -> list[str]:
    """Return the addresses that lead to the project: one at each mailbox where plus addresses arrive."""
    if project.mail_slug is None:
        return []
    parts = (address.rpartition("@") for address in mailboxes)
    return [f"{local}+{project.mail_slug}@{domain}" for local, _at, domain in parts]


def _handles_money(session: Session, actor: Actor, client_id: int) -> bool:
    if not actor.is_one_of(RETAINERS):
        return False
    query = select(Client.id).where(Client.id == client_id, clients.billable_by(actor))
    return session.scalar(query) is not None
