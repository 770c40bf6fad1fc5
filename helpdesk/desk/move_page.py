"""What the page before a move shows: where to, and what becomes of each entry (docs/billing.md rule 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.desk import moving
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import RATES, Actor
from helpdesk.infra.web import money_filter
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import local_day
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates.domain import RateMissing
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.domain.moves import MovingTime, Outcome, Place, move_time
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.service.pricing import PriceList


@dataclass(frozen=True)
class MoveLine:
    """One entry, and what the move does to it; prices are empty where not for the reader or where nothing bills."""

    number: int
    person_name: str
    note: str
    day: date
    worked_seconds: int
    status: str
    outcome: str
    held_by: tuple[str, ...]
    billable: str
    billable_then: str
    price: str
    price_then: str


@dataclass(frozen=True)
class MoveValues:
    """The context of desk/move.html; ``own_time`` where time of ours could become billable."""

    item: WorkItem
    project: Project
    others: list[WorkItem]
    lines: list[MoveLine]
    blocked: bool
    returned_count: int
    own_time: bool
    shows_money: bool


def values(
    session: Session, *, actor: Actor, now: datetime, number: int, project_id: int | None, also: Iterable[int]
) -> MoveValues:
    """Return what will happen to the time on a ticket, and on those that move along, before anything does.

    Raises:
        NotFound: no such ticket, or not for this actor.
        RuleViolation: the ticket cannot move to that project.
    """
    item = projects.get_item(session, actor=actor, number=number)
    project = moving.destination(session, actor=actor, item=item, project_id=project_id)
    others = [projects.get_item(session, actor=actor, number=each) for each in also]
    shows_money = actor.is_one_of(RATES) and _handles_money(session, actor, {item.project.client_id, project.client_id})
    prices = PriceList(session) if shows_money else None
    lines = [line for each in (item, *others) for line in _lines(session, each, project, prices, now)]
    return MoveValues(
        item=item,
        project=project,
        others=others,
        lines=lines,
        blocked=any(line.outcome == Outcome.HELD for line in lines),
        returned_count=sum(line.outcome == Outcome.RETURNED for line in lines),
        own_time=not timekeeping.place_of(project).is_internal
        and any(
            line.billable == "not_billable" and timekeeping.place_of(each.project).is_internal
            for each in (item, *others)
            for line in lines
            if line.number == each.number
        ),
        shows_money=shows_money,
    )


def _handles_money(session: Session, actor: Actor, client_ids: set[int]) -> bool:
    """Whether the actor may see the prices of every one of these clients; our own company's are no secret."""
    query = select(func.count()).where(Client.id.in_(client_ids), Client.is_internal | clients.billable_by(actor))
    return session.scalar(query) == len(client_ids)


def _lines(
    session: Session, item: WorkItem, project: Project, prices: PriceList | None, now: datetime
) -> list[MoveLine]:
    entries, found = moving.time_of(session, item)
    before, after = timekeeping.place_of(item.project), timekeeping.place_of(project)
    return [_line(entry, found[entry.id], before, after, project, prices, now) for entry in entries]


def _line(
    entry: TimeEntry,
    found: MovingTime,
    before: Place,
    after: Place,
    project: Project,
    prices: PriceList | None,
    now: datetime,
) -> MoveLine:
    then = found if found.outcome is Outcome.HELD else move_time(found, before=before, after=after)
    return MoveLine(
        number=entry.work_item.number,
        person_name=entry.person.name,
        note=entry.note,
        day=time.day_of(entry),
        worked_seconds=time.worked_seconds(entry, now=now),
        status="running" if entry.ended_at is None else entry.status,
        outcome=found.outcome.value,
        held_by=found.held_by,
        billable=found.billable,
        billable_then=then.billable,
        price=_price_now(entry, prices),
        price_then=_price_then(entry, then, after, project, prices),
    )


def _price_now(entry: TimeEntry, prices: PriceList | None) -> str:
    if prices is None or entry.billable != "billable":
        return ""
    if entry.rate_minor is not None and entry.rate_currency is not None:
        return money_filter(entry.rate_minor, entry.rate_currency)
    return _price_in(entry, entry.work_item.project, time.day_of(entry), prices)


def _price_then(entry: TimeEntry, then: MovingTime, after: Place, project: Project, prices: PriceList | None) -> str:
    if prices is None or then.billable != "billable" or then.outcome is Outcome.HELD:
        return ""
    return _price_in(entry, project, local_day(then.started_at, after.zone), prices)


def _price_in(entry: TimeEntry, project: Project, on: date, prices: PriceList) -> str:
    found = prices.in_project(entry, project, on=on)
    if isinstance(found, RateMissing):
        return _("no rate found")
    return money_filter(Money.rounded(found.amount, found.currency).minor, found.currency)
