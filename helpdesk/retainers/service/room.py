"""Whether a month or its quarter surely has hours left, told without reading all time of a client (rule 14).

Most time is written long before a cap. What is found here is a bound: more than the month can have burned, against
less than it includes. Where the bound does not do, `capping` asks the engine.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk.infra.sql import seconds_between
from helpdesk.kernel.durations import MINUTE
from helpdesk.kernel.periods import Month, local_day, local_month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers import queries
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.domain.terms import Agreement, Terms
from helpdesk.retainers.models import LedgerRow, RetainerPeriod
from helpdesk.timekeeping.models import TimeEntry

LONGEST = timedelta(days=2)
"""What began longer before a month does not reach into it."""


def surely_has_room(session: Session, entry: TimeEntry) -> bool:
    """Return whether no retainer draws the entry, or its month has hours left for certain; False where it may not."""
    return not may_lack_room(session, [entry])


def may_lack_room(session: Session, entries: Iterable[TimeEntry]) -> list[TimeEntry]:
    """Return the entries whose months have not for certain hours left; each month of an agreement is looked at once."""
    by_client: dict[int, list[TimeEntry]] = defaultdict(list)
    for entry in entries:
        by_client[entry.work_item.project.client_id].append(entry)
    return [each for client_id, some in by_client.items() for each in _lacking(session, client_id, some)]


def _lacking(session: Session, client_id: int, entries: Sequence[TimeEntry]) -> Sequence[TimeEntry]:
    rows = queries.agreements_of(session, client_id=client_id)
    zones = {row.time_zone for row in rows}
    if len(zones) != 1:
        return entries if rows else ()
    zone, known = ZoneInfo(zones.pop()), {row.id: engine_agreement(row) for row in rows}
    closed = queries.closed_periods(session, agreement_ids=known)
    looked_at: dict[tuple[int, Month], bool] = {}
    found = []
    for entry in entries:
        day, month = local_day(entry.started_at, zone), local_month(entry.started_at, zone)
        drawn_by = queries.narrowest(known, entry.work_item.project_id, entry.work_type_id, day)
        if month != local_month(entry.ended_at or entry.started_at, zone):
            found.append(entry)
        elif drawn_by:
            key = drawn_by, month
            if key not in looked_at:
                is_closed = closed.get(drawn_by, {})
                looked_at[key] = _has_room(session, client_id, known[drawn_by], is_closed, month, zone)
            if not looked_at[key]:
                found.append(entry)
    return found


def _has_room(
    session: Session, client_id: int, agreement: Agreement, closed: Collection[Month], month: Month, zone: ZoneInfo
) -> bool:
    if month in closed or any(terms.carry_deficit for terms in agreement.terms):
        return False
    span = Span(agreement.span_of(month).first, month)
    most = _most_worked(session, client_id, span, max(closed, default=None), zone)
    return most * _highest_factor(agreement.terms_in(month)) < agreement.allowance_in(span.first)


def _highest_factor(terms: Terms) -> Decimal:
    factors = [Decimal(1), *(each.factor for each in terms.multipliers)]
    return max([*factors, terms.after_hours.factor] if terms.after_hours else factors)


def _most_worked(session: Session, client_id: int, span: Span, closed: Month | None, zone: ZoneInfo) -> int:
    """Return at most what the client's time comes to in some months, with what waits and what came late."""
    policy = RoundingPolicyRow
    slack = session.scalar(select(func.max(policy.step_minutes + policy.minimum_minutes))) or 1
    begins, ends = span.first.instants(zone)[0], span.last.instants(zone)[1]
    named = (
        select(LedgerRow.id)
        .join(LedgerRow.period)
        .where(LedgerRow.time_entry_id == TimeEntry.id, RetainerPeriod.reversed_at.is_(None))
        .exists()
    )
    in_it = TimeEntry.started_at >= begins - LONGEST
    late = (TimeEntry.started_at < closed.instants(zone)[1]) & ~named if closed else None
    worked = func.coalesce(seconds_between(TimeEntry.started_at, TimeEntry.ended_at), 0) + slack * MINUTE
    query = (
        select(func.sum(func.coalesce(TimeEntry.billable_seconds, worked)))
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .where(
            Project.client_id == client_id,
            TimeEntry.billable == "billable",
            TimeEntry.status.in_(("draft", "submitted", "approved", "locked")),
            TimeEntry.started_at < ends,
            in_it if late is None else or_(in_it, late),
        )
    )
    return int(session.scalar(query) or 0)
