"""An expense is written, submitted, approved or given back, and changed as long as nothing bills it."""

from datetime import date

import pytest
from sqlalchemy import select

from helpdesk.clients.locks import set_lock
from helpdesk.expenses import claiming, queries, service
from helpdesk.expenses.domain.facts import Facts, FieldRefused
from helpdesk.expenses.models import Expense
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.notices.models import Notice
from helpdesk.outbox import service as outbox
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import Project
from tests.conftest import NOW


def test_an_expense_goes_from_draft_to_approved_with_what_the_client_pays(desk):
    expense = desk.spend("119.00", billing="markup", markup_percent="10")

    desk.submit(expense)
    desk.approve(expense)

    found = desk.again(expense)
    assert (found.status, found.net_minor, found.tax_minor, found.gross_minor) == ("approved", 10000, 1900, 11900)
    assert (found.bill_minor, found.bill_currency) == (11000, "EUR")
    assert found.bill_reason == "100.00 EUR net + 10 % = 110.00 EUR"
    with unit_of_work() as session:
        acts = [row.action for row in queries.history(session, expense.id)]
    assert acts == ["approved", "submitted", "added"]


def test_a_repeated_request_adds_no_second_expense(desk):
    uuid = "5d0c2b51-0000-4000-8000-000000000001"

    first, second = desk.spend(uuid=uuid), desk.spend(uuid=uuid)

    assert first.id == second.id
    with pytest.raises(Conflict, match="somebody else"):
        desk.spend(uuid=uuid, by="manager")


def test_nobody_approves_their_own_unless_the_company_allows_it(desk):
    own = desk.spend(by="manager")
    desk.submit(own, by="manager")

    with pytest.raises(Denied, match="your own"):
        desk.approve(own, by="manager")
    with pytest.raises(Denied, match="does not approve"):
        desk.approve(own, by="technician")
    desk.let_people_approve_their_own()
    desk.approve(own, by="manager")

    assert desk.again(own).status == "approved"


def test_of_many_all_are_approved_or_none(desk):
    good, draft = desk.spend(), desk.spend()
    desk.submit(good)

    with pytest.raises(Conflict, match="Nothing was approved"):
        desk.approve(good, draft)

    assert [desk.again(one).status for one in (good, draft)] == ["submitted", "draft"]


def test_a_rejection_is_mailed_with_its_reason_and_what_was_typed_stays(desk):
    office = desk.office
    with unit_of_work() as session:
        outbox.add_mailbox(
            session, actor=SYSTEM, now=NOW, address="help@x.example", name="Help", smtp_host="localhost", smtp_port=25
        )
    expense = desk.spend()
    desk.submit(expense)

    with unit_of_work() as session:
        with pytest.raises(RuleViolation, match="Say why"):
            service.reject(session, actor=office.actor("manager"), now=NOW, expense_id=expense.id, reason=" ")
        service.reject(session, actor=office.actor("manager"), now=NOW, expense_id=expense.id, reason="Which train?")

    found = desk.again(expense)
    assert (found.status, found.rejected_because, found.gross_minor) == ("rejected", "Which train?", 11900)
    with unit_of_work() as session:
        mail = session.scalars(select(OutgoingMessage)).one()
        assert mail.to[0]["address"] == office.technician.email
        assert "Which train?" in mail.text
        assert f"/expenses/{expense.id}" in mail.text
        told = session.scalars(select(Notice)).one()
        assert (told.person_id, told.kind, told.author) == (office.technician.id, "rejected", "Manager Person")
        assert (told.excerpt, told.path, told.mail_due_at) == ("Which train?", f"/expenses/{expense.id}", None)
    desk.submit(expense)
    assert (desk.again(expense).status, desk.again(expense).rejected_because) == ("submitted", "")


def test_an_approval_is_taken_back_with_a_reason_and_a_change_makes_a_draft(desk):
    reopened, changed = desk.approved(), desk.approved()

    with unit_of_work() as session:
        service.reopen(
            session, actor=desk.office.actor("manager"), now=NOW, expense_id=reopened.id, reason="Wrong project"
        )
        service.change_expense(
            session,
            actor=desk.office.actor("technician"),
            now=NOW,
            expense_id=changed.id,
            facts=Facts(spent_on=date(2026, 11, 2), amount="7", currency="EUR", note="Bus"),
            number=desk.office.acme_ticket.number,
        )

    first, second = desk.again(reopened), desk.again(changed)
    assert (first.status, first.bill_minor, first.rejected_because) == ("draft", None, "Wrong project")
    assert (second.status, second.bill_minor, second.gross_minor, second.note) == ("draft", None, 700, "Bus")
    assert second.work_item_id == desk.office.acme_ticket.id
    assert second.category_id == desk.categories["Other"]


def test_what_is_billed_stays_as_it_is_and_names_who_bills_it(desk):
    expense = desk.approved()
    manager = desk.office.actor("manager")
    with unit_of_work() as session:
        claiming.hold(session, now=NOW, holder=("parcel", 7), expense_id=expense.id)

    with unit_of_work() as session:
        with pytest.raises(Conflict, match="already in parcel 7; nothing is billed twice"):
            claiming.hold(session, now=NOW, holder=("parcel", 8), expense_id=expense.id)
        with pytest.raises(Conflict, match="in parcel 7"):
            service.reopen(session, actor=manager, now=NOW, expense_id=expense.id, reason="x")
        with pytest.raises(Conflict, match="in parcel 7"):
            service.delete_expense(session, actor=manager, now=NOW, expense_id=expense.id)
    with unit_of_work() as session:
        claiming.release(session, now=NOW, holders=[("parcel", 7)])
    assert desk.again(expense).status == "approved"
    with unit_of_work() as session, pytest.raises(Conflict, match="on an invoice once"):
        service.delete_expense(session, actor=manager, now=NOW, expense_id=expense.id)


def test_an_expense_of_others_is_not_there(desk):
    expense = desk.spend()
    office = desk.office

    for name in ("rival",):
        with unit_of_work() as session, pytest.raises(NotFound):
            queries.get(session, actor=office.actor(name), expense_id=expense.id)
    with unit_of_work() as session:
        read = queries.get(session, actor=office.actor("account_manager"), expense_id=expense.id)
        assert read.id == expense.id
        with pytest.raises(NotFound):
            service.delete_expense(session, actor=office.actor("account_manager"), now=NOW, expense_id=expense.id)
        with pytest.raises(Denied, match="for others"):
            service.add_expense(
                session,
                actor=office.actor("technician"),
                now=NOW,
                facts=Facts(spent_on=date(2026, 11, 2)),
                person_id=office.manager.id,
            )


def test_an_absent_rate_of_exchange_keeps_a_draft_and_says_how_to_go_on(desk):
    manager = desk.office.actor("manager")
    dollars = desk.spend("100.00", currency="USD", tax_percent="")
    assert (dollars.status, dollars.company_minor) == ("draft", None)

    with pytest.raises(RuleViolation, match=r"no rate from USD to EUR for 2026-11-16 or the 31 days before\. Type the"):
        desk.submit(dollars)
    with unit_of_work() as session:
        for day, rate in ((1, "0.91"), (15, "0,92"), (17, "0.99")):
            service.set_exchange_rate(
                session,
                actor=manager,
                now=NOW,
                currency="USD",
                effective_on=date(2026, 11, day),
                rate=rate,
                source="ECB",
            )
    desk.submit(dollars)
    desk.approve(dollars)

    found = desk.again(dollars)
    assert (found.exchange_rate, found.exchange_on, found.exchange_source) == ("0.92", date(2026, 11, 15), "ECB")
    assert (found.company_minor, found.bill_minor) == (9200, 9200)
    assert found.bill_reason == "100.00 USD net at 0.92 (ECB, 2026-11-15) = 92.00 EUR"


def test_a_typed_rate_goes_before_the_table_and_a_third_currency_is_crossed(desk):
    with unit_of_work() as session:
        session.get_one(Project, desk.office.acme_project.id).client.currency = "CHF"
        service.set_exchange_rate(
            session,
            actor=desk.office.actor("manager"),
            now=NOW,
            currency="CHF",
            effective_on=date(2026, 11, 2),
            rate="1.05",
            source="SNB",
        )

    found = desk.approved("50.00", currency="USD", tax_percent="", exchange_rate="0.9", exchange_source="Card")

    assert (found.company_minor, found.exchange_source, found.exchange_on) == (4500, "Card", date(2026, 11, 16))
    assert (found.bill_minor, found.bill_currency) == (4286, "CHF")  # 45.00 / 1.05 = 42.857
    assert found.bill_reason == ("50.00 USD net at 0.9 (Card, 2026-11-16) ÷ 1.05 (SNB, 2026-11-02) = 42.86 CHF")


def test_mileage_and_days_are_paid_by_the_table_of_the_day(desk):
    manager = desk.office.actor("manager")
    with unit_of_work() as session:
        car = service.add_rate(
            session,
            actor=manager,
            now=NOW,
            unit="km",
            name="Car",
            currency="EUR",
            effective_on=date(2026, 1, 1),
            amount="0.30",
        )
        service.set_rate_step(
            session, actor=manager, now=NOW, rate_id=car.id, effective_on=date(2026, 11, 1), amount="0,38"
        )
        away = service.add_rate(
            session,
            actor=manager,
            now=NOW,
            unit="day",
            name="Austria",
            currency="EUR",
            effective_on=date(2026, 1, 1),
            amount="28",
            partial_amount="14",
        )

    october = desk.spend(kind="mileage", rate_id=car.id, distance="240", spent_on=date(2026, 10, 31), category_id=None)
    november = desk.spend(kind="mileage", rate_id=car.id, distance="123,4", spent_on=date(2026, 11, 1))
    days = desk.spend(kind="per_diem", rate_id=away.id, full_days=2, partial_days=2, category_id=None)

    assert [one.gross_minor for one in (october, november, days)] == [7200, 4689, 8400]
    assert (october.category_id, days.category_id) == (desk.categories["Mileage"], desk.categories["Per diem"])
    assert (november.unit_amount, november.distance, november.tax_minor) == ("0.38", "123.4", 0)
    for wrong, field in (
        ({"kind": "mileage", "rate_id": car.id, "distance": "5", "spent_on": date(2025, 12, 31)}, "rate_id"),
        ({"kind": "mileage", "rate_id": away.id, "distance": "5"}, "rate_id"),
        ({"kind": "mileage", "rate_id": car.id}, "distance"),
        ({"kind": "per_diem", "rate_id": away.id}, "full_days"),
    ):
        with pytest.raises(FieldRefused) as refusal:
            desk.spend(**wrong)
        assert refusal.value.field == field


def test_work_of_our_own_is_never_billable_and_closed_projects_take_nothing(desk):
    own = desk.spend(project_id=desk.office.triage.id)
    desk.submit(own)
    desk.approve(own)
    with unit_of_work() as session:
        session.get_one(Project, desk.office.acme_project.id).status = "done"

    with pytest.raises(FieldRefused, match="closed") as refusal:
        desk.spend()

    found = desk.again(own)
    assert (found.billing, found.bill_minor, found.bill_reason) == ("not_billable", None, "not billable")
    assert refusal.value.field == "project_id"


def test_the_list_is_one_query_a_page_with_sums_however_long_it_is(desk, count_queries):
    days = [date(2026, 11, 1 + n % 15) for n in range(12)]
    for n, day in enumerate(days):
        desk.spend(f"{n + 1}.00", spent_on=day, **({"currency": "USD"} if n == 0 else {}))
    actor, filters = desk.office.actor("manager"), queries.Filters()

    with unit_of_work() as session:
        with count_queries() as statements:
            first, older = queries.page(session, actor=actor, filters=filters, limit=5)
            shown = [(one.expense.category.name, one.expense.project.client.name, one.has_receipt) for one in first]
        second, _ = queries.page(session, actor=actor, filters=filters, before=older, limit=50)
        sums = queries.sums(session, actor=actor, filters=filters)
        nothing = queries.page(session, actor=actor, filters=queries.Filters(status="locked"))

    assert len([one for one in statements if one.startswith("SELECT")]) == 1
    assert shown == [("Travel", "Acme", False)] * 5
    seen = [(one.expense.spent_on, one.expense.id) for one in [*first, *second]]
    assert seen == sorted(seen, reverse=True)
    assert len(set(seen)) == 12
    assert [(one.currency, one.count, one.gross_minor) for one in sums] == [("EUR", 11, 7700), ("USD", 1, 100)]
    assert nothing == ([], None)


def test_the_database_itself_keeps_what_is_billed(desk):
    expense = desk.approved()
    with unit_of_work() as session:
        claiming.hold(session, now=NOW, holder=("parcel", 7), expense_id=expense.id)

    with pytest.raises(Exception, match="a billed expense never changes"), unit_of_work() as session:
        session.get_one(Expense, expense.id).bill_minor = 1


def test_a_locked_day_keeps_its_expenses_but_from_managers_with_a_reason(desk, sign_in_as):
    draft, other, approved = desk.spend(), desk.spend(spent_on=date(2026, 11, 17)), desk.approved()
    office = desk.office
    with unit_of_work() as session:
        set_lock(session, actor=office.actor("manager"), now=NOW, through=date(2026, 11, 16))

    def change(expense, by="technician", **more):
        facts = Facts(spent_on=date(2026, 11, 16), category_id=desk.categories["Travel"], amount="5", currency="EUR")
        who = {"actor": office.actor(by), "now": NOW, "project_id": office.acme_project.id}
        with unit_of_work() as session:
            service.change_expense(session, **who, expense_id=expense.id, facts=facts, **more)

    def delete(expense):
        with unit_of_work() as session:
            service.delete_expense(session, actor=office.actor("technician"), now=NOW, expense_id=expense.id)

    for act in (
        desk.spend,
        lambda: change(draft),
        lambda: change(other),  # into the locked day
        lambda: change(approved, reason="Please"),
        lambda: delete(draft),
        lambda: desk.submit(draft),
    ):
        with pytest.raises(RuleViolation, match=r"^Expenses up to 16 Nov 2026 are.*Manager Person can still do it"):
            act()
    change(other, by="manager", reason="Wrong day")
    with unit_of_work() as session:
        assert queries.history(session, other.id)[0].data["reason"] == "Wrong day"
    browser, page = sign_in_as(office.manager), f"/expenses/{draft.id}"
    asked = browser.post(f"{page}/delete", follow_redirects=True).text
    gone = browser.post(f"{page}/delete", data={"reason": "Twice"}, follow_redirects=True).text
    added = {"kind": "amount", "amount": "9.00", "currency": "EUR", "spent_on": "2026-11-16", "act": "submit"}
    added |= {"project_id": str(office.acme_project.id), "category_id": str(desk.categories["Travel"])}
    refused = browser.post("/expenses/new", data={**added, "tax_included": "y"})
    kept = browser.post("/expenses/new", data={**added, "reason": "Came late"}, follow_redirects=True).text

    assert "You may still do it: say why" in asked
    assert 'id="delete-reason"' in asked
    assert "The expense is deleted." in gone
    assert (refused.status_code, 'name="reason"' in refused.text) == (422, True)
    assert "€9.00 is submitted." in kept
