"""What a client owes for a month becomes one draft that holds its time (docs/billing.md rules 3, 12, 16 to 20)."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Client
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.drafts import selection
from helpdesk.invoicing.drafts.leaving import take_off
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.charging import ChargeRange
from helpdesk.timekeeping.models import TimeEntry
from tests.slices.invoicing.conftest import NOVEMBER, hours, printed


def left_out(story) -> list[tuple[object, object]]:
    with unit_of_work() as session:
        client = session.get_one(Client, story.office.acme.id)
        return [(row["reason"], row["seconds"]) for row in selection.left_out(session, client=client, month=NOVEMBER)]


def test_twenty_five_hours_of_twenty_for_5000_with_overage_at_200_are_6000(story):
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("13", "2026-11-02")
    story.log("12", "2026-11-03")

    story.close()
    invoice = story.drafted()

    assert printed(invoice) == [
        ("retainer_fee", None, "5000.00", 500000),
        ("overage", "300", "200.00", 100000),
    ]
    assert (invoice.net_minor, invoice.tax_minor, invoice.total_minor) == (600000, 114000, 714000)
    assert invoice.lines[0].description == "Managed workplace, November 2026"
    assert story.charges() == [
        ("covered", hours("13"), "fixed"),
        ("covered", hours("7"), "fixed"),
        ("overage", hours("5"), "held"),
    ]


def test_three_times_twenty_minutes_at_100_on_three_tickets_are_99_99(story):
    for number in range(3):
        story.log("1", item=story.ticket(f"Ticket {number}"), billable_seconds=1200)

    invoice = story.drafted()

    assert printed(invoice) == [("time", "20", "100.00", 3333)] * 3
    assert invoice.net_minor == 9999


def test_tax_is_that_of_the_group_and_not_the_sum_of_the_lines(story):
    for number in range(3):
        story.log("1", item=story.ticket(f"Ticket {number}"), billable_seconds=1200)

    invoice = story.drafted()

    assert invoice.tax_minor == 1900
    assert invoice.total_minor == 11899


def test_a_ticket_is_one_line_for_each_price_and_tickets_come_before_tasks(story):
    task, ticket = story.ticket("Rack the server", kind="task"), story.ticket("No network")
    story.log("1", "2026-11-03", item=task)
    story.log("1", "2026-11-27", item=ticket)
    story.log("0.5", "2026-11-02", item=ticket)
    story.log("1", "2026-11-04", item=ticket, rate="150")

    invoice = story.drafted()

    assert [(line.description, line.minutes, line.unit_price) for line in invoice.lines] == [
        ("No network", "90", "100.00"),
        ("No network", "60", "150.00"),
        ("Rack the server", "60", "100.00"),
    ]
    assert invoice.lines[0].detail == "2 Nov – 27 Nov, Technician Person 1:30"


def test_a_repeat_gives_the_same_draft_and_charges_nothing_twice(story):
    story.log("2")

    first, again = story.drafted(), story.drafted()

    assert first.id == again.id
    assert story.charges() == [("hourly", hours("2"), "held")]


def test_with_nothing_to_bill_there_is_no_invoice(story):
    story.log("1", billable="not_billable")
    story.log("1", billable="no_charge")
    story.log("1", status="draft")

    assert story.draft() is None


def test_what_is_left_out_says_why(story):
    story.log("1", billable="not_billable")
    story.log("1.5", billable="no_charge")
    story.log("2", status="draft")
    story.log("2.5", status="submitted")
    story.log("3", rate=None)
    story.log("3.5", rate_currency="USD")
    story.log("4", "2026-12-01")
    story.log("4.5")

    invoice = story.drafted()

    assert sorted(left_out(story), key=str) == [
        ("draft", hours("2")),
        ("no_charge", hours("1.5")),
        ("not_billable", hours("1")),
        ("other_currency", hours("3.5")),
        ("rate_missing", hours("3")),
        ("submitted", hours("2.5")),
    ]
    assert [line.minutes for line in invoice.lines if line.amount_minor] == ["270"]


def test_time_approved_after_the_draft_is_named_and_comes_in_when_the_draft_is_dropped(story):
    story.log("1")
    first = story.drafted()
    story.log("2", "2026-11-17")

    assert left_out(story) == [("approved_later", hours("2"))]

    with unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=first.id)
    again = story.drafted()

    assert again.id != first.id
    assert [line.minutes for line in again.lines] == ["180"]
    assert left_out(story) == []


def test_work_at_no_charge_is_shown_at_zero_and_holds_nothing(story):
    story.log("1", item=story.ticket("Paid work"))
    story.log("0.5", item=story.ticket("A favour"), billable="no_charge")

    invoice = story.drafted()

    assert printed(invoice) == [("time", "60", "100.00", 10000), ("time", "30", "0.00", 0)]
    assert story.charges() == [("hourly", hours("1"), "held")]


def test_late_time_of_an_hourly_client_comes_on_the_next_invoice(story):
    story.log("1", "2026-11-02")
    story.issue(story.drafted())
    story.log("2", "2026-11-03")
    story.log("3", "2026-12-03")

    december = story.drafted(Month(2026, 12))

    assert [line.minutes for line in december.lines] == ["300"]


def test_the_month_is_that_of_the_clients_zone(story):
    midnight = story.log("1", "2026-11-30")
    with unit_of_work() as session:
        entry = session.get_one(TimeEntry, midnight.id)
        entry.started_at = entry.started_at.replace(day=30, hour=23, minute=30)  # 00:30 on 1 December in Berlin
        entry.ended_at = entry.started_at.replace(day=30, hour=23, minute=45)

    assert story.draft() is None
    assert story.draft(Month(2026, 12)) is not None


def test_a_retainer_month_that_is_open_stops_the_draft(story):
    story.agree(per_month="10")
    story.log("2")

    with pytest.raises(RuleViolation, match="2026-11 of a retainer of Acme is not closed yet"):
        story.draft()

    assert story.charges() == []


def test_late_time_for_a_closed_retainer_month_waits_for_the_next_one(story):
    story.agree(per_month="10", fee="1000")
    story.log("2", "2026-11-02")
    story.close()
    story.log("3", "2026-11-03")
    with unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=story.drafted().id)

    again = story.drafted()

    assert [line.kind for line in again.lines] == ["retainer_fee"]
    assert left_out(story) == [("next_period", hours("3"))]


def test_what_runs_on_into_an_open_retainer_month_waits_for_its_close(story):
    """23:00 to 1:00 in Berlin: an hour in November, which is closed, and one that December covers."""
    story.agree(per_month="10", overage="120")
    midnight = datetime(2026, 11, 30, 23, tzinfo=UTC)
    story.log("2", started_at=midnight - timedelta(hours=1), ended_at=midnight + timedelta(hours=1))
    story.close()

    assert story.draft() is None
    assert left_out(story) == [("next_period", hours("2"))]
    story.now = datetime(2027, 1, 2, tzinfo=UTC)
    assert story.close(Month(2026, 12))["Acme"].error == ""

    assert story.draft(Month(2026, 12)) is None
    assert story.charges() == [("covered", hours("1"), "fixed")] * 2


def test_late_time_of_a_narrow_agreement_that_is_over_does_not_wait_for_a_wider_one(story):
    """The narrow one draws it on its day, and no month of it is to come: it is hourly."""
    with unit_of_work() as session:
        retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=story.now,
            client_id=story.office.acme.id,
            name="Narrow",
            starts_on=NOVEMBER.first_day,
            ends_on=NOVEMBER.last_day,
            project_ids=[story.office.acme_project.id],
            terms=NewTerms(allowance_seconds=hours("10")),
        )
    story.agree(per_month="10")
    story.close()
    story.log("2")

    assert printed(story.drafted()) == [("time", "120", "100.00", 20000)]


def test_work_from_before_the_retainer_is_hourly(story):
    story.agree(per_month="10", fee="1000", overage="200")
    story.log("12", "2026-10-30")
    story.log("4", "2026-11-02")

    story.close()
    invoice = story.drafted()

    assert printed(invoice) == [("retainer_fee", None, "1000.00", 100000), ("time", "720", "100.00", 120000)]


def test_a_fee_in_advance_is_billed_for_the_month_after_and_once(story):
    story.agree(per_month="10", fee="1000", fee_timing="advance")

    story.close()
    november = story.drafted()
    story.now = story.now.replace(year=2027, month=1)
    story.close(Month(2026, 12))
    december = story.drafted(Month(2026, 12))

    assert [line.fee_month for line in november.lines] == [date(2026, 11, 1), date(2026, 12, 1)]
    assert [line.fee_month for line in december.lines] == [date(2027, 1, 1)]


def test_a_fee_of_a_void_invoice_is_billed_again(story):
    story.agree(per_month="10", fee="1000")
    story.close()
    issued = story.issue(story.drafted())

    with unit_of_work() as session:
        service.void(session, actor=SYSTEM, now=story.now, invoice_id=issued.id, reason="Wrong address")
    again = story.drafted()

    assert again.id != issued.id
    assert again.net_minor == 100000


def test_weighted_overage_is_counted_in_burned_time(story):
    remote = story.office.remote.id
    story.agree(per_month="10", overage="150", overage_basis="weighted", multipliers=((remote, "2"),))
    story.log("7", "2026-11-02", work_type_id=remote)

    story.close()
    invoice = story.drafted()

    assert printed(invoice) == [("overage", "240", "150.00", 60000)]
    assert story.charges()[-1] == ("overage", hours("2"), "held")


def test_7_12_and_22_minutes_by_day_up_to_15_are_45(story):
    with unit_of_work() as session:
        policy = RoundingPolicyRow(
            client_id=story.office.acme.id,
            mode="up",
            step_minutes=15,
            scope="day",
            effective_on=date(2026, 1, 1),
            created_at=story.now,
        )
        session.add(policy)
    for minutes in (7, 12, 22):
        story.log(str(minutes / 60)[:6], rounding_policy_id=policy.id, billable_seconds=1800)

    invoice = story.drafted()

    assert [line.minutes for line in invoice.lines] == ["45"]


def test_what_is_left_for_later_keeps_its_share_of_the_day(story):
    with unit_of_work() as session:
        policy = RoundingPolicyRow(
            client_id=story.office.acme.id,
            mode="up",
            step_minutes=15,
            scope="day",
            effective_on=date(2026, 1, 1),
            created_at=story.now,
        )
        session.add(policy)
    for number in (1, 2):
        story.log(str(5 / 60)[:6], item=story.ticket(f"Work {number}"), rounding_policy_id=policy.id)
    draft = story.drafted()
    with unit_of_work() as session:
        take_off(
            session,
            actor=SYSTEM,
            now=story.now,
            invoice_id=draft.id,
            version=draft.version,
            line_id=draft.lines[0].id,
        )
    issued = story.issue(draft)

    later = story.drafted(Month(2026, 12))

    assert [line.minutes for line in (*issued.lines, *later.lines)] == ["7.5", "7.5"]


def test_two_drafts_over_the_same_time_the_loser_is_told_which_invoice_has_it(story):
    entry = story.log("2")
    draft = story.drafted()

    with pytest.raises(Conflict, match=f"the draft invoice {draft.id} for Acme"), unit_of_work() as session:
        charging.hold(
            session,
            now=story.now,
            holder=("invoice_line", 10**6),
            ranges=[ChargeRange(entry.id, 0, 60, 60, "hourly")],
        )
    issued = story.issue(draft)

    with pytest.raises(Conflict, match=f"invoice {issued.number}"), unit_of_work() as session:
        charging.hold(
            session,
            now=story.now,
            holder=("invoice_line", 10**6),
            ranges=[ChargeRange(entry.id, 0, 60, 60, "hourly")],
        )


def test_our_own_company_and_other_peoples_clients_are_not_invoiced(story):
    with pytest.raises(RuleViolation, match="our own company"), unit_of_work() as session:
        service.draft_month(session, actor=SYSTEM, now=story.now, client_id=story.office.house.id, month=NOVEMBER)
    with pytest.raises(NotFound), unit_of_work() as session:
        service.draft_month(
            session,
            actor=story.office.actor("rival"),
            now=story.now,
            client_id=story.office.acme.id,
            month=NOVEMBER,
        )

    with unit_of_work() as session:
        assert session.scalars(select(Invoice)).all() == []
