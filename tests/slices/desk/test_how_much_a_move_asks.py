"""The page before a move asks as little for much as for little (docs/desk.md rule 100)."""

from datetime import date, timedelta

import pytest
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.expenses.models import Expense, ExpenseCategory, ExpenseClaim
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing.models import HOLDER, Invoice, InvoiceLine
from helpdesk.projects.models import Baseline, BaselineTask, Project, TaskDetails, TaskLink, WorkItem
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.retainers.models import RetainerPeriod
from helpdesk.timekeeping.models import Charge, TimeEntry
from tests.builders import Office
from tests.conftest import NOW

MOST = 8
pytestmark = pytest.mark.on_sqlite


def test_a_move_of_much_asks_as_little_as_one_of_little(office, sign_in_as, count_queries):
    with unit_of_work() as session:
        task = session.get_one(WorkItem, office.acme_task.id)
        task.assignee_id, number = office.technician.id, task.number
        project = session.get_one(Project, office.globex_project.id)
        project.max_billable_seconds, project.manager_id = 3600, office.manager.id
        _grow(session, office, range(1))
    browser = sign_in_as(office.manager)

    def asked() -> tuple[str, list[str]]:
        where = {"project_id": office.globex_project.id, "also": [office.acme_ticket.number]}
        with count_queries() as statements:
            page = browser.get(f"/items/{number}/move", query_string=where)
        assert page.status_code == 200, page.text
        return page.text, [one for one in statements if one != "BEGIN"]

    _little, few = asked()
    with unit_of_work() as session:
        _grow(session, office, range(1, 11))
    much, many = asked()

    assert len(many) == len(few)
    assert len(many) <= MOST, "\n".join(many)
    for n in range(11):
        for shown in (
            f"Below {n}",
            f"Worker {n}",
            f"Team {n}",
            f"draft invoice {n + 1} for",
            f"Baseline {n}",
            f"Stays {n}",
        ):
            assert shown in much, shown
    assert "the closed month 2026-10 of Retainer 10" in much


def _grow(session: Session, office: Office, numbers: range) -> None:
    """Put tasks below the one that moves: each with people, a team, links, time and expenses that others hold."""
    category = ExpenseCategory(name=f"Rail {numbers[0]}")
    session.add(category)
    session.flush()
    for n in numbers:
        person = Person(name=f"Worker {n}", email=f"{n}@x.example", role="technician", password_hash="", created_at=NOW)
        session.add(person)
        session.flush()
        team = accounts.add_team(session, name=f"Team {n}", person_ids=(person.id,), now=NOW)
        below, stays = (_task(session, office, f"{word} {n}", 10 * n) for word in ("Below", "Stays"))
        below.assignee_id, below.team_id = person.id, team.id
        session.get_one(TaskDetails, below.id).parent_id = office.acme_task.id
        baseline = Baseline(project_id=below.project_id, name=f"Baseline {n}", taken_at=NOW)
        session.add_all([TaskLink(predecessor_id=stays.id, successor_id=below.id, created_at=NOW), baseline])
        session.flush()
        session.add(BaselineTask(baseline_id=baseline.id, work_item_id=below.id, starts_on=NOW, due_on=NOW))
        _spend(session, office, below, person, category, n)


def _spend(session: Session, office: Office, item: WorkItem, person: Person, category: ExpenseCategory, n: int) -> None:
    """Put time and expenses on an item; an invoice holds some of both, and a closed month some time."""
    invoice = Invoice(
        client_id=office.acme.id, currency="EUR", status="draft", kind="invoice", created_at=NOW,
        month=date(2026, 11, 1), idempotency_key=f"{n}",
    )  # fmt: skip
    agreement = retainers.add_agreement(
        session, actor=SYSTEM, now=NOW, client_id=office.acme.id, name=f"Retainer {n}", starts_on=date(2026, 10, 1),
        terms=retainers.NewTerms(allowance_seconds=0), project_ids=[_project(session, office, n).id],
    )  # fmt: skip
    session.add(invoice)
    session.flush()
    hours = ("granted", "carried_in", "topped_up", "used", "expired", "carried_out", "overage")
    period = RetainerPeriod(
        agreement_id=agreement.id,
        month=date(2026, 10, 1),
        closed_at=NOW,
        fee_minor=0,
        **{f"{each}_seconds": 0 for each in hours},
    )
    line = InvoiceLine(
        invoice_id=invoice.id, position=1, kind="time", description="", unit_price="1", amount_minor=1, tax_percent="0"
    )
    session.add_all([period, line])
    session.flush()
    for holder_kind, holder_id in ((HOLDER, line.id), ("retainer_period", period.id), (None, None)):
        entry = TimeEntry(
            uuid=f"{holder_kind} {n}", work_item_id=item.id, person_id=person.id, source="typed", created_at=NOW,
            started_at=NOW - timedelta(days=1), ended_at=NOW, status="approved" if holder_kind else "draft",
            billable_seconds=1800,
        )  # fmt: skip
        session.add(entry)
        session.flush()
        if holder_kind is not None:
            session.add(
                Charge(
                    time_entry_id=entry.id, from_second=0, to_second=1800, burn_seconds=0, kind="hourly",
                    holder_kind=holder_kind, holder_id=holder_id, state="held", created_at=NOW,
                )
            )  # fmt: skip
    expense = Expense(
        uuid=f"{n}", person_id=person.id, project_id=item.project_id, work_item_id=item.id, category_id=category.id,
        kind="amount", spent_on=NOW.date(), currency="EUR", net_minor=1, tax_minor=0, gross_minor=1,
        company_currency="EUR", bill_minor=1, bill_currency="EUR", status="approved", created_at=NOW,
    )  # fmt: skip
    session.add(expense)
    session.flush()
    session.add(
        ExpenseClaim(
            expense_id=expense.id, amount_minor=1, currency="EUR", holder_kind=HOLDER, holder_id=line.id, state="held",
            created_at=NOW,
        )
    )  # fmt: skip
    rates.set_rate(
        session, actor=SYSTEM, now=NOW, amount="100", currency="EUR", effective_on=date(2026, 1, 1), person_id=person.id
    )


def _task(session: Session, office: Office, title: str, number: int) -> WorkItem:
    item = WorkItem(
        number=1000 + number + title.startswith("Stays"), kind="task", project_id=office.acme_project.id, title=title,
        status="open", created_at=NOW, updated_at=NOW,
    )  # fmt: skip
    session.add(item)
    session.flush()
    session.add(TaskDetails(work_item_id=item.id, position=number))
    session.flush()
    return item


def _project(session: Session, office: Office, n: int) -> Project:
    project = Project(client_id=office.acme.id, name=f"Project {n}", created_at=NOW)
    session.add(project)
    session.flush()
    return project
