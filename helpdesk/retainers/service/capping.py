"""Time beyond the allowance of a month: what is told of it, and what is not approved (docs/billing.md rule 14)."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question, all_of
from helpdesk.infra.together import Together
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import Month, local_month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import first_rows, queries
from helpdesk.retainers.books import Bookkeeping, Shelf, engine_agreement, terms_in
from helpdesk.retainers.domain import cap
from helpdesk.retainers.domain.cap import OverCap
from helpdesk.retainers.domain.engine import settle
from helpdesk.retainers.domain.period import PeriodResult
from helpdesk.retainers.domain.spans import MONTHLY
from helpdesk.retainers.domain.statement import with_pending
from helpdesk.retainers.domain.terms import AtCap
from helpdesk.retainers.first_rows import Rows
from helpdesk.retainers.models import Agreement, AgreementTerms
from helpdesk.retainers.service.room import may_lack_room
from helpdesk.timekeeping import caps
from helpdesk.timekeeping.models import SUBMITTED, TimeEntry

REMEDIES = {
    AtCap.WARN: "what goes beyond is {beyond}.",
    AtCap.ASK: "ask the client for more hours on the page of the retainer, or say that the time is not billable.",
    AtCap.STOP: "agree on more hours on the page of the retainer, or say that the time is not billable.",
}
EARLIEST_ZONE = ZoneInfo("Etc/GMT+12")  # no place has an earlier month at any instant


def refusal(session: Session, entries: Sequence[TimeEntry]) -> str:
    """Return why entries that count as approved cannot be: the cap that they pass, and how to go on; empty: they can.

    Only agreements that stop or ask refuse, and only what goes further beyond than it was (rule 14).
    """
    client_ids = _capped_clients(session, [each.id for each in entries if each.billable == "billable"])
    if not client_ids:
        return ""
    shelf = _shelf_of(session, client_ids, entries)
    for agreement, book, mine in _books_of(shelf, entries):
        passed = cap.passed_by(
            book.books,
            [each.uuid for each in mine],
            lifted=shelf.lifted.get(agreement.id, {}),
            closed=shelf.closed.get(agreement.id, {}),
        )
        if passed:
            used = _state(agreement, passed[0], "with this")
            return f"{used}. Nothing was approved: {_remedy(agreement, passed[0])}"
    return ""


def warnings(session: Session, entries: Sequence[TimeEntry]) -> dict[int, str]:
    """Return by id what to tell with billable time of a month that has no hours left, with what waits; else nothing.

    An entry that runs counts nothing yet, and is told once nothing is left. The rows are read once, however many
    entries and months are asked for, and the engine runs once an agreement.
    """
    asked = may_lack_room(session, [each for each in entries if each.billable == "billable"])
    if not asked:
        return {}
    shelf = _shelf_of(session, {each.work_item.project.client_id for each in asked}, asked)
    found: dict[int, str] = {}
    for agreement, book, mine in _books_of(shelf, asked):
        settlement = settle(with_pending(book.books))
        months = {each.id: _month_of(agreement, each, shelf) for each in mine}
        stands = {month: _stands(agreement, settlement.period(month), shelf) for month in set(months.values())}
        for entry in mine:
            if (told := stands[months[entry.id]]) and _is_told(told, is_running=entry.ended_at is None):
                found[entry.id] = f"{_state(agreement, told, 'with what is not approved')}: {_remedy(agreement, told)}"
    return found


def _stands(agreement: Agreement, period: PeriodResult | None, shelf: Shelf) -> OverCap | None:
    """Return how a month stands against its cap; None where the agreement has no such month."""
    if period is None:
        return None
    lifted = shelf.lifted.get(agreement.id, {}).get(period.month, 0)
    return cap.over_cap(period, engine_agreement(agreement).terms_in(period.month).at_cap, lifted_seconds=lifted)


def _is_told(stands: OverCap, *, is_running: bool) -> bool:
    left = stands.allowance_seconds + stands.lifted_seconds - stands.burned_seconds
    return left < 0 or stands.beyond_seconds > stands.lifted_seconds or (is_running and not left)


def remarks(session: Session, entries: Sequence[TimeEntry]) -> Mapping[int, str]:
    """Return by id which waiting entries a month has no room for, where its agreement stops or asks."""
    wanted = {each.work_item.project.client_id for each in entries if each.billable == "billable"}
    rows = _capped_rows(session, wanted)
    client_ids = sorted({agreement.client_id for agreement in rows.agreements})
    if not client_ids:
        return {}
    shelf = _shelf_of(session, client_ids, entries, rows=rows)
    found = {}
    for agreement, book, mine in _books_of(shelf, entries):
        ids = {each.uuid: each.id for each in mine}
        lifted = shelf.lifted.get(agreement.id, {})
        for uuid, stands in cap.standing_out(book.books, ids, lifted=lifted).items():
            allowed = format_hm(stands.allowance_seconds + stands.lifted_seconds)
            found[ids[uuid]] = f"Beyond the {allowed} of {agreement.name} in {stands.month}"
    return found


def lock(session: Session, entry_ids: Collection[int]) -> None:
    """Lock the agreements that refuse time beyond their cap, so that of two approvals the second sees the first."""
    client_ids = _capped_clients(session, entry_ids)
    if client_ids:
        query = select(Agreement.id).where(Agreement.client_id.in_(client_ids)).order_by(Agreement.id)
        session.execute(query.with_for_update())


def questions() -> list[Question]:
    """Return what `remarks` asks whatever entries wait, to be asked ahead."""
    return list(_rows_asked().values())


def _capped_rows(session: Session, client_ids: Collection[int]) -> Rows:
    """Return what the books begin with of those clients whose agreements stop or ask, and whose time waits."""
    asked = _rows_asked()
    found = all_of(session, asked) or Together(**asked).read(session)
    rows = first_rows.rows_among(found, with_rates=False)
    agreements = [each for each in rows.agreements if each.client_id in client_ids]
    ids = {each.id for each in agreements}
    return replace(rows, agreements=agreements, periods=[each for each in rows.periods if each.agreement_id in ids])


def _rows_asked() -> dict[str, Select[Any]]:
    """Return the questions of `_capped_rows`, for all with such an agreement and time that waits for approval."""
    waits = select(Project.client_id).join(WorkItem, WorkItem.project_id == Project.id)
    waits = waits.join(TimeEntry, TimeEntry.work_item_id == WorkItem.id).where(SUBMITTED)
    terms = select(Agreement.client_id).join(AgreementTerms, AgreementTerms.agreement_id == Agreement.id)
    return first_rows.unpriced_to_ask(
        terms.where(AgreementTerms.at_cap != AtCap.WARN.value, Agreement.client_id.in_(waits))
    )


caps.register(caps.Cap(refusal=refusal, warnings=warnings, remarks=remarks, questions=questions, lock=lock))


def _shelf_of(
    session: Session, client_ids: Collection[int], entries: Sequence[TimeEntry], *, rows: Rows | None = None
) -> Shelf:
    """Return what the books are made of from the month of the first entry on: what was closed before is a fact."""
    first = min(local_month(each.started_at, EARLIEST_ZONE) for each in entries)
    return queries.shelf_of(session, client_ids=client_ids, with_rates=False, month=first, rows=rows)


def _books_of(shelf: Shelf, entries: Sequence[TimeEntry]) -> Iterator[tuple[Agreement, Bookkeeping, list[TimeEntry]]]:
    """Return each agreement that draws any of the entries, its books through the last month of them, and which."""
    by_client: dict[int, list[TimeEntry]] = defaultdict(list)
    for entry in entries:
        if entry.billable == "billable":
            by_client[entry.work_item.project.client_id].append(entry)
    for client_id, some in sorted(by_client.items()):
        for agreement in shelf.agreements.get(client_id, ()):
            through = max(_month_of(agreement, each, shelf) for each in some)
            book = shelf.books_of(agreement, through=through)
            mine = [each for each in some if shelf.draws(agreement, each)]
            if mine:
                yield agreement, book, mine


def _month_of(agreement: Agreement, entry: TimeEntry, shelf: Shelf) -> Month:
    """Return the month that settles an entry: its own, or the next open one where that is closed (rule 12)."""
    month, closed = local_month(entry.started_at, ZoneInfo(agreement.time_zone)), shelf.closed.get(agreement.id, {})
    return max(closed).next if month in closed else month


def _capped_clients(session: Session, entry_ids: Collection[int]) -> list[int]:
    """Return the clients of entries that have an agreement which stops or asks at its cap."""
    query = (
        select(Project.client_id)
        .join(WorkItem, WorkItem.project_id == Project.id)
        .join(TimeEntry, TimeEntry.work_item_id == WorkItem.id)
        .join(Agreement, Agreement.client_id == Project.client_id)
        .join(AgreementTerms, AgreementTerms.agreement_id == Agreement.id)
        .where(TimeEntry.id.in_(entry_ids), AgreementTerms.at_cap != AtCap.WARN.value)
    )
    return sorted(set(session.scalars(query))) if entry_ids else []


def _state(agreement: Agreement, stands: OverCap, counted: str) -> str:
    granted = f" and {format_hm(stands.lifted_seconds)} that the client granted" if stands.lifted_seconds else ""
    includes, used = format_hm(stands.allowance_seconds), format_hm(stands.burned_seconds)
    if engine_agreement(agreement).span_of(stands.month).is_quarter:
        has = f"has {includes} of its quarter left for {stands.month}"
    else:
        has = f"includes {includes} in {stands.month}"
    return f"{agreement.name} {has}{granted}, and {counted} {used} are used"


def _remedy(agreement: Agreement, stands: OverCap) -> str:
    terms = terms_in(agreement, stands.month)
    later = "taken from the next month" if terms.pool_months == MONTHLY else "taken from the next quarter"
    beyond = later if terms.carry_deficit else "billed as overage"
    return REMEDIES[stands.policy].format(beyond=beyond)
