"""How a budget fares. Days are those of 2026."""

from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from helpdesk.projects.domain.budget import Spent, outlook

HOUR = 3600
TODAY = date(2026, 11, 18)


def test_used_and_pending_are_both_gone_and_the_rest_is_left():
    view = outlook(100 * HOUR, Spent(used=40 * HOUR, pending=15 * HOUR), today=TODAY)

    assert (view.left, view.used_percent, view.gone_percent) == (45 * HOUR, 40, 55)
    assert view.reached == ("50",)


def test_the_pace_of_four_weeks_says_when_nothing_is_left_and_where_it_ends():
    spent = Spent(used=60 * HOUR, pending=0, recent=20 * HOUR, first_on=TODAY - timedelta(days=90))

    view = outlook(100 * HOUR, spent, today=TODAY, due_on=TODAY + timedelta(days=56))

    assert view.week_rate == 5 * HOUR
    assert view.used_up_on == TODAY + timedelta(days=56)
    assert (view.projected, view.by_pace, view.reached) == (100 * HOUR, True, ("50",))


def test_a_project_of_two_weeks_has_the_pace_of_two_weeks():
    spent = Spent(used=0, pending=10 * HOUR, recent=10 * HOUR, first_on=TODAY - timedelta(days=13))

    view = outlook(12 * HOUR, spent, today=TODAY)

    assert view.week_rate == 5 * HOUR
    assert view.used_up_on == TODAY + timedelta(days=3)  # 2 h at 5 h a week: on the third day


def test_less_than_a_week_of_work_foretells_nothing():
    spent = Spent(used=0, pending=10 * HOUR, recent=10 * HOUR, first_on=TODAY - timedelta(days=5))

    view = outlook(12 * HOUR, spent, today=TODAY, due_on=TODAY + timedelta(days=30))

    assert (view.week_rate, view.used_up_on, view.projected) == (None, None, None)


def test_without_a_due_day_the_open_estimates_tell_the_end():
    view = outlook(50 * HOUR, Spent(20 * HOUR, 10 * HOUR, open_estimates=25 * HOUR), today=TODAY)

    assert (view.projected, view.by_pace) == (55 * HOUR, False)
    assert view.reached == ("50", "forecast")


def test_all_thresholds_are_named_where_all_is_gone():
    view = outlook(10 * HOUR, Spent(11 * HOUR, 0, 11 * HOUR, TODAY - timedelta(days=20)), today=TODAY)

    assert view.reached == ("50", "80", "100")
    assert (view.left, view.used_up_on) == (-HOUR, None)


def test_money_follows_what_the_approved_hours_brought():
    spent = Spent(used=10 * HOUR, pending=5 * HOUR, recent=3 * HOUR, open_estimates=HOUR)

    in_money = spent.valued(95_000)

    assert in_money == Spent(95_000, 47_500, 28_500, None, 9_500)


def test_nobody_knows_what_hours_bring_before_one_is_approved():
    assert Spent(used=0, pending=5 * HOUR).valued(0) is None


@settings(max_examples=40)
@given(
    budget=st.integers(1, 10**9),
    used=st.integers(0, 10**9),
    pending=st.integers(0, 10**9),
    recent=st.integers(0, 10**8),
    days=st.integers(0, 400),
    ahead=st.integers(-30, 400),
)
def test_what_is_used_pending_and_left_is_always_the_budget(budget, used, pending, recent, days, ahead):
    spent = Spent(used, pending, recent, TODAY - timedelta(days=days))

    view = outlook(budget, spent, today=TODAY, due_on=TODAY + timedelta(days=ahead))

    assert view.spent.used + view.spent.pending + view.left == budget
    assert ("100" in view.reached) == (view.left <= 0)
    assert view.used_up_on is None or (view.left > 0 and view.used_up_on > TODAY)
    assert view.projected is None or view.projected >= spent.gone
