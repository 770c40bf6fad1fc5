"""Late time that is written off is neither drawn nor billed, until somebody takes that back."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from helpdesk.doctor import examine
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.retainers.models import RetainerPeriod
from helpdesk.retainers.service import writing_off
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import margins
from helpdesk.timekeeping.service import reopen, reverse_entry

DECEMBER = Month(2026, 12)


def test_late_time_is_written_off_and_taken_back_on_the_page_of_its_retainer(story, office, sign_in_as):
    agreement = story.agree(per_month="10", overage="120")
    story.log("4", "2026-11-16")
    story.close()
    late = story.log("12", "2026-11-17")
    browser, page = sign_in_as(office.account_manager), f"/retainers/{agreement.id}"
    act = {"entry_ids": [late.id], "reason": "Our own mistake"}

    offered = browser.get(f"{page}?month=2026-12").text
    unsaid = browser.post(f"{page}/write-off", data={"entry_ids": [late.id], "reason": ""}, follow_redirects=True).text
    done = browser.post(f"{page}/write-off", data=act, follow_redirects=True).text
    again = browser.post(f"{page}/write-off", data=act, follow_redirects=True).text
    with unit_of_work() as session:
        entry = session.get_one(TimeEntry, late.id)
        how = {"actor": office.actor("manager"), "now": story.now, "entry_id": entry.id, "reason": "Wrong ticket"}
        with pytest.raises(Conflict, match="is in a write-off on the page of its retainer"):
            reopen(session, **how)
        with pytest.raises(Conflict, match="written off; take that back"):
            reverse_entry(session, **how)
        [margin] = margins.margins_of(
            session,
            client=entry.work_item.project.client,
            begins=datetime(2026, 11, 1, tzinfo=UTC),
            ends=datetime(2026, 12, 1, tzinfo=UTC),
        )

    assert "12:00, #" in offered
    assert "Choose the time that is written off" in unsaid
    assert "Our own mistake" in done
    assert "Some of this is no late time of Managed workplace any more" in again
    assert (margin.worked_seconds, margin.revenue.minor) == (16 * 3600, 400_00)

    story.now = datetime(2027, 1, 2, 8, tzinfo=UTC)
    story.close(DECEMBER)
    assert story.charges() == [("covered", 4 * 3600, "fixed"), ("written_off", 12 * 3600, "fixed")]
    assert used(DECEMBER) == 0
    assert story.draft(DECEMBER) is None
    with unit_of_work() as session:
        assert examine(session, store=blobs.store(), now=story.now) == []

    taken = browser.post(f"{page}/write-off/{late.id}/undo", follow_redirects=True).text
    assert "It counts again." in taken
    story.now = datetime(2027, 2, 2, 8, tzinfo=UTC)
    story.close(Month(2027, 1))
    assert used(Month(2027, 1)) == 10 * 3600
    history = sign_in_as(office.manager).get(f"/time/entries/{late.id}").text
    assert "wrote it off" in history
    assert "took back that it was written off" in history
    with unit_of_work() as session:
        assert examine(session, store=blobs.store(), now=story.now) == []


def test_only_late_time_of_the_agreement_is_written_off(story, office):
    agreement = story.agree(per_month="10")
    story.close()
    in_time, pending = story.log("1", "2026-12-02"), story.log("1", "2026-11-18", status="submitted")

    for entry in (in_time, pending):
        with pytest.raises(RuleViolation, match="no late time"), unit_of_work() as session:
            writing_off.write_off(
                session,
                actor=SYSTEM,
                now=story.now,
                agreement_id=agreement.id,
                entry_ids=[entry.id],
                reason="Our own mistake",
            )

    assert story.charges() == []


def used(month: Month) -> int:
    with unit_of_work() as session:
        query = select(RetainerPeriod).where(RetainerPeriod.month == month.first_day)
        return session.scalars(query.where(RetainerPeriod.reversed_at.is_(None))).one().used_seconds
