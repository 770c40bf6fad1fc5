"""Month-end and approvals ask at most eight questions where much waits for a decision (docs/desk.md rule 100)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.expenses import service as expenses
from helpdesk.expenses.domain.facts import Facts
from helpdesk.expenses.models import ExpenseCategory
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing.models import CloseRun, CloseStep, Invoice, InvoiceLine
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office
from tests.slices.invoicing.conftest import DECEMBER, NOVEMBER

pytestmark = pytest.mark.on_sqlite
WORKED = datetime(2026, 11, 16, 9, tzinfo=UTC)
MADE: dict[str, Any] = {"created_at": WORKED}


def furnish(office: Office, numbers: range) -> None:
    """Add clients of whom much waits: each has time beyond its cap, time without a price, an expense and invoices."""
    with unit_of_work() as session:
        expenses.add_default_categories(session, actor=SYSTEM, now=DECEMBER)
        run = session.scalar(select(CloseRun)) or CloseRun(
            month=NOVEMBER.first_day, started_at=DECEMBER, started_by_id=office.manager.id
        )
        session.add(run)
        for n in numbers:
            client = Client(name=f"Client {n}", currency=("EUR", "USD", "CHF")[n % 3], time_zone="UTC", **MADE)
            session.add(client)
            session.flush()
            project = Project(client_id=client.id, name="Support", max_billable_seconds=3600, **MADE)
            session.add(project)
            session.flush()
            _agree(session, client)
            _work(session, office, project, n)
            _bill(session, client, n)
            session.add(
                CloseStep(run=run, client_id=client.id, state="failed", error="x", left_out=[], updated_at=DECEMBER)
            )


def _agree(session: Session, client: Client) -> None:
    terms = NewTerms(allowance_seconds=3600, overage_rate_minor=10000, at_cap="stop")
    agreement = retainers.add_agreement(
        session,
        actor=SYSTEM,
        now=WORKED,
        client_id=client.id,
        name="Retainer",
        starts_on=date(2026, 10, 1),
        terms=terms,
    )
    retainers.close_period(session, actor=SYSTEM, now=DECEMBER, agreement_id=agreement.id, month=NOVEMBER.previous)


def _work(session: Session, office: Office, project: Project, n: int) -> None:
    item = WorkItem(number=5000 + n, kind="task", project_id=project.id, title="Cables", updated_at=WORKED, **MADE)
    session.add(item)
    session.flush()
    for status, hours in (("draft", 1), ("submitted", 2), ("approved", 1)):
        session.add(
            TimeEntry(
                uuid=f"{status} {n}",
                work_item_id=item.id,
                person_id=office.technician.id,
                started_at=WORKED,
                ended_at=WORKED + timedelta(hours=hours),
                source="typed",
                note="",
                status=status,
                billable_seconds=3600 * hours if status == "approved" else None,
                **MADE,
            )
        )
    category_id = session.scalars(select(ExpenseCategory.id).order_by(ExpenseCategory.id)).first()
    facts = Facts(spent_on=WORKED.date(), category_id=category_id, amount="10", currency="EUR", note="Cables")
    actor = office.actor("technician")
    expenses.add_expense(session, actor=actor, now=DECEMBER, facts=facts, project_id=project.id)


def _bill(session: Session, client: Client, n: int) -> None:
    """Add a draft of November and one of October, and what was issued and is about to leave."""
    issued = {"issued_at": DECEMBER, "issued_on": DECEMBER.date(), "send_to": "a@client.example"}
    for month, status, more in (
        (NOVEMBER, "draft", {}),
        (NOVEMBER.previous, "draft", {}),
        (NOVEMBER, "issued", {**issued, "number": f"INV-{n}"}),
    ):
        invoice = Invoice(
            client_id=client.id,
            idempotency_key=f"{month} {status} {n}",
            month=month.first_day,
            status=status,
            currency=client.currency,
            created_at=DECEMBER,
            **more,
        )
        session.add(invoice)
        session.flush()
        line = {"kind": "free", "description": "Cables", "unit_price": "10.00", "tax_percent": "19"}
        if status == "draft":
            session.add(InvoiceLine(invoice_id=invoice.id, position=1, amount_minor=1000, **line))


def test_month_end_and_approvals_ask_at_most_eight_questions_where_thirty_clients_wait(
    office, sign_in_as, count_queries, fixed_clock
):
    fixed_clock.now = DECEMBER
    browsers = {role: sign_in_as(getattr(office, role)) for role in ("admin", "manager", "bookkeeper")}
    paths = {role: ["/close/2026-11", "/time/approvals", "/time/approvals?group=client"] for role in browsers}
    paths["bookkeeper"] = ["/close/2026-11"]
    pages = {}

    def asked() -> dict[tuple[str, str], int]:
        found = {}
        for role, browser in browsers.items():
            for path in paths[role]:
                with count_queries() as statements:
                    pages[role, path] = browser.get(path).text
                found[role, path] = len([one for one in statements if one != "BEGIN"])
        return found

    furnish(office, range(3))
    few = asked()
    furnish(office, range(3, 30))

    assert asked() == few
    assert {page: count for page, count in few.items() if count > 8} == {}
    month_end = {role: pages[role, "/close/2026-11"] for role in browsers}
    failed, beyond = "failed; the others go on.", "Beyond the 1:00 of Retainer"
    assert {role: page.count(failed) for role, page in month_end.items()} == dict.fromkeys(browsers, 30)
    assert {role: page.count(beyond) for role, page in month_end.items()} == {
        "admin": 30,
        "manager": 30,
        "bookkeeper": 0,
    }
    assert pages["manager", "/time/approvals"].count(beyond) == 30
    assert "There is no rate of exchange from USD to EUR" in month_end["bookkeeper"]
