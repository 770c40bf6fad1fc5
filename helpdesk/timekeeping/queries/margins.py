"""What approved time earned at its price and what it cost us, by project (docs/billing.md rule 7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.infra.sql import seconds_between
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.money import Money, round_half_up
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.charging import APPROVED, is_written_off
from helpdesk.timekeeping.models import TimeEntry


@dataclass(frozen=True)
class Margin:
    """Revenue at the prices of approval against cost, both in the client's currency.

    Retainer fees and overage prices are not in it: covered time counts at the price of its hour. What has no price,
    no cost, or one in another currency is told apart in seconds. What was written off costs and bills nothing.
    """

    name: str
    project_id: int | None
    worked_seconds: int
    billable_seconds: int
    revenue: Money
    cost: Money
    unpriced_seconds: int
    uncosted_seconds: int

    @property
    def margin(self) -> Money:
        """What is left; negative where the work cost more than it earned."""
        return self.revenue - self.cost

    @property
    def is_whole(self) -> bool:
        """Whether every second has its price and its cost; else the margin is none to go by."""
        return not self.unpriced_seconds and not self.uncosted_seconds

    @property
    def percent(self) -> int | None:
        """The share of the revenue that is left, to the whole percent; None without revenue."""
        minor = self.revenue.minor
        return round_half_up(Fraction(100 * self.margin.minor, minor)) if minor else None


def margins_of(session: Session, *, client: Client, begins: datetime, ends: datetime) -> list[Margin]:
    """Return the margin of each project whose approved work began in the half-open range, by name: one query."""
    return [_of_project(row, client.currency) for row in session.execute(_sums(client, begins, ends))]


def total_of(margins: Iterable[Margin], *, name: str, currency: str) -> Margin:
    """Return the sum of several projects."""
    every = list(margins)
    return Margin(
        name=name,
        project_id=None,
        worked_seconds=sum(each.worked_seconds for each in every),
        billable_seconds=sum(each.billable_seconds for each in every),
        revenue=sum((each.revenue for each in every), Money.zero(currency)),
        cost=sum((each.cost for each in every), Money.zero(currency)),
        unpriced_seconds=sum(each.unpriced_seconds for each in every),
        uncosted_seconds=sum(each.uncosted_seconds for each in every),
    )


def _sums(client: Client, begins: datetime, ends: datetime) -> Any:  # noqa: ANN401 - a selection
    entry = TimeEntry
    worked = seconds_between(entry.started_at, entry.ended_at)
    bills = case((is_written_off(), 0), else_=func.coalesce(entry.billable_seconds, 0))
    is_priced = (entry.rate_currency == client.currency) & (entry.billable == "billable")
    has_cost = entry.cost_rate_currency == client.currency
    return (
        select(
            Project.id.label("project_id"),
            Project.name.label("name"),
            func.sum(worked).label("worked"),
            func.sum(bills).label("bills"),
            func.sum(case((is_priced, bills * entry.rate_minor), else_=0)).label("earned"),
            func.sum(case((has_cost, worked * entry.cost_rate_minor), else_=0)).label("spent"),
            func.sum(case((is_priced, 0), else_=bills)).label("unpriced"),
            func.sum(case((has_cost, 0), else_=worked)).label("uncosted"),
        )
        .join(entry.work_item)
        .join(WorkItem.project)
        .where(
            Project.client_id == client.id,
            entry.status.in_(APPROVED),
            entry.started_at >= begins,
            entry.started_at < ends,
        )
        .group_by(Project.id, Project.name)
        .order_by(func.lower(Project.name), Project.id)
    )


def _of_project(row: Any, currency: str) -> Margin:  # noqa: ANN401 - a row of sums
    return Margin(
        name=row.name,
        project_id=row.project_id,
        worked_seconds=int(row.worked),
        billable_seconds=int(row.bills),
        revenue=Money(round_half_up(Fraction(int(row.earned), HOUR)), currency),
        cost=Money(round_half_up(Fraction(int(row.spent), HOUR)), currency),
        unpriced_seconds=int(row.unpriced),
        uncosted_seconds=int(row.uncosted),
    )
