"""What must hold of the books whatever happened (docs/architecture.md, invariants 3 to 7): rows, and sums of their own.

Nothing here calls the code that wrote the rows. What is issued or closed is remembered and compared with what is there
later, so that a fact that was changed afterwards is found.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from helpdesk.doctor import SQL_CHECKS

APPROVED = {"approved", "locked"}
NUMBERED = {"issued", "part_paid", "paid", "void", "credited"}
MOVES = {
    "draft": {"issued", "paid", "dropped"},
    "issued": {"part_paid", "paid", "void", "credited"},
    "part_paid": {"issued", "paid", "credited"},
    "paid": {"issued", "part_paid", "credited"},
    "credited": set[str](),
    "void": set[str](),
    "dropped": set[str](),
}
"""The states that follow each state of an invoice; from one look to the next several may have been passed."""

ENTRIES = "SELECT id, status, billable, billable_seconds FROM time_entries"
CHARGES = (
    "SELECT c.id, c.time_entry_id, c.from_second, c.to_second, c.burn_seconds, c.kind, c.holder_kind, c.holder_id,"
    " c.released_at IS NULL AS live, k.line_id AS credited_by FROM charges c"
    " LEFT JOIN credited_charges k ON k.charge_id = c.id"
)
INVOICES = (
    "SELECT id, kind, corrects_id, client_id, status, net_minor, tax_minor, total_minor, number, series_number,"
    " canonical_json, canonical_sha256 FROM invoices"
)
LINES = (
    "SELECT id, invoice_id, kind, minutes, quantity, unit_price, amount_minor, tax_category, tax_percent, credits_id,"
    " releases, retainer_period_id FROM invoice_lines"
)
SHARES = "SELECT payment_id, invoice_id, amount_minor FROM payment_shares WHERE undone_at IS NULL"
PAYMENTS = "SELECT id, amount_minor, taken_back_at IS NOT NULL AS taken_back FROM payments"
REFUNDED = (
    "SELECT r.payment_id, SUM(r.amount_minor) AS minor FROM refund_parts r JOIN refunds f ON f.id = r.refund_id"
    " WHERE f.undone_at IS NULL GROUP BY r.payment_id"
)
PERIODS = (
    "SELECT id, agreement_id, month, revision, granted_seconds, carried_in_seconds, topped_up_seconds, used_seconds,"
    " expired_seconds, carried_out_seconds, overage_seconds, fee_minor, closed_at, reversed_at FROM retainer_periods"
)
LEDGER = (
    "SELECT id, period_id, position, reverses, kind, seconds, time_entry_id, from_second, to_second, price_minor"
    " FROM ledger_rows"
)
BROKEN = [check for check in SQL_CHECKS if 3 <= check.invariant <= 7]

PRINTED = Decimal("0.00005")
"""Half of the last decimal of printed minutes."""
Rows = dict[int, Any]


class Books:
    """The rows as they are at each look, and the facts that every look has found so far."""

    def __init__(self) -> None:
        self.facts: dict[tuple[str, int], tuple[Any, ...]] = {}
        self.states: dict[int, str] = {}

    def look(self, session: Session) -> None:
        """Read everything and fail where an invariant does not hold, or a fact is not what it was."""
        entries, charges = _rows(session, ENTRIES), _rows(session, CHARGES)
        invoices, lines = _rows(session, INVOICES), _rows(session, LINES)
        nothing_is_charged_twice_and_no_second_is_lost(entries, charges.values())
        lines_print_the_seconds_behind_them(invoices, lines, charges.values())
        nobody_is_credited_more_than_was_billed(invoices, lines)
        states_say_what_is_paid(session, invoices)
        numbers_have_no_gaps(invoices.values())
        periods_balance_and_reversals_mirror_them(_rows(session, PERIODS), _rows(session, LEDGER))
        self._keep(invoices, lines, _rows(session, PERIODS), _rows(session, LEDGER))
        self._follow(invoices)
        for check in BROKEN:
            assert [tuple(row) for row in session.execute(text(check.sql))] == [], check.says

    def _keep(self, invoices: Rows, lines: Rows, periods: Rows, ledger: Rows) -> None:
        """Remember documents, closed periods and their ledger; what was known before is still the same."""
        numbered = {each.id for each in invoices.values() if each.number is not None}
        found = {("invoice", each.id): _but(each, "status") for each in invoices.values() if each.id in numbered}
        found |= {("line", each.id): tuple(each) for each in lines.values() if each.invoice_id in numbered}
        found |= {("period", each.id): _but(each, "reversed_at") for each in periods.values()}
        found |= {("ledger", each.id): tuple(each) for each in ledger.values()}
        for key, fact in self.facts.items():
            assert found.get(key) == fact, key
        self.facts = found

    def _follow(self, invoices: Rows) -> None:
        """Remember the state of each invoice; it has come from the one before by moves that there are."""
        for each in invoices.values():
            before = self.states.get(each.id, "draft" if each.kind == "invoice" else each.status)
            assert each.status in _reached(before), (each.id, before, each.status)
            self.states[each.id] = each.status


def _rows(session: Session, sql: str) -> Rows:
    return {row.id: row for row in session.execute(text(sql))}


def _but(row: Any, name: str) -> tuple[Any, ...]:
    return tuple(value for key, value in row._mapping.items() if key != name)  # noqa: SLF001 - SQLAlchemy's public name


def _reached(state: str) -> set[str]:
    reached, new = {state}, {state}
    while new:
        new = {after for each in new for after in MOVES[each]} - reached
        reached |= new
    return reached


def nothing_is_charged_twice_and_no_second_is_lost(entries: Rows, charges: Iterable[Any]) -> None:
    """Invariants 3 and 4: the live charges of an entry lie side by side within what it bills; the rest is free."""
    ranges: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for charge in charges:
        if charge.live:
            ranges[charge.time_entry_id].append((charge.from_second, charge.to_second))
    for entry_id, some in ranges.items():
        edges = [edge for one in sorted(some) for edge in one]
        entry = entries[entry_id]
        assert edges == sorted(edges), (entry_id, some)
        assert 0 <= edges[0] <= edges[-1] <= entry.billable_seconds, (entry_id, some)
        assert (entry.status, entry.billable) == ("locked", "billable"), entry
    for entry in entries.values():
        assert (entry.status == "locked") == (entry.id in ranges), entry


def lines_print_the_seconds_behind_them(invoices: Rows, lines: Rows, charges: Iterable[Any]) -> None:
    """Invariants 3 and 6: what a line of time counts is what its charges hold, and what credit notes took back.

    A line that was counted in burned seconds counts those.
    """
    held: dict[int, list[Any]] = defaultdict(list)
    for charge in charges:
        if charge.holder_kind == "invoice_line" and (charge.live or charge.credited_by is not None):
            held[charge.holder_id].append(charge)
    for line in lines.values():
        invoice = invoices[line.invoice_id]
        if line.minutes is None or invoice.kind != "invoice" or invoice.status in {"void", "dropped"}:
            continue
        seconds = sum(charge.to_second - charge.from_second for charge in held[line.id])
        burn = sum(charge.burn_seconds for charge in held[line.id])
        off = min(abs(Decimal(line.minutes) - Decimal(each) / 60) for each in (seconds, burn))
        assert off <= PRINTED or Decimal(line.unit_price) == 0, (line, held[line.id])
    assert not [line_id for line_id in held if line_id not in lines]


def nobody_is_credited_more_than_was_billed(invoices: Rows, lines: Rows) -> None:
    """Invariant 6: credit notes of an invoice give back no more than it billed: of a line, of a tax, in all."""
    given: dict[int, int] = defaultdict(int)
    billed_of: dict[tuple[int, str, str], int] = defaultdict(int)
    left_of: dict[tuple[int, str, str], int] = defaultdict(int)
    for line in lines.values():
        invoice = invoices[line.invoice_id]
        key = invoice.corrects_id or invoice.id, line.tax_category, line.tax_percent
        left_of[key] += line.amount_minor
        billed_of[key] += line.amount_minor if line.credits_id is None else 0
        if line.credits_id is not None:
            given[line.credits_id] -= line.amount_minor
    for line_id, minor in given.items():
        billed = lines[line_id].amount_minor
        assert 0 <= minor <= billed or billed <= minor <= 0, (lines[line_id], minor)
    noted = {each.corrects_id for each in invoices.values() if each.kind == "credit_note"}
    for key, left in left_of.items():
        if key[0] in noted:
            assert min(0, billed_of[key]) <= left <= max(0, billed_of[key]), (key, left, billed_of[key])
    for root in noted:
        notes = [each for each in invoices.values() if each.corrects_id == root]
        for name in ("net_minor", "tax_minor", "total_minor"):
            billed = getattr(invoices[root], name)
            given_back = -sum(getattr(note, name) for note in notes)
            assert 0 <= given_back <= billed, (root, name, billed, given_back)


def states_say_what_is_paid(session: Session, invoices: Rows) -> None:
    """Invariant 6: issued, part paid, paid and credited are what payments and credit notes make of an invoice."""
    settled: dict[int, int] = defaultdict(int)
    spent: dict[int, int] = defaultdict(int)
    for share in session.execute(text(SHARES)):
        settled[share.invoice_id] += share.amount_minor
        spent[share.payment_id] += share.amount_minor
    for refunded in session.execute(text(REFUNDED)):
        spent[refunded.payment_id] += refunded.minor
    for payment in session.execute(text(PAYMENTS)):
        assert spent.pop(payment.id, 0) <= (0 if payment.taken_back else payment.amount_minor), payment
    assert not spent
    for invoice in invoices.values():
        if invoice.kind == "credit_note" or invoice.status not in NUMBERED - {"void"}:
            assert settled[invoice.id] == 0, invoice
            continue
        notes = [each for each in invoices.values() if each.corrects_id == invoice.id]
        assert invoice.status == _state_of(invoice, notes, settled[invoice.id]), (invoice, notes, settled[invoice.id])


def _state_of(invoice: Any, notes: list[Any], settled_minor: int) -> str:
    if notes and invoice.net_minor + sum(note.net_minor for note in notes) == 0:
        assert settled_minor == 0, invoice
        return "credited"
    owed = invoice.total_minor + sum(note.total_minor for note in notes)
    assert 0 <= settled_minor <= owed, (invoice, settled_minor)
    if settled_minor == owed:
        return "paid"
    return "part_paid" if settled_minor else "issued"


def numbers_have_no_gaps(invoices: Iterable[Any]) -> None:
    """Invariant 7: the numbers of invoices are 1, 2, 3 …, those of credit notes too, and none is there twice."""
    documents: dict[str, list[Any]] = defaultdict(list)
    for each in invoices:
        assert (each.number is not None) == (each.status in NUMBERED), each
        if each.number is not None:
            documents[each.kind].append(each)
    for some in documents.values():
        assert sorted(each.series_number for each in some) == list(range(1, len(some) + 1))
        assert len({each.number for each in some}) == len(some)


def periods_balance_and_reversals_mirror_them(periods: Rows, ledger: Rows) -> None:
    """Invariant 5: a closed month balances, and one that was reopened has for each row one that takes it back."""
    rows: dict[int, list[Any]] = defaultdict(list)
    for row in ledger.values():
        rows[row.period_id].append(row)
    live: set[tuple[int, Any]] = set()
    for period in periods.values():
        given = period.granted_seconds + period.carried_in_seconds + period.topped_up_seconds
        gone = period.used_seconds + period.expired_seconds + period.carried_out_seconds
        assert given == gone, period
        posted = [row for row in rows[period.id] if not row.reverses]
        taken_back = [row for row in rows[period.id] if row.reverses]
        assert sum(row.seconds for row in posted if row.kind != "overage") == 0, period
        assert -sum(row.seconds for row in posted if row.kind == "draw") == period.used_seconds, period
        if period.reversed_at is None:
            assert (period.agreement_id, period.month) not in live, period
            live.add((period.agreement_id, period.month))
            assert taken_back == []
        else:
            assert sorted(_signature(row, 1) for row in posted) == sorted(_signature(row, -1) for row in taken_back)


def _signature(row: Any, sign: int) -> tuple[str, ...]:
    return tuple(map(str, (row.position, row.kind, sign * row.seconds, row.time_entry_id, row.from_second)))


def everything_is_billed(entries: Rows, charges: Iterable[Any], but_for: Mapping[int, str]) -> None:
    """Invariant 4 at the end of all: every approved second that bills is charged, but for what has a reason."""
    charged: dict[int, int] = defaultdict(int)
    for charge in charges:
        if charge.live:
            charged[charge.time_entry_id] += charge.to_second - charge.from_second
    for entry in entries.values():
        if entry.status in APPROVED and entry.billable == "billable" and entry.id not in but_for:
            assert charged[entry.id] == entry.billable_seconds, entry
