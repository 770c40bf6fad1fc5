"""How a budget fares: what is used, pending and left, and where it goes (docs/billing.md "Budgets and limits").

The same sums serve hours (in whole seconds) and money (in minor units). What is *used* was approved; what is
*pending* was worked and is not approved yet. Both are gone from the budget.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from helpdesk.kernel.money import round_half_up

RUN_RATE_DAYS = 28
LEAST_DAYS = 7
FAR_DAYS = 3650
THRESHOLDS = (50, 80, 100)
FORECAST = "forecast"


@dataclass(frozen=True)
class Spent:
    """What a budget lost so far, and lately; ``open_estimates`` is what open tasks are estimated to need still.

    ``recent`` counts the last :data:`RUN_RATE_DAYS` days, the day of ``today`` included.
    """

    used: int
    pending: int
    recent: int = 0
    first_on: date | None = None
    open_estimates: int | None = None

    @property
    def gone(self) -> int:
        """What is used and what is pending together."""
        return self.used + self.pending

    def valued(self, used: int) -> "Spent | None":
        """Return this spending of hours in money: what is used is known, the rest goes by its average.

        None where nothing was approved yet, so that nobody can say what an hour brings.
        """
        if self.used == 0:
            return None
        average = Fraction(used, self.used)
        return Spent(
            used,
            round_half_up(self.pending * average),
            round_half_up(self.recent * average),
            self.first_on,
            None if self.open_estimates is None else round_half_up(self.open_estimates * average),
        )


@dataclass(frozen=True)
class Outlook:
    """A budget with where it stands and where it goes.

    Attributes:
        week_rate: what a week takes at the pace of late; None with less than a week of work.
        used_up_on: the day on which nothing is left at that pace; None where it is used up, far off, or unknown.
        projected: what it comes to in the end; None where nothing tells.
        by_pace: whether ``projected`` goes by the pace up to the due day, else by the estimates of open tasks.
    """

    budget: int
    spent: Spent
    week_rate: int | None
    used_up_on: date | None
    projected: int | None
    by_pace: bool

    @property
    def left(self) -> int:
        """What remains; negative where more is gone than there was."""
        return self.budget - self.spent.gone

    @property
    def used_percent(self) -> int:
        """The approved share, rounded down."""
        return _percent(self.spent.used, self.budget)

    @property
    def gone_percent(self) -> int:
        """The share that is used or pending, rounded down."""
        return _percent(self.spent.gone, self.budget)

    @property
    def reached(self) -> tuple[str, ...]:
        """The thresholds that are reached: 50, 80 and 100 percent gone, and a forecast beyond the whole."""
        passed = [str(level) for level in THRESHOLDS if self.spent.gone * 100 >= level * self.budget]
        over = self.projected is not None and self.projected > self.budget
        return (*passed, FORECAST) if over else tuple(passed)


def outlook(budget: int, spent: Spent, *, today: date, due_on: date | None = None) -> Outlook:
    """Return where a budget (above zero) stands on ``today`` and where it goes.

    The pace is that of the last 28 days, or of all days since the first work where these are fewer, but at least 7.
    With 20 h in 28 days, 60 h gone of 100 h and 56 days to the due day it comes to 100 h.
    """
    days = _days_counted(spent, today)
    pace = Fraction(spent.recent, days) if days is not None else None
    projected, by_pace = _projected(spent, pace, today, due_on)
    return Outlook(
        budget,
        spent,
        week_rate=None if pace is None else round_half_up(pace * 7),
        used_up_on=_used_up_on(budget - spent.gone, pace, today),
        projected=projected,
        by_pace=by_pace,
    )


def _days_counted(spent: Spent, today: date) -> int | None:
    if spent.first_on is None:
        return None
    days = min((today - spent.first_on).days + 1, RUN_RATE_DAYS)
    return days if days >= LEAST_DAYS else None


def _used_up_on(left: int, pace: Fraction | None, today: date) -> date | None:
    if not pace or left <= 0:
        return None
    days = -(-left // pace)  # up: on the day before something is left
    return today + timedelta(days=int(days)) if days <= FAR_DAYS else None


def _projected(spent: Spent, pace: Fraction | None, today: date, due_on: date | None) -> tuple[int | None, bool]:
    if pace is not None and due_on is not None and due_on >= today:
        return spent.gone + round_half_up(pace * (due_on - today).days), True
    return (spent.gone + spent.open_estimates if spent.open_estimates is not None else None), False


def _percent(part: int, whole: int) -> int:
    return part * 100 // whole if whole else 0
