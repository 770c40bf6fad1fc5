"""Any order of acts on expenses and invoices, compared with a small model: nothing is billed twice, nothing lost."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from helpdesk.doctor import examine
from helpdesk.expenses import service as expenses
from helpdesk.expenses.domain.facts import Facts
from helpdesk.expenses.models import Expense, ExpenseClaim
from helpdesk.infra import blobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service as invoicing
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month
from tests.builders import Office
from tests.conftest import SqliteHouse, furnished_office
from tests.slices.invoicing.conftest import DECEMBER

MONTHS = (Month(2026, 10), Month(2026, 11), Month(2026, 12))
WHICH = st.integers(0, 20)


class Expenses(RuleBasedStateMachine):
    """The model: the state of each expense, and of each invoice the month, the state and what it bills."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.office: Office = furnished_office(self.app)
        self.states: dict[int, str] = {}
        self.days: dict[int, date] = {}
        self.invoices: dict[int, tuple[Month, str, set[int]]] = {}
        with unit_of_work() as session:
            expenses.add_default_categories(session, actor=SYSTEM, now=DECEMBER)

    @rule(
        day=st.sampled_from([month.first_day for month in MONTHS[:2]]),
        amount=st.integers(1, 99_999),
        far=st.sampled_from([(), (expenses.submit,), (expenses.submit, expenses.approve)]),
    )
    def an_expense_is_written(self, day: date, amount: int, far: tuple[Callable[..., Any], ...]) -> None:
        with unit_of_work() as session:
            facts = Facts(spent_on=day, amount=f"{amount / 100:.2f}", currency="EUR")
            expense = expenses.add_expense(
                session,
                actor=self.office.actor("technician"),
                now=DECEMBER,
                facts=facts,
                project_id=self.office.acme_project.id,
            )
            for act in far:
                act(session, actor=self.office.actor("manager"), now=DECEMBER, expense_ids=[expense.id])
        self.states[expense.id], self.days[expense.id] = ("draft", "submitted", "approved")[len(far)], day

    @rule(which=WHICH)
    def it_is_submitted(self, which: int) -> None:
        self._act(which, expenses.submit, {"draft": "submitted", "rejected": "submitted"}, many=True, ignores=True)

    @rule(which=WHICH)
    def it_is_approved(self, which: int) -> None:
        self._act(which, expenses.approve, {"submitted": "approved"}, many=True)

    @rule(which=WHICH)
    def it_is_rejected(self, which: int) -> None:
        self._act(which, expenses.reject, {"submitted": "rejected"}, reason="Which train?")

    @rule(which=WHICH)
    def it_is_reopened(self, which: int) -> None:
        self._act(which, expenses.reopen, {"approved": "draft"}, reason="Wrong project")

    @rule(month=st.sampled_from(MONTHS))
    def a_month_is_drafted(self, month: Month) -> None:
        with unit_of_work() as session:
            made = invoicing.draft_month(
                session, actor=SYSTEM, now=DECEMBER, client_id=self.office.acme.id, month=month
            )
        if not any(of == month and state in {"draft", "issued"} for of, state, _ in self.invoices.values()):
            due = {
                one for one, state in self.states.items() if state == "approved" and self.days[one] <= month.last_day
            }
            assert (made is not None) == bool(due)
            if made is not None:
                self.invoices[made.id] = (month, "draft", due)
                self.states.update(dict.fromkeys(due, "locked"))

    @rule(which=WHICH)
    def a_draft_is_issued(self, which: int) -> None:
        self._end(which, invoicing.issue, {"draft": "issued"})

    @rule(which=WHICH)
    def an_invoice_is_given_up(self, which: int) -> None:
        self._end(which, invoicing.give_up, {"draft": "dropped", "issued": "void"}, reason="Wrong address")

    @invariant()
    def every_expense_is_where_the_model_says_and_on_one_line_at_most(self) -> None:
        with unit_of_work() as session:
            states = {row.id: row.status for row in session.execute(select(Expense.id, Expense.status))}
            lines = session.execute(
                select(InvoiceLine.invoice_id, ExpenseClaim.expense_id)
                .join(ExpenseClaim, ExpenseClaim.holder_id == InvoiceLine.id)
                .where(ExpenseClaim.released_at.is_(None))
            ).all()
            found = {row.id: row.status for row in session.execute(select(Invoice.id, Invoice.status))}
        assert states == self.states
        assert found == {one: state for one, (_, state, _) in self.invoices.items()}
        assert sorted(lines) == sorted(
            (one, expense)
            for one, (_, state, held) in self.invoices.items()
            if state in {"draft", "issued"}
            for expense in held
        )

    def _act(
        self,
        which: int,
        act: Callable[..., Any],
        moves: dict[str, str],
        *,
        many: bool = False,
        ignores: bool = False,
        **more: Any,
    ) -> None:
        """Do ``act`` with one expense: it moves as the table says; what has no move is refused, or left alone."""
        if not self.states:
            return
        chosen = sorted(self.states)[which % len(self.states)]
        named = {"expense_ids": [chosen]} if many else {"expense_id": chosen}
        moved = moves.get(self.states[chosen])
        try:
            with unit_of_work() as session:
                act(session, actor=self.office.actor("manager"), now=DECEMBER, **named, **more)
            assert moved is not None or ignores
        except (Conflict, RuleViolation):
            assert moved is None
        self.states[chosen] = moved or self.states[chosen]

    def _end(self, which: int, act: Callable[..., Any], moves: dict[str, str], **more: Any) -> None:
        """Do ``act`` with one invoice; where it ends, what it billed is approved again."""
        if not self.invoices:
            return
        chosen = sorted(self.invoices)[which % len(self.invoices)]
        month, state, held = self.invoices[chosen]
        try:
            with unit_of_work() as session:
                act(session, actor=SYSTEM, now=DECEMBER, invoice_id=chosen, **more)
            assert state in moves
        except (Conflict, RuleViolation):
            assert state not in moves
            return
        self.invoices[chosen] = (month, moves[state], held)
        if moves[state] in {"dropped", "void"}:
            self.states.update(dict.fromkeys(held, "approved"))


@pytest.mark.usefixtures("rung")
def test_any_order_of_acts_bills_an_expense_once_and_loses_none(sqlite_house: SqliteHouse, tmp_path):
    class Fresh(Expenses):
        def __init__(self) -> None:
            self.app = sqlite_house.renew(furnished=True)
            self.app.config["BLOB_ROOT"] = str(tmp_path / "files")
            self.context = self.app.app_context()
            self.context.push()
            super().__init__()

        def teardown(self) -> None:
            with unit_of_work() as session:
                assert examine(session, store=blobs.store(), now=DECEMBER) == []
            db.session.remove()
            db.engine.dispose()
            self.context.pop()

    run_state_machine_as_test(
        Fresh,
        settings=settings(
            max_examples=5,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
