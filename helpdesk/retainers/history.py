"""How much of the past the books need: closed months are facts, and only what follows them is computed (rule 10)."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Date, Integer, Select, and_, bindparam, case, func, or_, select, union
from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question
from helpdesk.infra.db import UtcDateTime
from helpdesk.infra.sql import among_those
from helpdesk.infra.together import Together
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.projects.models import Project
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.opening import ClosedMonth, Opening, opening_of
from helpdesk.retainers.domain.statement import HISTORY_WEEKS
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.retainers.worked import Worked, worked
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import IS_LONG, TimeEntry

Closed = Mapping[int, Mapping[Month, RetainerPeriod]]

WAITING = ("draft", "submitted", "approved")
TAKEN = (*WAITING, "locked", "reversed")  # all but what came back from approval
LATEST_ZONE = ZoneInfo("Etc/GMT+12")  # where a month ends last
FAR_OFF = datetime(9000, 1, 1, tzinfo=UTC)
CLIENT_IDS = bindparam("client_ids", expanding=True, type_=Integer())
SINCE, RECENT, ENDS = (bindparam(name, type_=UtcDateTime()) for name in ("since", "recent", "ends"))
TWO_DAYS = timedelta(days=2)  # what began longer ago, and is not over, takes longer than a day


def openings_of(agreements: Iterable[Agreement], closed: Closed, month: Month) -> dict[int, Opening]:
    """Return by agreement what the months that were closed before ``month`` leave, where their figures tell."""
    found = {}
    for agreement in agreements:
        before = sorted((at, row) for at, row in closed.get(agreement.id, {}).items() if at < month)
        figures = [
            ClosedMonth(at, row.granted_seconds, row.used_seconds, row.carried_out_seconds) for at, row in before
        ]
        opening = opening_of(engine_agreement(agreement), figures)
        if opening is not None:
            found[agreement.id] = opening
    return found


def needed_since(
    agreements: Iterable[Agreement], closed: Closed, openings: Mapping[int, Opening], month: Month
) -> datetime | None:
    """Return the instant from which on work is needed; None where it is all.

    An agreement that ended before ``month`` needs none. One whose closed months do not tell what they leave needs all.
    """
    found = []
    for agreement in agreements:
        if agreement.ends_on is not None and agreement.ends_on < month.first_day:
            continue
        opening, zone = openings.get(agreement.id), ZoneInfo(agreement.time_zone)
        if opening is None and closed.get(agreement.id):
            return None
        first = opening.after.next if opening else Month.of(agreement.starts_on)
        found.append(first.instants(zone)[0])
    return min(found, default=month.instants(ZoneInfo("UTC"))[0])


def work_and_burned(
    session: Session,
    client_ids: Collection[int],
    agreements: Collection[Agreement],
    openings: Mapping[int, Opening],
    *,
    since: datetime | None,
    month: Month | None,
    through: Month | None = None,
    now: datetime | None = None,
) -> tuple[dict[int, list[Worked]], dict[int, dict[date, int]]]:
    """Return the ended time of each client, neither rejected nor written off, in the order of work: one query.

    With ``since`` that which ends after it, and of what ended before only what closed months have not settled: late
    time, what was reversed, and what a closed month from ``month`` on has settled. With ``through`` nothing of later
    months.

    With ``now`` also, by agreement, what its closed months drew in the weeks of the forecast, by the day of the work.
    """
    dialect = session.get_bind().dialect.name
    asked: dict[str, object] = {"client_ids": list(client_ids)}
    asked["ends"] = through.instants(LATEST_ZONE)[1] if through else FAR_OFF
    if since is not None:
        asked |= {"since": since, "recent": since - TWO_DAYS, "month": month.first_day if month else date.min}
    zones = {each.id: ZoneInfo(each.time_zone) for each in agreements if each.id in openings} if now else {}
    if zones and now:
        earliest = now - timedelta(weeks=HISTORY_WEEKS, days=2)
        asked |= {
            "agreement_ids": list(zones),
            "burned_since": earliest,
            "burned_month": earliest.date().replace(day=1),
        }
    read = _work_asked(dialect, is_all=since is None, burned=bool(zones)).read(session, **asked)
    rows = [Worked._make(row) for name in ("every", "recent", "late") for row in read.get(name, ())]
    found: dict[int, list[Worked]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.started_at, row.uuid)) if since is not None else rows:
        found[row.client_id].append(row)
    return found, _burned_by_day(read.get("burned", ()), zones, openings)


@cache
def _work_asked(dialect: str, *, is_all: bool, burned: bool) -> Together:
    parts = {"every": _all()} if is_all else {"recent": _recent(), "late": _late(dialect)}
    return Together(**parts, **({"burned": _burned()} if burned else {}))


@cache
def _all() -> Select[Any]:
    """Return the query for all work until ``ends``; it and the next two are made once, as that takes its time."""
    return _of_clients(TimeEntry.status.in_(TAKEN), TimeEntry.started_at < ENDS)


@cache
def _recent() -> Select[Any]:
    """Return the query for work that is over after ``since`` and began at most two days before."""
    entry = TimeEntry
    begins = and_(entry.started_at > RECENT, entry.started_at < ENDS)
    return _of_clients(entry.status.in_(TAKEN), entry.ended_at > SINCE, begins)


@cache
def _late(dialect: str) -> Select[Any]:
    """Return the query for what began longer ago, and for older work that no month before ``month`` has settled.

    By ids, found by what is rare: else all that a client ever had would be looked at.
    """
    entry = TimeEntry
    long = select(entry.id).where(IS_LONG, entry.ended_at > SINCE)  # no more, or SQLite takes another index
    waits = select(entry.id).where(entry.status.in_(WAITING), entry.started_at <= SINCE, entry.billable == "billable")
    undone = select(entry.id).where(entry.status == "reversed", entry.started_at <= SINCE)
    settled = (
        select(LedgerRow.time_entry_id)
        .join(LedgerRow.period)
        .join(RetainerPeriod.agreement)
        .where(
            Agreement.client_id.in_(CLIENT_IDS),
            RetainerPeriod.reversed_at.is_(None),
            RetainerPeriod.month >= bindparam("month", type_=Date()),
            LedgerRow.time_entry_id.is_not(None),
        )
    )
    older = or_(entry.ended_at <= SINCE, and_(entry.status.in_(TAKEN), entry.started_at <= RECENT))
    return _of_clients(older, among_those(entry.id, union(long, waits, undone, settled), dialect=dialect))


def _of_clients(*conditions: ColumnElement[bool]) -> Select[Any]:
    query = worked().where(Project.client_id.in_(CLIENT_IDS), *conditions, ~charging.is_written_off())
    return query.order_by(TimeEntry.started_at, TimeEntry.uuid)


def months_that_settled(
    client_ids: Collection[int],
    *,
    entries: Mapping[int, Sequence[Worked]],
    since: datetime | None,
    zones: Iterable[ZoneInfo] = (),
) -> Question:
    """Return the question which closed month first has settled an entry, by agreement: across a month's edge are two.

    With ``since`` of the entries that are given alone: those that began before it are asked for by name, the others
    can have been settled by no month that ended before, in the ``zones`` of the agreements.
    """
    which: ColumnElement[bool] = LedgerRow.time_entry_id.is_not(None)
    if since is not None:
        old = [row.id for of_client in entries.values() for row in of_client if row.started_at < since]
        first = min((local_month(since, zone) for zone in zones), default=Month.of(since.date()))
        recent = RetainerPeriod.month >= first.first_day
        which = or_(recent, LedgerRow.time_entry_id.in_(old)) if old else recent
    return (
        select(RetainerPeriod.agreement_id, LedgerRow.time_entry_id, func.min(RetainerPeriod.month).label("month"))
        .join(LedgerRow.period)
        .join(RetainerPeriod.agreement)
        .where(
            Agreement.client_id.in_(client_ids),
            RetainerPeriod.reversed_at.is_(None),
            LedgerRow.kind.in_(("draw", "overage")),
            LedgerRow.time_entry_id.is_not(None),
            which,
        )
        .group_by(RetainerPeriod.agreement_id, LedgerRow.time_entry_id)
    )


def _burned_by_day(
    rows: Iterable[Any], zones: Mapping[int, ZoneInfo], openings: Mapping[int, Opening]
) -> dict[int, dict[date, int]]:
    found: dict[int, dict[date, int]] = defaultdict(lambda: defaultdict(int))
    for row in rows:
        if row.month <= openings[row.agreement_id].after.last_day:
            found[row.agreement_id][local_day(row.started_at, zones[row.agreement_id])] += row.seconds
    return found


@cache
def _burned() -> Select[Any]:
    """Return the query for what closed months drew, each piece with its month and when the work began."""
    burn = case((LedgerRow.kind == "draw", -LedgerRow.seconds), else_=LedgerRow.seconds)
    return (
        select(RetainerPeriod.agreement_id, RetainerPeriod.month, TimeEntry.started_at, burn.label("seconds"))
        .join(LedgerRow.period)
        .join(TimeEntry, TimeEntry.id == LedgerRow.time_entry_id)
        .where(
            RetainerPeriod.agreement_id.in_(bindparam("agreement_ids", expanding=True, type_=Integer())),
            RetainerPeriod.reversed_at.is_(None),
            RetainerPeriod.month >= bindparam("burned_month", type_=Date()),
            LedgerRow.kind.in_(("draw", "overage")),
            TimeEntry.started_at >= bindparam("burned_since", type_=UtcDateTime()),
        )
    )
