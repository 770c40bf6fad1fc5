"""A retainer of many years is as quick as a new one: closed months are facts (docs/billing.md rule 10)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import event

from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.periods import Month
from helpdesk.retainers import queries
from helpdesk.retainers.books import Shelf
from helpdesk.retainers.domain.statement import Statement
from helpdesk.retainers.models import Agreement
from tests.slices.retainers.conftest import Story

NOW = datetime(2026, 6, 1, tzinfo=UTC)
MAY = Month(2026, 5)


@pytest.fixture
def years(story):
    """Four closed months with what lives a month longer; May is open, with late time of March and a reversed entry."""
    story.agree(per_month="10", starts_on=date(2026, 1, 1), rollover_months=1, overage_rate_minor=12_000)
    for month, worked in (("2026-01", "6"), ("2026-02", "13"), ("2026-03", "12"), ("2026-04", "4")):
        story.log(worked, f"{month}-10")
        story.close(month, now=NOW)
    story.log("1.5", "2026-03-20")
    story.log("7", "2026-05-05")
    story.log("2", "2026-05-06", status="submitted")
    return story


def statement_of(shelf: Shelf, agreement: Agreement, month: Month) -> Statement:
    view = shelf.month_view(agreement, month=month, now=NOW)
    assert view is not None
    return view.statement


def test_only_open_work_is_read_and_the_month_is_the_same(years):
    agreement = years.agreement

    whole = queries.shelf_of(years.session, client_ids=[agreement.client_id])
    short = queries.shelf_of(years.session, client_ids=[agreement.client_id], month=MAY, now=NOW)
    ours, theirs = (statement_of(each, agreement, MAY) for each in (short, whole))

    assert [len(each.entries[agreement.client_id]) for each in (whole, short)] == [7, 3]
    assert (ours.period, ours.days, ours.forecast) == (theirs.period, theirs.days, theirs.forecast)
    assert ours.period.carried_in_seconds == 6 * 3600
    assert ours.burned_seconds == round(8.5 * 3600)


def test_a_closed_month_is_read_from_the_one_before_it(years):
    agreement, april = years.agreement, Month(2026, 4)

    whole = queries.shelf_of(years.session, client_ids=[agreement.client_id])
    short = queries.shelf_of(years.session, client_ids=[agreement.client_id], month=april, now=NOW)
    ours, theirs = (statement_of(each, agreement, april) for each in (short, whole))

    assert (ours.period, ours.days) == (theirs.period, theirs.days)


@pytest.mark.parametrize("worked", ["30", "480"])
def test_work_that_reaches_into_the_month_from_a_closed_one_counts_in_it(story, worked):
    agreement = story.agree(per_month="10", starts_on=date(2026, 1, 1))
    story.log(worked, "2026-01-31" if worked == "30" else "2026-01-25")
    story.close("2026-01", now=NOW)
    story.log("1", "2026-02-03")

    whole, short = (
        queries.shelf_of(story.session, client_ids=[agreement.client_id], month=month)
        for month in (None, Month(2026, 2))
    )
    ours, theirs = (statement_of(each, agreement, Month(2026, 2)) for each in (short, whole))

    assert [len(each.entries[agreement.client_id]) for each in (whole, short)] == [2, 2]
    assert (ours.period, ours.days) == (theirs.period, theirs.days)
    assert ours.burned_seconds > 10 * 3600


@pytest.mark.parametrize("app", ["sqlite"], indirect=True)  # PostgreSQL decides by what it knows of the rows
def test_what_reaches_into_a_month_is_found_by_the_index_of_what_is_long(years):
    asked, connection = [], years.session.connection()
    event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2:4]))

    queries.shelf_of(years.session, client_ids=[years.agreement.client_id], month=MAY)

    [(sql, given)] = [each for each in asked if "julianday" in each[0]]
    assert "time_entries USING INDEX ix_time_entries_long" in str(
        connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given).all()
    )


def test_the_page_costs_the_same_queries_however_long_the_history(office, sign_in_as, count_queries):
    with unit_of_work() as session:
        story = Story(session, office)
        agreement_id = story.agree(per_month="10", starts_on=date(2026, 1, 1)).id
        story.log("3", "2026-01-10")
        story.close("2026-01", now=NOW)
        story.log("3", "2026-02-10")
    manager = sign_in_as(office.manager)
    manager.get(f"/retainers/{agreement_id}?month=2026-02")
    with count_queries() as young:
        manager.get(f"/retainers/{agreement_id}?month=2026-02")
    with unit_of_work() as session:
        story = Story(session, office)
        story.agreement = queries.lock_agreement(session, agreement_id)
        for month in ("2026-02", "2026-03", "2026-04"):
            story.close(month, now=NOW)
            story.log("4", f"{Month.parse(month).next}-11")
    with count_queries() as old:
        assert manager.get(f"/retainers/{agreement_id}?month=2026-05").status_code == 200

    assert len(old) <= len(young)
