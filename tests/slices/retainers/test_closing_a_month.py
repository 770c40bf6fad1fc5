"""An open month is a projection; closing makes it a fact (docs/billing.md rules 9 to 12)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries, service, settled
from helpdesk.timekeeping.models import Charge
from tests.slices.retainers.conftest import JUNE, hours


def test_what_the_allowance_does_not_cover_is_overage_at_its_rate(story):
    story.agree(per_month="20", fee_minor=500000, overage_rate_minor=20000)
    story.log("9", "2026-03-02")
    story.log("9", "2026-03-03")
    story.log("7", "2026-03-04")

    period = story.close("2026-03")

    overage = settled.open_overage(story.session, client_id=story.office.acme.id, until=date(2026, 3, 31))
    assert (period.used_seconds, period.overage_seconds, period.fee_minor) == (hours("20"), hours("5"), 500000)
    assert [(each.from_second, each.to_second, each.price_minor) for each in overage] == [
        (hours("2"), hours("7"), 20000)
    ]


def test_what_is_covered_is_held_by_the_period_and_by_nothing_else(story):
    story.agree(per_month="10")
    entry = story.log("9.5", "2026-03-02")
    second = story.log("2", "2026-03-03")

    period = story.close("2026-03")

    charges = story.session.scalars(select(Charge).order_by(Charge.id)).all()
    assert [(each.time_entry_id, each.from_second, each.to_second, each.kind, each.state) for each in charges] == [
        (entry.id, 0, hours("9.5"), "covered", "fixed"),
        (second.id, 0, hours("0.5"), "covered", "fixed"),
    ]
    assert {(each.holder_kind, each.holder_id) for each in charges} == {("retainer_period", period.id)}


def test_surplus_rolls_on_and_the_ledger_says_how(story):
    story.agree(per_month="40", rollover_months=1)
    story.log("30", "2026-03-02")

    first = story.close("2026-03")
    story.log("50", "2026-04-01")
    second = story.close("2026-04")

    assert story.ledger(first) == [("grant", hours("40")), ("draw", -hours("30")), ("carried_out", -hours("10"))]
    assert second.carried_in_seconds == hours("10")
    assert (second.used_seconds, second.overage_seconds) == (hours("50"), 0)


def test_a_month_closes_once(story):
    story.agree(per_month="10")
    story.close("2026-03")

    with pytest.raises(Conflict, match="closed already"):
        story.close("2026-03")


def test_months_close_in_order_and_never_before_their_end_in_the_contracts_zone(story):
    story.agree(per_month="10")

    with pytest.raises(RuleViolation, match="2026-03 of Support is still open"):
        story.close("2026-04")
    with pytest.raises(RuleViolation, match="has not ended yet in Europe/Berlin"):
        story.close("2026-03", now=datetime(2026, 3, 31, 21, 59, tzinfo=UTC))

    assert story.close("2026-03", now=datetime(2026, 3, 31, 22, 0, tzinfo=UTC)).closed_at


def test_late_time_goes_into_the_next_open_month_and_leaves_the_closed_one_alone(story):
    story.agree(per_month="10", overage_rate_minor=12000)
    story.log("4", "2026-03-02")
    march = story.close("2026-03")
    late = story.log("3", "2026-03-20")

    april = story.close("2026-04")

    drawn = [row.time_entry_id for row in april.rows if row.kind == "draw"]
    assert march.used_seconds == hours("4")
    assert drawn == [late.id]
    assert april.used_seconds == hours("3")


def test_pending_time_stands_apart_and_draws_nothing(story):
    agreement = story.agree(per_month="10")
    story.log("4", "2026-05-04")
    story.log("3", "2026-05-05", status="submitted")

    view = queries.month_view(story.session, agreement=agreement, month=Month(2026, 5), now=JUNE)

    assert view is not None
    assert (view.statement.burned_seconds, view.statement.pending_seconds) == (hours("4"), hours("3"))
    assert view.left_seconds == hours("6")


def test_reopening_appends_reversing_rows_and_lets_the_seconds_go(story):
    story.agree(per_month="10")
    story.log("4", "2026-03-02")
    period = story.close("2026-03")

    service.reopen_period(
        story.session, actor=SYSTEM, now=JUNE, agreement_id=story.agreement.id, month=Month(2026, 3), reason="typo"
    )
    again = story.close("2026-03")

    assert sum(seconds for _, seconds in story.ledger(period)) == 0
    assert (again.revision, again.used_seconds) == (2, hours("4"))
    live = story.session.scalars(select(Charge.holder_id).where(Charge.released_at.is_(None))).all()
    assert live == [again.id]


def test_only_the_newest_closed_month_is_reopened(story):
    story.agree(per_month="10")
    story.close("2026-03")
    story.close("2026-04")

    with pytest.raises(RuleViolation, match="2026-04 is closed after"):
        service.reopen_period(
            story.session, actor=SYSTEM, now=JUNE, agreement_id=story.agreement.id, month=Month(2026, 3), reason="typo"
        )


def test_a_narrower_agreement_draws_the_time_of_its_project(story):
    wide = story.agree(per_month="10", name="Everything")
    story.log("4", "2026-03-02")
    narrow = story.agree(per_month="5", name="Support only", project_ids=(story.office.acme_project.id,))

    views = [
        queries.month_view(story.session, agreement=agreement, month=Month(2026, 3), now=JUNE)
        for agreement in (wide, narrow)
    ]

    used = {view.agreement.name: view.statement.burned_seconds for view in views if view is not None}

    assert used == {"Everything": 0, "Support only": hours("4")}


def test_two_agreements_as_narrow_as_each_other_are_refused(story):
    story.agree(per_month="10", name="Everything")

    with pytest.raises(RuleViolation, match="Everything covers the same work"):
        story.agree(per_month="5", name="Everything again")


def test_a_deficit_is_carried_and_paid_by_the_next_grant(story):
    story.agree(per_month="40", carry_deficit=True)
    story.log("50", "2026-03-02")

    march = story.close("2026-03")
    april = story.close("2026-04")

    assert (march.overage_seconds, march.carried_out_seconds) == (0, -hours("10"))
    assert (april.carried_in_seconds, april.carried_out_seconds) == (-hours("10"), 0)
    assert april.expired_seconds == hours("30")


def test_a_deficit_left_at_the_end_of_the_agreement_is_overage_of_its_last_month(story):
    story.agree(per_month="10", carry_deficit=True, overage_rate_minor=12000, ends_on=date(2026, 4, 30))
    entry = story.log("25", "2026-03-02")
    story.close("2026-03")

    april = story.close("2026-04")

    live = story.session.scalars(select(Charge).where(Charge.released_at.is_(None)).order_by(Charge.from_second)).all()
    overage = settled.open_overage(story.session, client_id=story.office.acme.id, until=date(2026, 4, 30))
    assert april.overage_seconds == hours("5")
    assert [(each.from_second, each.to_second) for each in live] == [(0, hours("20"))]
    assert [(each.time_entry_id, each.from_second, each.to_second) for each in overage] == [
        (entry.id, hours("20"), hours("25"))
    ]


def test_fees_in_advance_run_one_month_ahead_of_those_in_arrears(story):
    agreement = story.agree(per_month="10", fee_minor=100000, fee_timing="advance", name="Ahead")
    story.agree(
        per_month="5",
        fee_minor=50000,
        fee_timing="arrears",
        name="Behind",
        project_ids=(story.office.acme_project.id,),
    )

    due = queries.fees_due(story.session, client_id=story.office.acme.id, month=Month(2026, 3))

    assert agreement.name == "Ahead"
    assert [(each.name, str(each.month), each.fee_minor) for each in due] == [
        ("Ahead", "2026-03", 100000),
        ("Ahead", "2026-04", 100000),
        ("Behind", "2026-03", 50000),
    ]
