"""Time follows its ticket to another project (docs/billing.md rule 3)."""

from datetime import date, timedelta
from itertools import product

import pytest
from sqlalchemy import select

from helpdesk.expenses import claiming
from helpdesk.expenses import service as expenses
from helpdesk.expenses.domain.facts import Facts
from helpdesk.expenses.models import Expense, ExpenseCategory
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.periods import Month
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.timekeeping import charging
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import BILLABLE, Charge, TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket
from tests.slices.desk.test_merging import merge
from tests.slices.timekeeping.conftest import MORNING

JANUARY = date(2026, 1, 1)
SUBMITTED = (expenses.submit,)


@pytest.fixture
def website(office) -> int:
    """A second project of Acme, dearer than its support."""
    with unit_of_work() as session:
        project = projects.add_project(session, actor=SYSTEM, now=NOW, client_id=office.acme.id, name="Website")
        for project_id, amount in ((office.acme_project.id, "100"), (project.id, "150")):
            rates.set_rate(
                session,
                actor=SYSTEM,
                now=NOW,
                amount=amount,
                currency="EUR",
                effective_on=JANUARY,
                project_id=project_id,
            )
        return project.id


def approve(office, *entries):
    with unit_of_work() as session:
        timekeeping.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=[entry.id for entry in entries])


def entries() -> dict[int, TimeEntry]:
    with unit_of_work() as session:
        return {entry.id: entry for entry in session.scalars(queries.with_work())}


def limit(project_id: int, policy: str, hours: int) -> None:
    with unit_of_work() as session:
        project = session.get_one(Project, project_id)
        project.max_billable_seconds, project.over_limit = hours * 3600, policy


def spend(office, *far, number: int | None = None) -> int:
    """Add an expense of the technician on the ticket, or another one, and see it as far as that."""
    with unit_of_work() as session:
        if session.scalar(select(ExpenseCategory.id).limit(1)) is None:
            expenses.add_default_categories(session, actor=SYSTEM, now=NOW)
        travel = session.scalars(select(ExpenseCategory.id).where(ExpenseCategory.name == "Travel")).one()
        facts = Facts(spent_on=MORNING.date(), category_id=travel, amount="100.00", currency="EUR")
        number = number or office.acme_ticket.number
        expense = expenses.add_expense(session, actor=office.actor("technician"), now=NOW, facts=facts, number=number)
        for act in far:
            act(session, actor=office.actor("manager"), now=NOW, expense_ids=[expense.id])
        return expense.id


def project_of(number: int) -> int:
    with unit_of_work() as session:
        return session.scalars(select(WorkItem.project_id).where(WorkItem.number == number)).one()


def test_draft_and_submitted_time_is_priced_anew_and_approved_waits_for_approval_again(
    office, website, mailbox, log_time, sign_in_as
):
    draft, submitted = log_time(minutes=30), log_time(minutes=20, status="submitted")
    approved = log_time(minutes=60, status="submitted", note="New driver")
    approve(office, approved)
    browser, path = sign_in_as(office.account_manager), f"/items/{office.acme_ticket.number}/move"

    page = browser.get(path, query_string={"project_id": website}).text
    answer = browser.post(path, data={"project_id": website}, follow_redirects=True)

    assert "1 approved entry is priced anew" in page
    assert ("€100.00" in page, "€150.00" in page) == (True, True)
    assert "3 entries moved along." in answer.text
    found = entries()
    assert [found[one.id].status for one in (draft, submitted, approved)] == ["draft", "submitted", "submitted"]
    again = found[approved.id]
    assert (again.rate_minor, again.billable_seconds, again.approved_by_id) == (None, None, None)
    assert again.returned_because == "Was approved for Acme, Support, before its ticket moved."
    assert "Was approved for Acme, Support" in sign_in_as(office.manager).get("/time/approvals").text
    with unit_of_work() as session:
        mails = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()
        moved = session.scalars(select(AuditRow).where(AuditRow.action == "moved", AuditRow.object_id == approved.id))
        assert [row.data["before"]["rate_minor"] for row in moved if row.object_kind == "time_entry"] == [10000]
    assert sorted(mail.to[0]["address"] for mail in mails) == sorted([office.manager.email, office.technician.email])
    assert "16 Nov 2026, 1:00, Technician Person: New driver" in mails[0].text
    approve(office, again, submitted)
    assert {entries()[one.id].rate_minor for one in (submitted, approved)} == {15000}
    assert entries()[approved.id].returned_because == ""


def test_charged_time_keeps_its_ticket_and_names_what_holds_it(office, website, log_time, sign_in_as):
    charged, other = log_time(status="approved"), log_time(status="approved")
    with unit_of_work() as session:
        charging.hold(
            session, now=NOW, holder=("gift", 7), ranges=[ChargeRange(charged.id, 0, 1800, 1800, "written_off")]
        )
    browser, path = sign_in_as(office.manager), f"/items/{office.acme_ticket.number}/move"

    page = browser.get(path, query_string={"project_id": website}).text
    answer = browser.post(path, data={"project_id": website}, follow_redirects=True)

    assert "It stays where it is." in page
    assert "gift 7" in page
    assert "Charged time stays where it was charged" in answer.text
    assert f"1:00 of Technician Person on #{office.acme_ticket.number} in gift 7" in answer.text
    assert project_of(office.acme_ticket.number) == office.acme_project.id
    assert entries()[other.id].status == "approved"


def test_overage_of_a_closed_month_keeps_its_ticket_before_any_invoice_has_it(office, website, log_time, sign_in_as):
    log_time(minutes=60, started_at=MORNING - timedelta(days=42), status="approved")
    with unit_of_work() as session:
        agreement = retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=NOW,
            client_id=office.acme.id,
            name="Support retainer",
            starts_on=date(2026, 10, 1),
            terms=retainers.NewTerms(allowance_seconds=0),
        )
        retainers.close_period(session, actor=SYSTEM, now=NOW, agreement_id=agreement.id, month=Month(2026, 10))
        assert session.scalars(select(Charge)).all() == []

    answer = sign_in_as(office.manager).post(
        f"/items/{office.acme_ticket.number}/move", data={"project_id": website}, follow_redirects=True
    )

    assert "the closed month 2026-10 of Support retainer" in answer.text
    assert project_of(office.acme_ticket.number) == office.acme_project.id


def test_our_own_time_in_triage_becomes_billable_where_somebody_says_so(office, website, log_time, sign_in_as):
    with unit_of_work() as session:
        session.get_one(WorkItem, office.acme_ticket.id).project_id = office.triage.id
    own = log_time(billable="not_billable", work_item_id=office.acme_ticket.id)
    browser, path = sign_in_as(office.technician), f"/items/{office.acme_ticket.number}/move"

    page = browser.get(path, query_string={"project_id": website}).text
    browser.post(path, data={"project_id": website, "bill_own_time": "y"})

    assert "Our own time and expenses on it become billable there" in page
    assert "€150.00" not in page  # a technician sees no prices
    assert entries()[own.id].billable == "billable"


@pytest.mark.on_sqlite
def test_time_of_a_ticket_that_was_merged_in_is_named_before_and_after_for_it_stays(
    office, website, log_time, sign_in_as
):
    old, number, browser = open_ticket(office), open_ticket(office), sign_in_as(office.technician)
    with unit_of_work() as session:
        old_id = session.scalars(select(WorkItem.id).where(WorkItem.number == old)).one()
    log_time(120, work_item_id=old_id)
    spent = spend(office, number=old)
    merge(office, old, number)
    told = [
        f"{what} stays on #{old}, which was merged into #{number}. Undo the merge to move it."
        for what in ("2:00", "1 expense")
    ]

    assert all(each in browser.get(f"/items/{number}/move?project_id={website}").text for each in told)
    browser.post(f"/items/{number}/move", data={"project_id": website})

    page = browser.get(f"/items/{number}").text
    assert all(each in page for each in told)
    with unit_of_work() as session:
        assert session.get_one(Expense, spent).work_item_id == old_id
    assert [one.work_item.number for one in entries().values()] == [old]


def test_expenses_go_along_and_what_was_approved_waits_for_approval_again(office, website, mailbox, sign_in_as):
    draft, submitted, approved = (spend(office, *far) for far in ((), SUBMITTED, (*SUBMITTED, expenses.approve)))
    browser, path = sign_in_as(office.account_manager), f"/items/{office.acme_ticket.number}/move"

    page = browser.get(path, query_string={"project_id": website}).text
    answer = browser.post(path, data={"project_id": website}, follow_redirects=True)

    assert "1 approved expense is priced anew" in page
    assert page.count("€100.00") == 3
    assert "3 expenses moved along." in answer.text
    assert "1 approved expense waits for approval again" in answer.text
    with unit_of_work() as session:
        found = [session.get_one(Expense, one) for one in (draft, submitted, approved)]
        assert [(one.project_id, one.status, one.bill_minor) for one in found] == [
            (website, status, None) for status in ("draft", "submitted", "submitted")
        ]
        assert found[2].rejected_because == "It was approved for Acme, Support, before its ticket moved."
        mails = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()
        expenses.approve(session, actor=office.actor("manager"), now=NOW, expense_ids=[approved])
        assert (found[2].bill_minor, found[2].rejected_because) == (10000, "")
    assert sorted(mail.to[0]["address"] for mail in mails) == sorted([office.manager.email, office.technician.email])
    assert mails[0].subject == f"Expenses on #{office.acme_ticket.number} wait for approval again"
    assert "16 Nov 2026, Travel €100.00, Technician Person" in mails[0].text


def test_a_billed_expense_and_an_approved_one_of_a_locked_day_keep_the_ticket(office, website, sign_in_as):
    billed = spend(office, *SUBMITTED, expenses.approve)
    with unit_of_work() as session:
        claiming.hold(session, now=NOW, holder=("gift", 7), expense_id=billed)
    path = f"/items/{office.acme_ticket.number}/move"

    page = sign_in_as(office.technician).get(path, query_string={"project_id": website}).text
    held = sign_in_as(office.manager).post(path, data={"project_id": website}, follow_redirects=True).text
    with unit_of_work() as session:
        claiming.release(session, now=NOW, holders=[("gift", 7)])
        timekeeping.set_lock(session, actor=office.actor("manager"), now=NOW, through=MORNING.date())
    locked = sign_in_as(office.technician).post(path, data={"project_id": website}, follow_redirects=True).text
    stayed = project_of(office.acme_ticket.number)
    sign_in_as(office.manager).post(path, data={"project_id": website})

    assert ("It stays where it is." in page, "gift 7" in page) == (True, True)
    assert "Travel, 100.00 EUR of Technician Person on 2026-11-16 in gift 7. Nothing was moved." in held
    assert "Expenses up to 16 Nov 2026 are locked" in locked
    assert stayed == office.acme_project.id
    assert project_of(office.acme_ticket.number) == website


def test_a_ticket_brings_no_more_billable_time_than_its_new_project_takes(office, website, log_time, sign_in_as):
    for minutes, billable in ((90, "billable"), (60, "no_charge")):
        log_time(minutes=minutes, billable=billable)
    browser, path = sign_in_as(office.manager), f"/items/{office.acme_ticket.number}/move"

    limit(website, "refuse", 1)
    refused = browser.get(path, query_string={"project_id": website}).text
    answer = browser.post(path, data={"project_id": website}, follow_redirects=True).text
    stayed = project_of(office.acme_ticket.number)
    limit(website, "warn", 1)
    warned = browser.get(path, query_string={"project_id": website}).text
    moved = browser.post(path, data={"project_id": website}, follow_redirects=True).text

    words = "Website takes 1:00 billable hours at most, 0:00 are worked, and 1:30 more is too much"
    assert (words in refused, "Move it" in refused, words in answer) == (True, False, True)
    assert stayed == office.acme_project.id
    assert "Website takes 1:00 billable hours at most, 1:30 are worked" in warned
    assert "Website takes 1:00 billable hours at most, 1:30 are worked" in moved
    assert project_of(office.acme_ticket.number) == website


def test_after_any_move_nothing_charged_has_changed_and_nothing_approved_has_an_old_price(
    office, website, log_time, sign_in_as
):
    """Every status and way of billing on a ticket of its own, charged and not; each moves there and back."""
    kinds = list(product(("draft", "submitted", "rejected", "approved"), BILLABLE, (False, True)))
    with unit_of_work() as session:
        items = [
            projects.create_item(
                session, actor=SYSTEM, now=NOW, kind="ticket", project_id=office.acme_project.id, title=f"Ticket {at}"
            )
            for at in range(len(kinds))
        ]
    for item, (status, billable, charged) in zip(items, kinds, strict=True):
        entry = log_time(
            work_item_id=item.id, status="submitted" if status == "approved" else status, billable=billable
        )
        if status == "approved":
            approve(office, entry)
            if charged and billable == "billable":
                with unit_of_work() as session:
                    ranges = [ChargeRange(entry.id, 0, 60, 60, "hourly")]
                    charging.hold(session, now=NOW, holder=("gift", 7), ranges=ranges)
    before = entries()
    browser = sign_in_as(office.manager)

    for project_id in (website, office.acme_project.id, website):
        for item in items:
            browser.post(f"/items/{item.number}/move", data={"project_id": project_id})

    after = entries()
    with unit_of_work() as session:
        held = {charge.time_entry_id for charge in session.scalars(select(Charge))}
    kept = ("status", "billable_seconds", "rate_minor", "rate_reason", "approved_at", "started_at", "ended_at")
    assert held
    for entry_id, entry in after.items():
        if entry_id in held:
            assert entry.work_item.project_id == office.acme_project.id
            assert [getattr(entry, name) for name in kept] == [getattr(before[entry_id], name) for name in kept]
        else:
            assert entry.work_item.project_id == website
            assert (entry.status in ("draft", "submitted", "rejected"), entry.rate_minor) == (True, None)
