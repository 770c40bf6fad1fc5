from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.retainers.domain.segments import segments_of
from helpdesk.retainers.domain.terms import AfterHours, Agreement, OverageBasis, Terms, TopUp
from helpdesk.retainers.domain.work import WorkEntry

BERLIN = zone_named("Europe/Berlin")
START = date(2026, 1, 1)
MONDAY_TO_MIDNIGHT = ((9 * 60, 24 * 60), None, None, None, None, None, None)


def entry(start: str, end: str) -> WorkEntry:
    return WorkEntry("a", datetime.fromisoformat(start), datetime.fromisoformat(end))


def agreement(**more: Any) -> Agreement:
    terms = Terms(START, 3600, after_hours=more.pop("after_hours", None))
    return Agreement(START, (terms,), more.pop("ends_on", None), **more)


def parts(work: WorkEntry, of: Agreement | None) -> list[tuple[int, str]]:
    found = segments_of(work, work.raw_seconds, of, BERLIN)
    return [(each.billable_seconds // 60, str(each.factor)) for each in found]


def test_the_end_of_the_day_closes_business_hours():
    hours = AfterHours(Decimal("1.5"), MONDAY_TO_MIDNIGHT)

    found = parts(entry("2026-03-02T08:00+01:00", "2026-03-03T01:00+01:00"), agreement(after_hours=hours))

    assert found == [(60, "3/2"), (15 * 60, "1"), (60, "3/2")]


def test_an_opening_time_that_the_clocks_skip_is_read_by_the_offset_before():
    sunday_from_half_past_two = (None,) * 6 + ((2 * 60 + 30, 5 * 60),)
    hours = AfterHours(Decimal(2), sunday_from_half_past_two)

    found = parts(entry("2026-03-29T01:00+01:00", "2026-03-29T05:00+02:00"), agreement(after_hours=hours))

    assert found == [(90, "2"), (90, "1")]


def test_a_closing_time_that_comes_twice_is_the_first():
    sunday_until_half_past_two = (None,) * 6 + ((0, 2 * 60 + 30),)
    hours = AfterHours(Decimal(2), sunday_until_half_past_two)

    found = parts(entry("2026-10-25T02:00+02:00", "2026-10-25T03:00+01:00"), agreement(after_hours=hours))

    assert found == [(30, "1"), (90, "2")]


def test_the_agreement_and_its_blocks_cut_at_local_midnights():
    block = TopUp("b", 60, date(2026, 3, 3), date(2026, 3, 4))
    work = entry("2026-03-02T22:00+01:00", "2026-03-06T01:00+01:00")

    found = parts(work, agreement(top_ups=(block,), ends_on=date(2026, 3, 5)))

    assert [minutes for minutes, _ in found] == [120, 2880, 1440, 60]


def test_an_entry_of_no_length_is_one_empty_segment():
    assert parts(entry("2026-03-02T22:00Z", "2026-03-02T22:00Z"), None) == [(0, "1")]


def test_ranges_partition_the_billable_seconds():
    work = entry("2026-01-31T20:00+01:00", "2026-03-01T04:00+01:00")

    found = segments_of(work, 1001, None, BERLIN)

    assert [each.from_second for each in found] == [0, *(each.to_second for each in found[:-1])]
    assert found[-1].to_second == 1001


def test_time_that_ends_before_it_starts_is_refused():
    now = datetime(2026, 3, 2, tzinfo=UTC)

    with pytest.raises(RuleViolation, match="end before"):
        WorkEntry("a", now, now - timedelta(seconds=1))


def test_a_retainer_that_ends_before_it_starts_is_refused():
    with pytest.raises(RuleViolation, match="end before"):
        agreement(ends_on=date(2025, 12, 31))


def test_weighted_overage_without_a_rate_is_refused():
    with pytest.raises(RuleViolation, match="overage rate"):
        Terms(START, overage_basis=OverageBasis.WEIGHTED)
