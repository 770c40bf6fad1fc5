"""Expenses by their pages: written on a phone, handed in, approved; what is wrong is said where it stands."""

from sqlalchemy import select

from helpdesk.expenses.models import Expense
from helpdesk.infra.db import unit_of_work

TYPED = {
    "kind": "amount",
    "amount": "12,50",
    "currency": "EUR",
    "spent_on": "2026-11-16",
    "billing": "as_is",
    "note": "Bus to the site",
}


def test_an_expense_is_written_handed_in_and_approved_by_its_pages(desk, sign_in_as):
    office = desk.office
    phone, manager = sign_in_as(office.technician), sign_in_as(office.manager)
    form = phone.get(f"/expenses/new?number={office.acme_ticket.number}")
    assert f'value="{office.acme_ticket.number}"' in form.text

    sent = phone.post("/expenses/new", data={**TYPED, "number": office.acme_ticket.number, "act": "submit"})
    queue = manager.get("/expenses/approvals")
    with unit_of_work() as session:
        expense = session.scalars(select(Expense)).one()
    approved = manager.post("/expenses/approve", data={"ids": [expense.id]}, follow_redirects=True)

    assert sent.status_code == 303
    assert "Bus to the site" in queue.text
    assert "€12.50" in queue.text
    assert "No receipt" in queue.text
    assert "1 expense is approved." in approved.text
    assert "Nothing waits" not in queue.text
    assert "Approved by Manager Person" in phone.get(f"/expenses/{expense.id}").text


def test_what_is_wrong_stands_beside_its_field_and_the_rest_is_kept(desk, sign_in_as):
    phone = sign_in_as(desk.office.technician)

    answer = phone.post("/expenses/new", data={**TYPED, "amount": "12.345", "project_id": desk.office.acme_project.id})

    assert answer.status_code == 422
    assert "12.345 is finer than EUR allows" in answer.text
    assert "Bus to the site" in answer.text
    assert 'id="amount-error"' in answer.text
    missing = phone.post("/expenses/new", data=TYPED)
    assert "Choose the project that it was for." in missing.text


def test_an_absent_rate_keeps_the_draft_and_says_so_on_its_page(desk, sign_in_as):
    phone = sign_in_as(desk.office.technician)

    answer = phone.post(
        "/expenses/new",
        data={**TYPED, "currency": "usd", "act": "submit", "project_id": desk.office.acme_project.id},
        follow_redirects=True,
    )

    assert "There is no rate from USD to EUR for 2026-11-16" in answer.text
    assert "no rate of exchange" in phone.get("/expenses?status=draft").text


def test_two_who_change_one_expense_do_not_overwrite_each_other(desk, sign_in_as):
    phone, expense = sign_in_as(desk.office.technician), desk.spend()
    changed = {**TYPED, "project_id": desk.office.acme_project.id, "version": str(expense.version)}

    first = phone.post(f"/expenses/{expense.id}", data={**changed, "note": "First"})
    second = phone.post(f"/expenses/{expense.id}", data={**changed, "note": "Second"})

    assert (first.status_code, second.status_code) == (303, 409)
    assert "Second" in second.text
    assert desk.again(expense).note == "First"


def test_managers_keep_the_lists(desk, sign_in_as):
    manager = sign_in_as(desk.office.manager)

    for path, form in (
        ("categories", {"name": "Books", "tax_category": "S", "tax_percent": "7"}),
        ("categories", {"name": "Stamps", "tax_category": "E", "tax_reason": "§ 4 Nr. 11b UStG"}),
        ("rates", {"unit": "km", "name": "Car", "amount": "0.30", "currency": "EUR", "effective_on": "2026-01-01"}),
        ("exchange", {"currency": "USD", "rate": "0.92", "effective_on": "2026-11-16", "source": "ECB"}),
    ):
        assert manager.post(f"/expenses/lists/{path}", data=form).status_code == 303
    again = manager.post("/expenses/lists/categories", data={"name": "books"})
    unused = manager.post(f"/expenses/lists/categories/{desk.categories['Meals']}", data={"name": "Meals"})

    bad = {"name": "Meals", "tax_category": "E", "in_use": "y"}
    unsaid = manager.post(f"/expenses/lists/categories/{desk.categories['Travel']}", data=bad | {"name": "Journeys"})

    assert (again.status_code, unused.status_code, unsaid.status_code) == (422, 303, 422)
    assert "Say why there is no tax" in unsaid.text
    assert 'value="Journeys"' in unsaid.text
    assert "needs a name of its own" in again.text
    page = manager.get("/expenses/lists").text
    assert "0.92" in page
    assert "Exempt from tax: § 4 Nr. 11b UStG" in page
    assert "Not in use" in page
    assert "Meals" not in manager.get("/expenses/new").text
