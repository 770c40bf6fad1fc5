"""Rounding of what a retainer covers: its own before its client's, and a day as a whole at the close (rule 10)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time_queries
from tests.conftest import NOW

OCTOBER, MORNING = date(2026, 10, 1), datetime(2026, 10, 5, 8, tzinfo=UTC)


@pytest.fixture
def care(office) -> int:
    """Ten hours a month for Acme's support since October."""
    with unit_of_work() as session:
        return retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=NOW,
            client_id=office.acme.id,
            name="Care",
            starts_on=OCTOBER,
            project_ids=[office.acme_project.id],
            terms=retainers.NewTerms(allowance_seconds=36000),
        ).id


def policy(effective_on=OCTOBER, agreement_id=None, **more):
    said: dict[str, Any] = {"actor": SYSTEM, "now": NOW, "effective_on": effective_on, "mode": "up"}
    numbers = {"step_minutes": 15, "minimum_minutes": 0, "grace_seconds": 0, "scope": "entry"}
    with unit_of_work() as session:
        how = {"session": session} | said | numbers | more
        if agreement_id is None:
            rates.set_rounding(**how)
        else:
            retainers.set_rounding(agreement_id=agreement_id, **how)


def approve(office, *minutes, item_id=None, at=MORNING) -> list[int]:
    with unit_of_work() as session:
        entries = [
            TimeEntry(
                uuid=str(uuid4()),
                work_item_id=item_id or office.acme_ticket.id,
                person_id=office.technician.id,
                started_at=at + timedelta(hours=hour),
                ended_at=at + timedelta(hours=hour, minutes=length),
                source="typed",
                status="submitted",
                created_at=NOW,
            )
            for hour, length in enumerate(minutes)
        ]
        session.add_all(entries)
        session.flush()
        ids = [entry.id for entry in entries]
    with unit_of_work() as session:
        timekeeping.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=ids)
    return ids


def bills(ids) -> list[float]:
    with unit_of_work() as session:
        query = select(TimeEntry.billable_seconds).where(TimeEntry.id.in_(ids)).order_by(TimeEntry.id)
        return [(seconds or 0) / 60 for seconds in session.scalars(query)]


def test_a_list_reads_the_roundings_once_however_many_days_and_types_it_has(office, care, count_queries):
    policy(client_id=office.acme.id)
    policy(agreement_id=care, step_minutes=6)
    ids = [*approve(office, 13, 13), *approve(office, 13, at=MORNING + timedelta(days=1))]

    def queries_of(some) -> int:
        with unit_of_work() as session:
            entries = time_queries.entries_by_id(session, some)
            with count_queries() as statements:
                found = timekeeping.preview(session, entries)
            assert {each.billable_seconds for each in found.values()} == {18 * 60}
            return len(statements)

    assert queries_of(ids) == queries_of(ids[:1])


def test_what_the_retainer_covers_has_its_rounding_and_the_rest_that_of_the_client(office, care):
    with unit_of_work() as session:
        website = Project(client_id=office.acme.id, name="Website", created_at=NOW)
        session.add(website)
    policy(client_id=office.acme.id, step_minutes=30)
    policy(agreement_id=care, step_minutes=6)
    covered, task = approve(office, 13), office.acme_task.id
    with unit_of_work() as session:
        session.get_one(type(office.acme_task), task).project_id = website.id
    beside = approve(office, 13, item_id=task)

    policy(agreement_id=care, effective_on=date(2026, 10, 5), step_minutes=60)
    later = approve(office, 13, at=MORNING + timedelta(days=1))

    assert (bills(covered), bills(beside), bills(later)) == ([18], [30], [60])
    with pytest.raises(RuleViolation, match="from 2026-10-05 already"):
        policy(agreement_id=care, effective_on=date(2026, 10, 5))


@pytest.mark.parametrize(("scope", "billed"), [("entry", 60), ("day", 45), ("ticket", 45)])
def test_a_day_and_a_ticket_are_rounded_as_a_whole_when_the_month_is_closed(office, care, scope, billed):
    policy(agreement_id=care, scope=scope)
    ids = approve(office, 7, 12, 22)
    provisional = bills(ids)

    with unit_of_work() as session:
        period = retainers.close_period(session, actor=SYSTEM, now=NOW, agreement_id=care, month=Month(2026, 10))
        used = period.used_seconds // 60

    assert provisional == [15, 15, 30]
    assert (used, sum(bills(ids))) == (billed, billed)
    with unit_of_work() as session:
        told = session.scalars(select(AuditRow.object_id).where(AuditRow.action == "rounded")).all()
    assert set(told) == {one for one, was, bill in zip(ids, provisional, bills(ids), strict=True) if was != bill}


def test_time_that_comes_after_the_close_is_a_group_of_its_own_in_the_open_month(office, care):
    policy(agreement_id=care, scope="ticket")
    first = approve(office, 7)
    with unit_of_work() as session:
        retainers.close_period(session, actor=SYSTEM, now=NOW, agreement_id=care, month=Month(2026, 10))
    late = approve(office, 8, at=MORNING + timedelta(hours=5))
    reopened = approve(office, 2, 3, at=datetime(2026, 11, 9, 8, tzinfo=UTC))

    with unit_of_work() as session:
        november = retainers.close_period(
            session, actor=SYSTEM, now=NOW + timedelta(days=20), agreement_id=care, month=Month(2026, 11)
        )
        used = november.used_seconds // 60

    assert (bills(first), bills(late), sum(bills(reopened))) == ([15], [15], 15)
    assert used == 30


def test_the_page_of_the_retainer_sets_it_and_shows_what_was(office, care, sign_in_as):
    browser, path = sign_in_as(office.account_manager), f"/retainers/{care}/rounding"
    form = {"mode": "up", "step_minutes": "6", "minimum_minutes": "0", "grace_seconds": "0", "scope": "day"}

    empty = browser.get(path).text
    browser.post(path, data=form | {"effective_on": "2026-10-01"})
    twice = browser.post(path, data=form | {"effective_on": "2026-10-01"})
    slip = browser.post(path, data=form | {"effective_on": "2026-12-01", "mode": "down", "grace_seconds": "60"})
    page = browser.post(
        path, data=form | {"effective_on": "2026-11-01", "step_minutes": "15"}, follow_redirects=True
    ).text

    assert "No rounding of its own" in empty
    assert "from 2026-10-01 already" in twice.text.split('id="effective_on-error"')[1]
    assert "Grace is a part of rounding up" in slip.text.split('id="grace_seconds-error"')[1]
    assert ("In force" in page, "Ended" in page, "31 Oct 2026" in page) == (True, True, True)
    assert "Up to the step, 6 min" not in browser.get("/rates/rounding").text
