"""Reads of the retainers slice: the engine's books from rows, what is closed, what overage is still open."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import Select, case, func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.clients import queries as clients
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.holders import Ids
from helpdesk.infra.policy import Actor
from helpdesk.infra.together import Together
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.periods import Month
from helpdesk.retainers import first_rows
from helpdesk.retainers.books import Bookkeeping, GivenBack, MonthView, Shelf, engine_agreement
from helpdesk.retainers.domain import terms as engine
from helpdesk.retainers.history import months_that_settled, needed_since, openings_of, work_and_burned
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.retainers.worked import Worked
from helpdesk.timekeeping.models import TimeReversal

Range = tuple[int, int]


@dataclass(frozen=True)
class FeeDue:
    """The fee of one month of an agreement whose time to be drafted has come."""

    agreement_id: int
    name: str
    month: Month
    fee_minor: int
    allowance_seconds: int
    timing: str


def visible_agreements(session: Session, *, actor: Actor) -> list[Agreement]:
    """Return the agreements of the clients whose money the actor may see, by client and name, bare."""
    query = (
        select(Agreement)
        .join(Agreement.client)
        .where(clients.billable_by(actor))
        .options(joinedload(Agreement.client))
        .order_by(Agreement.client_id, Agreement.name, Agreement.id)
    )
    return sorted(session.scalars(query), key=lambda agreement: (agreement.client.name.casefold(), agreement.name))


def client_of(session: Session, *, actor: Actor, agreement_id: int) -> int:
    """Return the id of the agreement's client, whose shelf brings the agreement itself.

    Raises:
        NotFound: there is none, or the actor may not see this client's money.
    """
    found = rows_of(session, client_asked(actor, agreement_id))
    if not found:
        message = "There is no such agreement."
        raise NotFound(message)
    return int(found[0].client_id)


def client_asked(actor: Actor, agreement_id: int) -> Select[int]:
    """Return the question of `client_of`, to be asked together with others."""
    query = select(Agreement.client_id).join(Agreement.client)
    return query.where(Agreement.id == agreement_id, clients.billable_by(actor))


def get_agreement(session: Session, *, actor: Actor, agreement_id: int, bare: bool = False) -> Agreement:
    """Return the agreement with its client; ``bare`` where a shelf brings terms, scope and blocks.

    Raises:
        NotFound: there is none, or the actor may not see this client's money.
    """
    query = (
        select(Agreement)
        .join(Agreement.client)
        .where(Agreement.id == agreement_id, clients.billable_by(actor))
        .options(joinedload(Agreement.client))
    )
    agreement = session.scalar(query)
    if agreement is None:
        message = "There is no such agreement."
        raise NotFound(message)
    if not bare:
        first_rows.complete(session, [agreement])
    return agreement


def lock_agreement(session: Session, agreement_id: int) -> Agreement:
    """Return the agreement, locked until the transaction ends: its months are closed and reopened one at a time.

    End, terms and blocks are those that it has now, whatever was read of it before.

    Raises:
        NotFound: there is none.
    """
    agreement = session.scalar(
        select(Agreement).where(Agreement.id == agreement_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    if agreement is None:
        message = "There is no such agreement."
        raise NotFound(message)
    session.expire(agreement, ["terms", "scope", "top_ups"])
    return agreement


def agreements_of(session: Session, *, client_id: int) -> list[Agreement]:
    """Return all agreements of a client, oldest first."""
    return first_rows.agreements_of(session, client_id=client_id)


def agreements_asked(client_id: int) -> list[Question]:
    """Return the questions of `agreements_of`, to be asked together with others."""
    return list(first_rows.agreements_to_ask([client_id]).values())


def covering_among(
    agreements: Iterable[Agreement], *, project_id: int | None, work_type_id: int | None, on: date
) -> Agreement | None:
    """Return the narrowest of a client's that covers work of a day of its contract (rule 10); None where none does."""
    rows = {row.id: row for row in agreements}
    return rows.get(
        narrowest({each: engine_agreement(row) for each, row in rows.items()}, project_id, work_type_id, on)
    )


def narrowest(
    agreements: Mapping[int, engine.Agreement], project_id: int | None, work_type_id: int | None, on: date
) -> int:
    """Return the id of the narrowest of a client's agreements that covers the work; 0 where none does."""
    work_type = None if work_type_id is None else str(work_type_id)
    found = [
        (engine.narrowness(agreement), agreement_id)
        for agreement_id, agreement in agreements.items()
        if agreement.is_in_force(on) and agreement.covers(project=str(project_id), work_type=work_type)
    ]
    return max(found)[1] if found else 0


def closed_periods(session: Session, *, agreement_ids: Iterable[int]) -> dict[int, dict[Month, RetainerPeriod]]:
    """Return the live closed periods of each agreement by month."""
    query = select(RetainerPeriod).where(
        RetainerPeriod.agreement_id.in_(tuple(agreement_ids)), RetainerPeriod.reversed_at.is_(None)
    )
    return _by_month(session.scalars(query))


def _by_month(periods: Iterable[RetainerPeriod]) -> dict[int, dict[Month, RetainerPeriod]]:
    found: dict[int, dict[Month, RetainerPeriod]] = defaultdict(dict)
    for period in periods:
        found[period.agreement_id][Month.of(period.month)] = period
    return found


def periods_to_close(session: Session, *, client_id: int, month: Month) -> list[tuple[int, Month]]:
    """Return (agreement id, month) of every open period up to and with ``month``, oldest month first."""
    agreements = agreements_of(session, client_id=client_id)
    closed = closed_periods(session, agreement_ids=[agreement.id for agreement in agreements])
    due = [
        (agreement.id, each)
        for agreement in agreements
        for each in months_of(agreement, through=month)
        if each not in closed.get(agreement.id, {})
    ]
    return sorted(due, key=lambda pair: (pair[1], pair[0]))


def months_of(agreement: Agreement, *, through: Month) -> list[Month]:
    """Return the months of an agreement from its first to ``through``, or to its end where that is sooner."""
    last = min(through, Month.of(agreement.ends_on)) if agreement.ends_on else through
    months, month = [], Month.of(agreement.starts_on)
    while month <= last:
        months.append(month)
        month = month.next
    return months


def shelf_of(
    session: Session,
    *,
    client_ids: Iterable[int],
    with_rates: bool = True,
    month: Month | None = None,
    through: Month | None = None,
    now: datetime | None = None,
    rows: first_rows.Rows | None = None,
) -> Shelf:
    """Return all rows that the books of these clients are made of: a fixed number of queries for any number of clients.

    Without rates nothing has a price; durations are the same. With ``month``, the first that anybody will ask for,
    months that were closed before it are facts: their entries stay where they are, however many years there were.
    Work of months after ``through``, the last that anybody will ask for, stays there, too. Of a quarter that runs in
    ``month`` all months are computed: what was used of its hours, only together they tell.
    With ``now`` the shelf knows what was burned in the weeks before, for the forecast. ``rows`` were read before.
    """
    ids = tuple(client_ids)
    rows = rows or first_rows.rows_of(session, ids, with_rates=with_rates)
    agreements: dict[int, list[Agreement]] = defaultdict(list)
    for agreement in rows.agreements:
        agreements[agreement.client_id].append(agreement)
    every, closed = rows.agreements, _by_month(rows.periods)
    month = None if month is None else min([month, *(_span_begins(each, month) for each in every)])
    openings = {} if month is None else openings_of(every, closed, month)
    since = None if month is None else needed_since(every, closed, openings, month)
    entries, behind = work_and_burned(session, ids, every, openings, since=since, month=month, through=through, now=now)
    zones = {ZoneInfo(each.time_zone) for each in every}
    settled, given_back = _settled_and_given_back(
        session, months_that_settled(ids, entries=entries, since=since, zones=zones), entries
    )
    return Shelf(
        agreements=agreements,
        closed=closed,
        settled=settled,
        given_back=given_back,
        entries=entries,
        policies=rows.policies,
        cards=rows.cards,
        lifted=rows.lifted,
        openings=openings,
        behind=behind,
    )


def _span_begins(agreement: Agreement, month: Month) -> Month:
    """Return the first of the months that share the hours of ``month``; of an agreement that is not in force itself."""
    whole = engine_agreement(agreement)
    return whole.span_of(month).first if whole.days_in(month) else month


def books_of(session: Session, agreement: Agreement, *, through: Month) -> Bookkeeping:
    """Return what the engine needs to know of one agreement."""
    return shelf_of(session, client_ids=[agreement.client_id], month=through, through=through).books_of(
        agreement, through=through
    )


def month_view(
    session: Session, *, agreement: Agreement, month: Month, now: datetime, rows: first_rows.Rows | None = None
) -> MonthView | None:
    """Return one month as a projection; None where the agreement has no such month. ``rows`` were read before."""
    shelf = shelf_of(session, client_ids=[agreement.client_id], month=month, through=month, now=now, rows=rows)
    return shelf.month_view(agreement, month=month, now=now)


def fees_due(session: Session, *, client_id: int, month: Month) -> list[FeeDue]:
    """Return the fees to draft with ``month``: in arrears those up to it, in advance those up to the month after.

    Whether one stands on an invoice already is for the caller to know.
    """
    due = []
    for agreement in agreements_of(session, client_id=client_id):
        whole = engine_agreement(agreement)
        for each in months_of(agreement, through=month.next):
            terms = whole.terms_in(each)
            if each > month and terms.fee_timing is engine.FeeTiming.ARREARS:
                continue
            fee = whole.fee_in(each, agreement.currency)
            if fee.minor:
                allowance = whole.hours_of(each)
                due.append(FeeDue(agreement.id, agreement.name, each, fee.minor, allowance, terms.fee_timing.value))
    return due


def closed_months_with(session: Session, entry_ids: Ids) -> dict[int, list[str]]:
    """Return by entry the closed months whose ledger names it, in words; overage waits there for its invoice."""
    found: dict[int, list[str]] = defaultdict(list)
    for entry_id, month, name in rows_of(session, closed_months_asked(entry_ids)):
        found[entry_id or 0].append(f"the closed month {Month.of(month)} of {name}")
    return dict(found)


def closed_months_asked(entry_ids: Ids) -> Question:
    """Return the question of `closed_months_with`, to be asked together with others."""
    return (
        select(LedgerRow.time_entry_id, RetainerPeriod.month, Agreement.name)
        .join(LedgerRow.period)
        .join(RetainerPeriod.agreement)
        .where(LedgerRow.time_entry_id.in_(entry_ids), RetainerPeriod.reversed_at.is_(None))
        .distinct()
        .order_by(RetainerPeriod.month, Agreement.name)
    )


def _settled_and_given_back(
    session: Session, months: Question, entries: Mapping[int, Sequence[Worked]]
) -> tuple[dict[int, dict[int, Month]], dict[int, dict[int, GivenBack]]]:
    """Return by agreement and entry which month settled it, and what of reversed ones was given back: one query."""
    reversed_ids = [row.id for of_client in entries.values() for row in of_client if row.status == "reversed"]
    if reversed_ids:
        read = Together(settled=months, given_back=_given_back_asked(reversed_ids)).read(session)
    else:
        read = {"settled": list(session.execute(months)), "given_back": []}
    settled: dict[int, dict[int, Month]] = defaultdict(dict)
    for row in read["settled"]:
        settled[row.agreement_id][row.time_entry_id] = Month.of(row.month)
    found: dict[int, dict[int, GivenBack]] = defaultdict(dict)
    for row in read["given_back"]:
        month, last = (Month.of(each) if each else None for each in (row.month, row.last))
        found[row.agreement_id][row.time_entry_id] = GivenBack(int(row.seconds), month, row.reason, last)
    return settled, found


def _given_back_asked(reversed_ids: Sequence[int]) -> Question:
    """Return the question what live closed periods drew for reversed entries, and which has given it back."""
    return (
        select(
            RetainerPeriod.agreement_id,
            LedgerRow.time_entry_id,
            func.sum(case((LedgerRow.kind == "draw", -LedgerRow.seconds), else_=0)).label("seconds"),
            func.max(case((LedgerRow.kind == "adjustment", RetainerPeriod.month))).label("month"),
            func.max(TimeReversal.reason).label("reason"),
            func.max(case((LedgerRow.kind.in_(("draw", "overage")), RetainerPeriod.month))).label("last"),
        )
        .join(LedgerRow.period)
        .join(TimeReversal, TimeReversal.time_entry_id == LedgerRow.time_entry_id)
        .where(LedgerRow.time_entry_id.in_(reversed_ids), RetainerPeriod.reversed_at.is_(None))
        .group_by(RetainerPeriod.agreement_id, LedgerRow.time_entry_id)
    )
