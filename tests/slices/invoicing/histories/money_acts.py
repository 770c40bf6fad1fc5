"""What people do with a client's drafts, invoices and payments, act by act, as hypothesis draws it."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule
from sqlalchemy import select

from helpdesk.expenses import service as expenses
from helpdesk.expenses.domain.facts import Facts
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process
from helpdesk.invoicing import service as invoicing
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.domain.lines import GroupBy
from helpdesk.invoicing.drafts import days, deducting, discounts, leaving, lines, regrouping
from helpdesk.invoicing.drafts.span import Span
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.money import refunding, settling
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.timekeeping.models import Charge
from tests.slices.invoicing.histories.time_acts import DAYS, LATER, MONTHS, WHICH, TimeActs, attempt, dying_at

EUROS = st.sampled_from(["0.01", "10.00", "33.33", "250.00"])
DRAFTS = "SELECT id FROM invoices WHERE status = 'draft' ORDER BY id"
DRAFTED_LINES = (
    "SELECT l.id FROM invoice_lines l JOIN invoices i ON i.id = l.invoice_id WHERE i.status = 'draft' ORDER BY l.id"
)
LIVE = "SELECT id FROM invoices WHERE status IN ('draft', 'issued') ORDER BY id"
ISSUED = "SELECT id FROM invoices WHERE kind = 'invoice' AND number IS NOT NULL AND status <> 'void' ORDER BY id"


class MoneyActs(TimeActs):
    """What becomes of Acme's time: drafts and their changes, documents, credit notes, payments and refunds."""

    @rule(day=DAYS, amount=EUROS)
    def an_expense_is_approved(self, day: date, amount: str) -> None:
        with attempt() as session:
            expense = expenses.add_expense(
                session,
                actor=self.people["technician"],
                now=LATER,
                facts=Facts(spent_on=day, amount=amount, currency="EUR"),
                project_id=self.office.acme_project.id,
            )
            for act in (expenses.submit, expenses.approve):
                act(session, actor=self.people["manager"], now=LATER, expense_ids=[expense.id])

    @rule(month=st.sampled_from(MONTHS))
    def a_month_is_drafted(self, month: Month) -> None:
        with attempt() as session:
            invoicing.draft_month(session, actor=SYSTEM, now=LATER, client_id=self.client_id, month=month)

    @rule(first=DAYS, last=DAYS, takes=st.sets(st.sampled_from(days.TAKES), min_size=1))
    def chosen_days_are_drafted(self, first: date, last: date, takes: set[str]) -> None:
        with attempt() as session:
            wish = days.DaysWish(self.client_id, Span(first, last), frozenset(takes))
            days.draft_days(session, actor=SYSTEM, now=LATER, wish=wish, key=self._key())

    @rule(amount=st.sampled_from([100, 9999, 50000]))
    def a_deposit_is_drafted(self, amount: int) -> None:
        what: dict[str, Any] = {"client_id": self.client_id, "text": "Deposit", "amount_minor": amount}
        with attempt() as session:
            deducting.draft_deposit(session, actor=SYSTEM, now=LATER, key=self._key(), **what)

    @rule(which=WHICH, at=WHICH)
    def a_deposit_is_taken_off(self, which: int, at: int) -> None:
        deposit_id = self._pick("SELECT id FROM invoice_lines WHERE kind = 'deposit' AND deducts_id IS NULL", at)
        if deposit_id is not None:
            self._change(which, deducting.deduct, deposit_id=deposit_id)

    @rule(which=WHICH, at=WHICH)
    def a_line_is_left_for_later(self, which: int, at: int) -> None:
        self._change(which, leaving.take_off, at=at)

    @rule(which=WHICH, at=WHICH)
    def an_entry_is_left_for_later(self, which: int, at: int) -> None:
        entry_id = self._pick("SELECT id FROM time_entries WHERE status = 'locked' ORDER BY id", at)
        if entry_id is not None:
            self._change(which, leaving.take_entries_off, at=at, entry_ids=[entry_id])

    @rule(which=WHICH, price=EUROS, quantity=st.sampled_from(["1", "2.5"]), tax=st.sampled_from([None, None, "7"]))
    def a_line_is_added(self, which: int, price: str, quantity: str, tax: str | None) -> None:
        wanted = lines.FreeLine("Cable", Decimal(price), Decimal(quantity), tax)
        self._change(which, lines.add_free, wanted=wanted)

    @rule(
        which=WHICH,
        kind=st.sampled_from(["discount", "surcharge"]),
        percent=st.sampled_from([None, "10", "33.3"]),
        at=st.none() | WHICH,
    )
    def it_is_adjusted(self, which: int, kind: str, percent: str | None, at: int | None) -> None:
        much: dict[str, Any] = {"percent": Decimal(percent)} if percent else {"amount": Money(777, "EUR")}
        if at is not None:
            much["line_ids"] = (self._pick(DRAFTED_LINES, at) or 0,)
        self._change(which, discounts.adjust, wanted=discounts.Adjustment(kind, "As agreed", **much))

    @rule(which=WHICH, group_by=st.sampled_from(GroupBy))
    def it_is_grouped_anew(self, which: int, group_by: GroupBy) -> None:
        self._change(which, regrouping.regroup, group_by=group_by)

    @rule(which=WHICH)
    def a_draft_is_issued(self, which: int) -> None:
        draft_id = self._pick(DRAFTS, which)
        if draft_id is not None:
            with attempt() as session:
                invoicing.issue(session, actor=SYSTEM, now=LATER, invoice_id=draft_id)

    @rule(dies=st.none() | st.integers(0, 8))
    def all_drafts_are_issued_and_printed(self, dies: int | None) -> None:
        with dying_at(dies):
            done = process.issue_reviewed(
                unit_of_work, actor=SYSTEM, clock=lambda: LATER, invoice_ids=self._all(DRAFTS)
            )
            for each in done:
                if each.state == "issued" and each.invoice_id is not None:
                    process.render_and_send(each.invoice_id, unit_of_work, clock=lambda: LATER)

    @rule(which=WHICH)
    def an_invoice_is_given_up(self, which: int) -> None:
        invoice_id = self._pick(LIVE, which)
        if invoice_id is not None:
            with attempt() as session:
                invoicing.give_up(session, actor=SYSTEM, now=LATER, invoice_id=invoice_id, reason="Wrong address")

    @rule(which=WHICH, at=WHICH, how=st.sampled_from(["all", "line", "time", "amount"]), amount=EUROS)
    def it_is_credited(self, which: int, at: int, how: str, amount: str) -> None:
        invoice_id = self._pick(ISSUED, which)
        if invoice_id is None:
            return
        with attempt() as session:
            lines_of = session.get_one(Invoice, invoice_id).lines
            if not lines_of:
                return
            line = lines_of[at % len(lines_of)]
            held = select(Charge.id).where(Charge.holder_kind == "invoice_line", Charge.holder_id == line.id)
            charges = session.scalars(held.where(Charge.released_at.is_(None)).order_by(Charge.id)).all()
            wishes = {
                "all": {each.id: Wish(whole=True) for each in lines_of},
                "line": {line.id: Wish(whole=True)},
                "time": {line.id: Wish(charge_ids=frozenset(charges[: 1 + at % 2]))},
                "amount": {line.id: Wish(amount=Money.parse(amount, "EUR"))},
            }[how]
            more: dict[str, Any] = {"reason": "Too much", "key": self._key()}
            invoicing.credit(session, actor=SYSTEM, now=LATER, invoice_id=invoice_id, wishes=wishes, **more)

    @rule(which=WHICH, share=st.sampled_from([Decimal("0.3"), Decimal(1), Decimal("1.5")]))
    def it_is_paid(self, which: int, share: Decimal) -> None:
        invoice_id = self._pick(ISSUED, which)
        if invoice_id is not None:
            with attempt() as session:
                total_minor = session.get_one(Invoice, invoice_id).total_minor
                settling.record_payment(
                    session,
                    actor=SYSTEM,
                    now=LATER,
                    invoice_id=invoice_id,
                    amount=Money(int(total_minor * share), "EUR"),
                    received_on=LATER.date(),
                    method="bank",
                    reference="",
                    key=self._key(),
                )

    @rule(which=WHICH)
    def credit_is_used(self, which: int) -> None:
        invoice_id = self._pick(ISSUED, which)
        if invoice_id is not None:
            with attempt() as session:
                settling.use_credit(session, actor=SYSTEM, now=LATER, invoice_id=invoice_id)

    @rule(which=WHICH)
    def a_payment_never_came(self, which: int) -> None:
        invoice_id, payment_id = self._pick(ISSUED, which), self._pick("SELECT id FROM payments ORDER BY id", which)
        if invoice_id is not None and payment_id is not None:
            ids = {"invoice_id": invoice_id, "payment_id": payment_id}
            with attempt() as session:
                settling.take_back(session, actor=SYSTEM, now=LATER, reason="Returned", **ids)

    @rule(amount=EUROS)
    def credit_is_paid_back(self, amount: str) -> None:
        with attempt() as session:
            refunding.pay_back(
                session,
                actor=SYSTEM,
                now=LATER,
                client_id=self.client_id,
                amount=Money.parse(amount, "EUR"),
                paid_on=LATER.date(),
                method="bank",
                reference="",
                reason="Paid twice",
                key=self._key(),
            )

    @rule(which=WHICH)
    def a_refund_came_back(self, which: int) -> None:
        refund_id = self._pick("SELECT id FROM refunds WHERE undone_at IS NULL ORDER BY id", which)
        if refund_id is not None:
            ids = {"client_id": self.client_id, "refund_id": refund_id}
            with attempt() as session:
                refunding.undo(session, actor=SYSTEM, now=LATER, reason="Wrong account", **ids)

    def _change(self, which: int, act: Callable[..., Any], *, at: int | None = None, **more: Any) -> None:
        """Change a draft as somebody does who has just seen it; with ``at`` one of its lines."""
        draft_id = self._pick(DRAFTS, which)
        if draft_id is None:
            return
        with attempt() as session:
            draft = session.get_one(Invoice, draft_id)
            if at is not None:
                if not draft.lines:
                    return
                more["line_id"] = draft.lines[at % len(draft.lines)].id
            act(session, actor=SYSTEM, now=LATER, invoice_id=draft_id, version=draft.version, **more)
