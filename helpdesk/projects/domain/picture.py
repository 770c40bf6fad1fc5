"""The geometry of a plan's picture: where on the paper a day, a bar, an arrow and a tick lie, in pixels.

`static/gantt.js` draws what moves by the same rules.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from helpdesk.projects.domain.plan import Span
from helpdesk.projects.domain.workdays import Workdays

ROW, BAR, TOP = 32, 14, 7
"""Heights of a row and of a bar in it, and what is free above the bar."""
HEAD = 44
DAY_WIDTHS = {"day": 28.0, "week": 10.0, "month": 3.0}
FIT = "fit"
PAPER = 620
"""How wide the picture is where all of it is to be on one sheet."""
BEFORE_DAYS, AFTER_DAYS = 7, 35
_DAY = timedelta(days=1)
_ONE_YEAR, _TWO_MONTHS = 300, 60


@dataclass(frozen=True)
class Scale:
    """Days from ``first`` to ``last``, each ``day_width`` pixels wide."""

    first: date
    last: date
    day_width: float
    zoom: str

    @property
    def days(self) -> int:
        """How many days are drawn."""
        return (self.last - self.first).days + 1

    @property
    def width(self) -> float:
        """The width of the whole picture."""
        return round(self.days * self.day_width, 2)

    def x(self, day: date) -> float:
        """Return where a day begins."""
        return round((day - self.first).days * self.day_width, 2)

    def wide(self, days: int) -> float:
        """Return how wide so many days are."""
        return round(days * self.day_width, 2)


def scale_of(spans: list[Span], *, today: date, zoom: str | None) -> Scale:
    """Return the scale for a plan: all its days, some room around them, and today where it is not far away.

    Without a zoom the one at which the plan is about as wide as a page.
    """
    days = [day for span in spans for day in (span.starts_on, span.due_on)] or [today]
    first, last = min(days), max(days)
    if first - today < timedelta(days=90) and today - last < timedelta(days=90):
        first, last = min(first, today), max(last, today)
    length = (last - first).days
    chosen = zoom or ("day" if length <= _TWO_MONTHS else "week" if length <= _ONE_YEAR else "month")
    if chosen == FIT:
        first, last = first - _DAY, last + _DAY
        return Scale(first, last, round(PAPER / ((last - first).days + 1), 4), FIT)
    first -= timedelta(days=BEFORE_DAYS + (first - timedelta(days=BEFORE_DAYS)).weekday())
    return Scale(first, last + timedelta(days=AFTER_DAYS), DAY_WIDTHS[chosen], chosen)


def months(scale: Scale) -> Iterator[date]:
    """Yield the first days of months in the picture, after its own first day."""
    yield scale.first
    month = (scale.first.replace(day=1) + timedelta(days=32)).replace(day=1)
    while month <= scale.last:
        yield month
        month = (month + timedelta(days=32)).replace(day=1)


def ticks(scale: Scale) -> list[date]:
    """Return the days that are written below the months: each, each Monday, or none where there is no room."""
    if scale.day_width < DAY_WIDTHS["week"]:
        return []
    every = 1 if scale.day_width >= DAY_WIDTHS["day"] else 7
    start = scale.first if every == 1 else scale.first + timedelta(days=-scale.first.weekday() % 7)
    return [start + timedelta(days=step) for step in range(0, (scale.last - start).days + 1, every)]


def rest_days(scale: Scale, workdays: Workdays) -> list[tuple[float, float]]:
    """Return x and width of each run of days that are not worked; none where they would be too thin to see."""
    if scale.day_width < DAY_WIDTHS["month"]:
        return []
    runs: list[tuple[date, int]] = []
    for step in range(scale.days):
        day = scale.first + timedelta(days=step)
        if workdays.is_worked(day):
            continue
        if runs and runs[-1][0] + timedelta(days=runs[-1][1]) == day:
            runs[-1] = (runs[-1][0], runs[-1][1] + 1)
        else:
            runs.append((day, 1))
    return [(scale.x(day), scale.wide(count)) for day, count in runs]


def arrow(x1: float, row1: int, x2: float, row2: int) -> str:
    """Return the path from the end of the bar in one row to the begin of the bar in another, with its head."""
    y1, y2 = row1 * ROW + TOP + BAR // 2, row2 * ROW + TOP + BAR // 2
    head = "m-4-3l4 3-4 3"
    if x2 >= x1 + 12:
        return f"M{x1:g} {y1}h5V{y2}H{x2:g}{head}"
    middle = y2 + (-ROW // 2 if y2 > y1 else ROW // 2)
    return f"M{x1:g} {y1}h5V{middle}H{x2 - 8:g}V{y2}h8{head}"
