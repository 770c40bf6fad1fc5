"""From draft to approved: who, in which order, and what an approved entry keeps (rules 2, 4 to 6)."""

from datetime import date, timedelta
from threading import Barrier, Thread

import pytest
from flask import Flask
from sqlalchemy import select

from helpdesk.company.models import Company
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.notices.models import Notice
from helpdesk.rates import service as rates
from helpdesk.timekeeping import charging, service
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.slices.timekeeping.conftest import MORNING

JANUARY = date(2026, 1, 1)


@pytest.fixture
def company_rate(session, office):
    """100.00 EUR an hour for everybody, in steps of 15 minutes."""
    manager = office.actor("manager")
    rates.set_rate(session, actor=manager, now=NOW, amount="100.00", currency="EUR", effective_on=JANUARY)
    return rates.set_rounding(session, actor=manager, now=NOW, effective_on=JANUARY, mode="up", step_minutes=15)


def approve(session, office, *entries, by="manager"):
    return service.approve(session, actor=office.actor(by), now=NOW, entry_ids=[entry.id for entry in entries])


def test_a_week_of_drafts_is_submitted_and_what_runs_stays(session, office, log_time):
    monday, other_week = log_time(), log_time(started_at=MORNING - timedelta(days=7))
    running = service.start_timer(session, actor=office.actor("technician"), now=NOW, item_id=office.acme_task.id)

    submitted = service.submit(session, actor=office.actor("technician"), now=NOW, week=Week(2026, 47))

    assert [entry.id for entry in submitted] == [monday.id]
    assert running.status == "draft"
    assert session.get_one(TimeEntry, other_week.id).status == "draft"


def test_a_manager_submits_on_behalf_and_a_technician_does_not(session, office, log_time):
    own, managers = log_time(), log_time(person_id=office.manager.id)

    service.submit(session, actor=office.actor("manager"), now=NOW, entry_ids=[own.id])

    assert session.get_one(TimeEntry, own.id).status == "submitted"
    with pytest.raises(NotFound):
        service.submit(session, actor=office.actor("technician"), now=NOW, entry_ids=[managers.id])


def test_a_forgotten_timer_is_asked_about_before_it_is_submitted(session, office, log_time):
    log_time(minutes=39 * 60 + 12, source="timer")

    with pytest.raises(RuleViolation, match="ran for 39:12"):
        service.submit(session, actor=office.actor("technician"), now=NOW, week=Week(2026, 47))


def test_approving_rounds_prices_and_says_why(session, office, log_time, company_rate):
    entry = log_time(minutes=70, status="submitted", work_type_id=office.remote.id)

    [approved] = approve(session, office, entry)

    assert (approved.status, approved.billable_seconds) == ("approved", 75 * 60)
    assert (approved.rate_minor, approved.rate_currency) == (10000, "EUR")
    assert "2026-01-01" in approved.rate_reason
    assert approved.rounding_policy_id == company_rate.id
    assert (approved.approved_by_id, approved.approved_at) == (office.manager.id, NOW)
    assert session.scalar(select(AuditRow.data).where(AuditRow.action == "approved"))["rate_minor"] == 10000


def test_later_rates_and_rounding_never_move_approved_time(session, office, log_time, company_rate):
    entry = log_time(minutes=70, status="submitted")
    [approved] = approve(session, office, entry)
    manager = office.actor("manager")

    rates.set_rate(session, actor=manager, now=NOW, amount="300", currency="EUR", effective_on=date(2026, 2, 1))
    rates.set_rounding(session, actor=manager, now=NOW, effective_on=date(2026, 2, 1), mode="none")

    session.refresh(approved)
    assert (approved.rate_minor, approved.billable_seconds) == (10000, 75 * 60)


def test_the_rate_is_that_of_the_local_day_on_which_the_work_began(session, office, log_time, company_rate):
    rates.set_rate(
        session,
        actor=office.actor("manager"),
        now=NOW,
        amount="120",
        currency="EUR",
        effective_on=date(2026, 11, 17),
    )
    before = log_time(status="submitted", started_at=NOW.replace(day=16, hour=22, minute=59))  # 23:59 in Berlin
    after = log_time(status="submitted", started_at=NOW.replace(day=16, hour=23))

    approved = approve(session, office, before, after)

    assert [entry.rate_minor for entry in approved] == [10000, 12000]


def test_where_no_rate_is_found_the_entry_says_what_is_missing(session, office, log_time):
    entry = log_time(status="submitted")

    [approved] = approve(session, office, entry)

    assert (approved.status, approved.rate_minor, approved.rate_currency) == ("approved", None, None)
    assert "no rate in EUR on 2026-11-16" in approved.rate_reason


@pytest.mark.parametrize(("billable", "reason"), [("not_billable", "not billable"), ("no_charge", "no charge")])
def test_time_that_bills_nothing_has_no_billable_seconds_and_no_rate(
    session, office, log_time, company_rate, billable, reason
):
    entry = log_time(status="submitted", billable=billable)

    [approved] = approve(session, office, entry)

    assert (approved.billable_seconds, approved.rate_minor, approved.rate_reason) == (0, None, reason)


def test_cost_is_kept_beside_the_price(session, office, log_time, company_rate):
    rates.set_cost(
        session,
        actor=office.actor("manager"),
        now=NOW,
        person_id=office.technician.id,
        amount="41.50",
        currency="EUR",
        effective_on=JANUARY,
    )

    [approved] = approve(session, office, log_time(status="submitted"))

    assert approved.cost_rate_minor == 4150


def test_where_a_day_is_rounded_together_each_entry_is_provisional_until_the_close(session, office, log_time):
    policy = rates.set_rounding(
        session, actor=office.actor("manager"), now=NOW, effective_on=JANUARY, mode="up", step_minutes=15, scope="day"
    )
    entries = [log_time(minutes=minutes, status="submitted") for minutes in (7, 12, 22)]

    approved = approve(session, office, *entries)

    assert [entry.billable_seconds for entry in approved] == [900, 900, 1800]
    assert {entry.rounding_policy_id for entry in approved} == {policy.id}


def test_a_chain_of_resumed_timers_is_rounded_once(session, office, log_time, company_rate):
    first = log_time(minutes=7, status="submitted")
    second = log_time(minutes=12, status="submitted", resumes_id=first.id)
    third = log_time(minutes=22, status="submitted", resumes_id=second.id)

    approved = approve(session, office, first, second, third)

    assert sum(entry.billable_seconds or 0 for entry in approved) == 45 * 60


def test_a_chain_approved_bit_by_bit_bills_as_much_as_at_once(session, office, log_time, company_rate):
    first = log_time(minutes=7, status="submitted")
    second = log_time(minutes=12, status="submitted", resumes_id=first.id)
    third = log_time(minutes=22, status="submitted", resumes_id=second.id)

    billed = [approve(session, office, entry)[0].billable_seconds for entry in (first, third, second)]

    assert billed == [900, 900, 900]


def test_nobody_approves_their_own_time(session, office, log_time):
    own, other = log_time(status="submitted", person_id=office.manager.id), log_time(status="submitted")

    with pytest.raises(Denied, match="somebody else approves it"):
        approve(session, office, other, own)

    assert session.get_one(TimeEntry, other.id).status == "submitted"


def test_a_company_may_allow_self_approval(session, office, log_time):
    session.get_one(Company, 1).self_approval = True
    own = log_time(status="submitted", person_id=office.manager.id)

    assert approve(session, office, own)[0].status == "approved"


@pytest.mark.parametrize("role", ["technician", "account_manager", "bookkeeper"])
def test_other_roles_approve_and_reject_nothing(session, office, log_time, role):
    entry = log_time(status="submitted")

    with pytest.raises(Denied):
        approve(session, office, entry, by=role)
    with pytest.raises(Denied):
        service.reject(session, actor=office.actor(role), now=NOW, entry_ids=[entry.id], reason="no")


def test_an_entry_is_approved_only_once(session, office, log_time):
    entry = log_time(status="submitted")
    approve(session, office, entry)

    with pytest.raises(Conflict, match="1:00 of Technician Person on #1 is approved"):
        approve(session, office, entry, by="admin")


def test_drafts_are_not_approved(session, office, log_time):
    with pytest.raises(Conflict, match="is draft"):
        approve(session, office, log_time())


def test_an_unknown_entry_is_not_found(session, office):
    with pytest.raises(NotFound):
        service.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=[999])


def test_a_rejection_gives_its_reason_to_who_worked(session, office, log_time):
    entry = log_time(status="submitted")

    [rejected] = service.reject(
        session, actor=office.actor("manager"), now=NOW, entry_ids=[entry.id], reason=" Wrong client "
    )

    assert (rejected.status, rejected.rejected_because) == ("rejected", "Wrong client")
    told = session.scalars(select(Notice)).one()
    assert (told.person_id, told.title, told.excerpt) == (entry.person_id, "1 time entry of yours", "Wrong client")
    assert (told.path, told.mail_due_at) == (f"/time/entries/{entry.id}", None)


def test_a_rejection_without_a_reason_is_refused(session, office, log_time):
    with pytest.raises(RuleViolation, match="Say why"):
        service.reject(
            session, actor=office.actor("manager"), now=NOW, entry_ids=[log_time(status="submitted").id], reason=" "
        )


def test_approved_time_is_reopened_with_a_reason_and_unpriced(session, office, log_time, company_rate):
    entry = log_time(status="submitted")
    approve(session, office, entry)

    reopened = service.reopen(session, actor=office.actor("admin"), now=NOW, entry_id=entry.id, reason="wrong type")

    assert (reopened.status, reopened.rate_minor, reopened.billable_seconds) == ("draft", None, None)


def test_charged_time_is_not_reopened(session, office, log_time):
    entry = log_time(status="approved")
    charging.hold(session, now=NOW, holder=("draft", 1), ranges=[ChargeRange(entry.id, 0, 60, 60, "hourly")])

    with pytest.raises(Conflict, match="draft 1"):
        service.reopen(session, actor=office.actor("admin"), now=NOW, entry_id=entry.id, reason="wrong type")


def test_of_two_who_approve_at_once_one_is_told_that_it_is_done(app: Flask, office, log_time):
    entry, together, outcomes = log_time(status="submitted"), Barrier(2), []

    def decide(name: str) -> None:
        with app.app_context():
            together.wait()
            try:
                with unit_of_work() as session:
                    service.approve(session, actor=office.actor(name), now=NOW, entry_ids=[entry.id])
            except Conflict:
                outcomes.append("told")
            else:
                outcomes.append("approved")

    threads = [Thread(target=decide, args=(name,)) for name in ("manager", "admin")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["approved", "told"]
