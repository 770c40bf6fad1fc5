"""Expenses of the technician for Acme, each act a unit of its own."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.company.models import Company
from helpdesk.expenses import service
from helpdesk.expenses.domain.facts import Facts
from helpdesk.expenses.models import Expense, ExpenseCategory
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from tests.builders import Office
from tests.conftest import NOW


@dataclass
class Desk:
    """Who spends and who approves."""

    office: Office
    categories: dict[str, int]

    def spend(self, amount: str = "119.00", *, by: str = "technician", **more: Any) -> Expense:
        """Add a draft of the technician for Acme's support, with 19 % in it, on 16 November."""
        place = {name: more.pop(name) for name in ("project_id", "number", "uuid", "person_id") if name in more}
        facts = {
            "spent_on": date(2026, 11, 16),
            "category_id": self.categories["Travel"],
            "amount": amount,
            "currency": "EUR",
            "tax_percent": "19",
            "note": "Train to Hamburg",
            **more,
        }
        place.setdefault("project_id", self.office.acme_project.id)
        with unit_of_work() as session:
            return service.add_expense(session, actor=self.office.actor(by), now=NOW, facts=Facts(**facts), **place)

    def submit(self, *expenses: Expense, by: str = "technician") -> None:
        self._do(service.submit, by, [one.id for one in expenses])

    def approve(self, *expenses: Expense, by: str = "manager") -> None:
        self._do(service.approve, by, [one.id for one in expenses])

    def approved(self, amount: str = "119.00", **more: Any) -> Expense:
        """Add an expense and see it through to its approval."""
        expense = self.spend(amount, **more)
        self.submit(expense)
        self.approve(expense)
        return self.again(expense)

    def again(self, expense: Expense) -> Expense:
        """Return the expense as it stands now."""
        with unit_of_work() as session:
            return session.scalars(select(Expense).where(Expense.id == expense.id)).one()

    def let_people_approve_their_own(self) -> None:
        with unit_of_work() as session:
            session.get_one(Company, 1).self_approval = True

    def _do(self, act: Any, by: str, ids: Iterable[int]) -> None:
        with unit_of_work() as session:
            act(session, actor=self.office.actor(by), now=NOW, expense_ids=ids)


@pytest.fixture
def desk(office: Office) -> Desk:
    with unit_of_work() as session:
        service.add_default_categories(session, actor=SYSTEM, now=NOW)
        rows = session.scalars(select(ExpenseCategory)).all()
        return Desk(office, {row.name: row.id for row in rows})
