"""Time that a closed month has drawn is reversed and replaced; the month stays, the hours come back (rule 2)."""

from datetime import date

import pytest
from sqlalchemy import select, text

from helpdesk.doctor import SQL_CHECKS
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project
from helpdesk.retainers import queries, service, settled
from helpdesk.retainers.service.blocks import NewBlock, add_block
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import Charge, TimeEntry, TimeReversal
from tests.slices.retainers.conftest import JUNE, hours

BLOCK = NewBlock(hours("5"), date(2026, 3, 1), date(2026, 12, 31))
MARCH, APRIL, MAY = (Month(2026, number) for number in (3, 4, 5))


def correct(story, entry, worked, *, by="manager", reason="Half of it was for Globex", **more):
    return timekeeping.edit_entry(
        story.session,
        actor=story.office.actor(by),
        now=JUNE,
        entry_id=entry.id,
        day=more.get("day", date(2026, 3, 2)),
        worked=worked,
        reason=reason,
    )


def approve(story, *entries):
    timekeeping.approve(
        story.session, actor=story.office.actor("admin"), now=JUNE, entry_ids=[entry.id for entry in entries]
    )


def broken(session):
    return [check.says for check in SQL_CHECKS if session.execute(text(check.sql)).first()]


def test_closed_time_is_reversed_replaced_and_given_back_in_the_next_month(story):
    story.agree(per_month="10")
    entry = story.log("4", "2026-03-02")
    march = story.close("2026-03")

    replacement = correct(story, entry, "9:00-11:00")
    approve(story, replacement)
    april = story.close("2026-04")

    [reversal] = story.session.scalars(select(TimeReversal))
    assert (reversal.time_entry_id, reversal.seconds, reversal.reason, reversal.replacement_id) == (
        entry.id,
        hours("4"),
        "Half of it was for Globex",
        replacement.id,
    )
    assert (entry.status, entry.billable_seconds) == ("reversed", hours("4"))
    assert (replacement.status, replacement.created_by_id) == ("locked", story.office.manager.id)
    assert story.ledger(march)[1] == ("draw", -hours("4"))
    assert story.ledger(april)[:3] == [("grant", hours("10")), ("adjustment", hours("4")), ("draw", -hours("2"))]
    assert (april.granted_seconds, april.used_seconds) == (hours("14"), hours("2"))
    live = story.session.scalars(select(Charge.time_entry_id).where(Charge.released_at.is_(None))).all()
    assert live == [replacement.id]
    assert broken(story.session) == []


def test_what_rolls_over_is_never_given_back_twice(story):
    story.agree(per_month="10", rollover_months=2)
    entry = story.log("4", "2026-03-02")
    march, april = story.close("2026-03"), story.close("2026-04")

    timekeeping.reverse_entry(
        story.session, actor=story.office.actor("manager"), now=JUNE, entry_id=entry.id, reason="Never done"
    )
    may = story.close("2026-05")
    view = queries.month_view(story.session, agreement=story.agreement, month=APRIL, now=JUNE)

    assert (march.carried_out_seconds, april.carried_out_seconds) == (hours("6"), hours("16"))
    assert (may.carried_in_seconds, may.granted_seconds) == (hours("16"), hours("14"))
    assert view is not None
    assert view.statement.period.granted_seconds == hours("10")
    assert broken(story.session) == []


def test_reopening_the_month_that_drew_it_takes_the_gift_away(story):
    story.agree(per_month="10")
    entry = story.log("4", "2026-03-02")
    story.close("2026-03")
    replacement = correct(story, entry, "9:00-10:00")
    approve(story, replacement)

    service.reopen_period(
        story.session, actor=SYSTEM, now=JUNE, agreement_id=story.agreement.id, month=MARCH, reason="wrong terms"
    )
    march = story.close("2026-03")
    april = story.close("2026-04")

    assert (march.revision, march.used_seconds, april.granted_seconds) == (2, hours("1"), hours("10"))
    assert broken(story.session) == []


def test_what_a_reopened_month_had_drawn_is_changed_and_never_deleted(story):
    story.agree(per_month="10")
    entry = story.log("4", "2026-03-02")
    story.close("2026-03")
    how = {"actor": story.office.actor("manager"), "now": JUNE, "reason": "Never done"}
    service.reopen_period(story.session, agreement_id=story.agreement.id, month=MARCH, **how)

    with pytest.raises(Conflict, match="a month that was closed once"):
        timekeeping.delete_entry(story.session, entry_id=entry.id, **how)
    changed = correct(story, entry, "9:00-9:30")

    assert (changed.id, changed.status) == (entry.id, "draft")


def test_of_work_across_the_edge_the_open_month_just_forgets_its_part(story):
    story.agree(per_month="30")
    entry = story.log("24", "2026-03-31")  # 15 hours in March, 9 in April
    story.close("2026-03")

    timekeeping.reverse_entry(
        story.session, actor=story.office.actor("manager"), now=JUNE, entry_id=entry.id, reason="Never done"
    )
    april = story.close("2026-04")

    assert story.ledger(april)[:2] == [("grant", hours("30")), ("adjustment", hours("15"))]
    assert april.used_seconds == 0


def test_the_forgotten_part_does_not_come_back_once_its_month_is_closed(story):
    """15 h in March and 9 in April; with blocks all is read again, and May carries in what April left."""
    story.agree(per_month="20", rollover_months=2)
    add_block(story.session, actor=SYSTEM, now=JUNE, agreement_id=story.agreement.id, wanted=BLOCK, key="b" * 32)
    entry = story.log("24", "2026-03-31")
    story.close("2026-03")
    timekeeping.reverse_entry(
        story.session, actor=story.office.actor("manager"), now=JUNE, entry_id=entry.id, reason="Never done"
    )

    april = story.close("2026-04")
    may = queries.month_view(story.session, agreement=story.agreement, month=MAY, now=JUNE)

    assert (april.used_seconds, april.carried_out_seconds) == (0, hours("45"))
    assert may is not None
    assert may.statement.period.carried_in_seconds == hours("45")


def test_what_a_reversed_entry_owes_is_paid_first_and_billed_to_nobody(story):
    story.agree(per_month="2", carry_deficit=True, overage_rate_minor=12000, ends_on=date(2026, 5, 31))
    first = story.log("3", "2026-03-02")
    entry = story.log("4", "2026-03-03")
    story.close("2026-03")

    timekeeping.reverse_entry(
        story.session, actor=story.office.actor("manager"), now=JUNE, entry_id=entry.id, reason="Never done"
    )
    april, may = story.close("2026-04"), story.close("2026-05")
    overage = settled.open_overage(story.session, client_id=story.office.acme.id, until=date(2026, 5, 31))

    assert (april.granted_seconds, april.expired_seconds, april.carried_out_seconds) == (hours("6"), hours("1"), 0)
    assert (may.overage_seconds, overage) == (0, [])
    assert first.status == "locked"
    assert broken(story.session) == []


def test_overage_that_no_invoice_has_yet_is_reversed_too(story):
    story.agree(per_month="1", overage_rate_minor=12000)
    story.log("1", "2026-03-02")
    entry = story.log("2", "2026-03-03")
    story.close("2026-03")

    replacement = correct(story, entry, "9:00-10:00", day=date(2026, 3, 3))

    assert (entry.status, replacement.status) == ("reversed", "submitted")
    assert settled.open_overage(story.session, client_id=story.office.acme.id, until=date(2026, 3, 31)) == []


@pytest.mark.parametrize(
    ("by", "reason", "refusal", "words"),
    [
        ("manager", " ", RuleViolation, "Say why it changes"),
        ("technician", "Half of it", Conflict, "A manager or an administrator can correct it"),
    ],
)
def test_closed_time_is_corrected_by_managers_with_a_reason(story, by, reason, refusal, words):
    story.agree(per_month="10")
    entry = story.log("4", "2026-03-02")
    story.close("2026-03")

    with pytest.raises(refusal, match=words):
        correct(story, entry, "9:00-11:00", by=by, reason=reason)


def test_a_correction_bills_no_more_than_there_was_where_the_project_takes_no_more(story):
    story.agree(per_month="10")
    entry = story.log("4", "2026-03-02")
    story.close("2026-03")
    project = story.session.get_one(Project, story.office.acme_project.id)
    project.max_billable_seconds, project.over_limit = hours("4.5"), "refuse"

    with pytest.raises(RuleViolation, match="0:00 are worked, and 5:00 more is too much"), story.session.begin_nested():
        correct(story, entry, "9:00-14:00")
    story.session.refresh(entry)
    replacement = correct(story, entry, "9:00-13:30")

    assert (entry.status, replacement.status) == ("reversed", "submitted")


def test_where_no_month_follows_nothing_can_be_given_back(story):
    story.agree(per_month="10", ends_on=date(2026, 3, 31))
    entry = story.log("4", "2026-03-02")
    story.close("2026-03")

    with pytest.raises(Conflict, match="Reopen 2026-03 first"):
        correct(story, entry, "9:00-11:00")


def test_a_reversal_is_kept_and_both_entries_tell_of_it(story):
    story.agree(per_month="10")
    entry = story.log("4", "2026-03-02")
    story.close("2026-03")

    replacement = correct(story, entry, "9:00-11:00")

    rows = story.session.scalars(select(AuditRow).where(AuditRow.object_kind == "time_entry").order_by(AuditRow.id))
    reversed_row, replaced_row = rows.all()
    assert (reversed_row.object_id, reversed_row.action, reversed_row.data["replacement"]) == (
        entry.id,
        "reversed",
        replacement.id,
    )
    assert reversed_row.data["out_of"] == ["the closed month 2026-03 of Support"]
    assert replaced_row.data["before"] == {"ended_at": "2026-03-02T12:00:00+00:00"}
    assert replaced_row.data["after"] == {"ended_at": "2026-03-02T10:00:00+00:00"}
    with pytest.raises(Conflict, match="is reversed"):
        correct(story, entry, "9:00-10:00")
    with pytest.raises(Exception, match="append-only"), story.session.begin_nested():
        story.session.execute(text("UPDATE time_reversals SET reason = 'other'"))
    assert story.session.get_one(TimeEntry, entry.id).status == "reversed"
