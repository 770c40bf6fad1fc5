"""Approved expenses become lines of the month's draft, once; what is left out says why (rules 16, E4, E6)."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Client
from helpdesk.company.service import get_company
from helpdesk.expenses import service as expenses
from helpdesk.expenses.domain.facts import Facts
from helpdesk.expenses.models import Expense, ExpenseCategory
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import render, service
from helpdesk.invoicing.document import Issue, document_of
from helpdesk.invoicing.drafts import expense_lines
from helpdesk.kernel.errors import Conflict
from tests.slices.invoicing.conftest import NOVEMBER, Story

ISSUE = Issue(number="INV-1", issued_on=date(2026, 12, 1), due_on=date(2026, 12, 15))


def spend(story: Story, amount: str = "119.00", *, status: str = "approved", **more: Any) -> Expense:
    """Add an expense of the technician for Acme on 16 November, with 19 % in it, as far on as asked."""
    with unit_of_work() as session:
        if session.scalar(select(ExpenseCategory.id).limit(1)) is None:
            expenses.add_default_categories(session, actor=SYSTEM, now=story.now)
        travel = session.scalars(select(ExpenseCategory).where(ExpenseCategory.name == "Travel")).one()
        facts = {
            "spent_on": date(2026, 11, 16),
            "category_id": travel.id,
            "amount": amount,
            "currency": "EUR",
            "tax_percent": "19",
            "note": "Train to Hamburg",
            **more,
        }
        expense = expenses.add_expense(
            session,
            actor=story.office.actor("technician"),
            now=story.now,
            facts=Facts(**facts),
            project_id=story.office.acme_project.id,
        )
        if status != "draft":
            expenses.submit(session, actor=SYSTEM, now=story.now, expense_ids=[expense.id])
        if status == "approved":
            expenses.approve(session, actor=SYSTEM, now=story.now, expense_ids=[expense.id])
    return expense


def status_of(expense: Expense) -> str:
    with unit_of_work() as session:
        return session.get_one(Expense, expense.id).status


def left_out(story: Story) -> list[tuple[object, object]]:
    with unit_of_work() as session:
        client = session.get_one(Client, story.office.acme.id)
        return [
            (row["reason"], row["amount_minor"])
            for row in expense_lines.left_out(session, client=client, month=NOVEMBER)
        ]


def test_each_approved_expense_is_a_line_after_the_work_with_markup_rounded_by_itself(story):
    story.log("1")
    train = spend(story, billing="markup", markup_percent="10")
    spend(story, "39.69", tax_percent="19", billing="markup", markup_percent="10", note="")  # 33.35 net, 36.685
    spend(story, "10.00", billing="not_billable")
    spend(story, "11.00", status="submitted")
    spend(story, "12.00", status="draft")
    spend(story, "13.00", spent_on=date(2026, 12, 1))

    invoice = story.drafted()

    assert [(line.kind, line.description, line.detail, line.amount_minor) for line in invoice.lines[1:]] == [
        ("expense", "Travel: Train to Hamburg", "16 Nov 2026", 11000),
        ("expense", "Travel", "16 Nov 2026", 3669),
    ]
    assert (invoice.net_minor, status_of(train)) == (10000 + 11000 + 3669, "locked")
    assert left_out(story) == [("not_billable", 1000), ("submitted", 1100), ("draft", 1200)]


def test_an_expense_is_billed_once_and_free_again_when_its_invoice_ends(story):
    expense = spend(story)

    first = story.drafted()
    again = story.drafted()
    with unit_of_work() as session:
        with pytest.raises(Conflict, match=r"the draft invoice \d+ for Acme"):
            expenses.reopen(session, actor=SYSTEM, now=story.now, expense_id=expense.id, reason="x")
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=first.id)
    assert (again.id, status_of(expense)) == (first.id, "approved")

    issued = story.issue(story.drafted())
    with unit_of_work() as session, pytest.raises(Conflict, match=f"invoice {issued.number}"):
        expenses.reopen(session, actor=SYSTEM, now=story.now, expense_id=expense.id, reason="x")
    assert (status_of(expense), left_out(story)) == ("locked", [])
    story.log("1")
    with unit_of_work() as session:
        service.void(session, actor=SYSTEM, now=story.now, invoice_id=issued.id, reason="Wrong address")
    assert [line.kind for line in story.drafted().lines] == ["time", "expense"]


def test_a_category_has_a_tax_of_its_own_unless_the_client_pays_none(story):
    spend(story)
    with unit_of_work() as session:
        travel = session.scalars(select(ExpenseCategory).where(ExpenseCategory.name == "Travel")).one()
        travel.tax_category, travel.tax_percent = "S", "7"
    story.log("1")

    mixed = story.drafted()
    with unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=mixed.id)
    story.change_client(tax_percent="0")
    free = story.drafted()

    assert [line.tax_percent for line in mixed.lines] == ["19", "7"]
    assert mixed.tax_minor == 1900 + 700
    assert [line.tax_percent for line in free.lines] == ["0", "0"]


def test_the_document_shows_expenses_in_the_clients_language(story):
    spend(story, spent_on=date(2026, 10, 30))
    story.change_client(language="de")

    invoice = story.drafted()
    with unit_of_work() as session:
        found = session.get_one(type(invoice), invoice.id)
        document = document_of(session, invoice=found, issue=ISSUE, company=get_company(session))
    page = render.to_html(dict(document))

    assert document["period"] == {
        "month": "2026-11",
        "from": "2026-10-30",
        "to": "2026-11-30",
        "time_zone": "Europe/Berlin",
    }
    for words in ("Auslagen bis Ende November 2026.", "Travel: Train to Hamburg", "30. Okt. 2026", "119,00"):
        assert words in page


def test_month_end_names_what_is_not_approved_and_bills_what_is(story, sign_in_as, fixed_clock):
    fixed_clock.now = story.now
    expense, _waits = spend(story), spend(story, "11.00", status="submitted")
    browser = sign_in_as(story.office.manager)

    done = story.close()["Acme"]
    page = browser.get("/close/2026-11").text
    shown = browser.get(f"/invoices/{done.invoice_id}").text

    assert (done.state, done.total_minor) == ("drafted", 11900)
    assert [row["reason"] for row in done.expenses_left_out] == ["submitted"]
    assert "Expenses not approved" in page
    assert "1 waits for approval" in page
    assert "1 expense: waits for approval" in page
    assert f'href="/expenses/{expense.id}"' in shown
    assert "100.00 EUR net = 100.00 EUR" in shown
    assert "€11.00, Travel of Technician Person, 16 Nov" in shown
