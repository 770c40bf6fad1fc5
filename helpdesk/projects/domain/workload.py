"""Who is booked how much in which week: what is left of tasks, laid into weeks, against what people mean to work. Pure.

docs/projects.md "Workload" has the rules by number.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from helpdesk.kernel.durations import largest_remainder
from helpdesk.projects.domain.workdays import Workdays

ONE_WEEK = timedelta(weeks=1)
LAST_OF_WEEK = timedelta(days=6)


@dataclass(frozen=True, slots=True)
class Work:
    """What is left of one open task, in seconds, whose it is (None: nobody's), and when it is planned.

    ``left_seconds`` is None where nobody ever estimated it.
    """

    id: int
    person_id: int | None
    left_seconds: int | None
    starts_on: date | None
    due_on: date | None

    @property
    def has_days(self) -> bool:
        """Whether it is planned at all."""
        return self.starts_on is not None or self.due_on is not None

    def is_late(self, today: date) -> bool:
        """Whether all its days are over."""
        days = [day for day in (self.starts_on, self.due_on) if day is not None]
        return bool(days) and max(days) < today


@dataclass(frozen=True, slots=True)
class Load:
    """What somebody is booked with in a week, and can take: None where nobody said how long they mean to work."""

    booked_seconds: int
    capacity_seconds: int | None

    @property
    def percent(self) -> int | None:
        """The share of the capacity, rounded down; None of an unknown capacity or of none."""
        return self.booked_seconds * 100 // self.capacity_seconds if self.capacity_seconds else None

    @property
    def is_over(self) -> bool:
        """Whether more is booked than can be worked; in a week without any capacity that is anything."""
        return self.capacity_seconds is not None and self.booked_seconds > self.capacity_seconds

    def __add__(self, other: "Load") -> "Load":
        known = [each.capacity_seconds for each in (self, other) if each.capacity_seconds is not None]
        return Load(self.booked_seconds + other.booked_seconds, sum(known) if known else None)


def monday_of(day: date) -> date:
    """Return the Monday of the week in which a day lies."""
    return day - timedelta(days=day.weekday())


def spread(work: Work, *, today: date, workdays: Workdays) -> dict[date, int]:
    """Return what is left of a task by the Mondays of its weeks, in whole seconds that add up to all of it.

    What is left is done evenly on the working days from its start to its due day that are not over; a task with one of
    both days lies on that day, one whose days are over on the next working day, one that has days off only on those.
    10 h from Thursday to Tuesday (4 working days) are 5 h in each of the two weeks. Nothing where it has no days or no
    estimate.
    """
    if not work.left_seconds or not work.has_days:
        return {}
    first, last = _days_ahead(work, today, workdays)
    weights = _weights(first, last, workdays)
    shares = largest_remainder(work.left_seconds, list(weights.values()))
    return {monday: seconds for monday, seconds in zip(weights, shares, strict=True) if seconds}


def capacity(target_seconds: int | None, *, monday: date, today: date, workdays: Workdays) -> int | None:
    """Return how much of what somebody means to work in a week is still ahead; None where nobody said.

    On a Wednesday three of five working days are: of 40 h, 24 h. Of a week that is over, nothing.
    """
    if target_seconds is None:
        return None
    sunday = monday + LAST_OF_WEEK
    whole = workdays.within(monday, sunday)
    ahead = workdays.within(max(monday, today), sunday) if sunday >= today else 0
    return target_seconds * ahead // whole if whole else 0


@dataclass(frozen=True)
class Booked:
    """What each person is booked with in each of some weeks, in ``later`` ones, and by which tasks."""

    by_week: Mapping[tuple[int | None, date], int]
    later: Mapping[int | None, int]
    tasks: Mapping[tuple[int | None, date], Sequence[tuple[int, int]]]
    """(task, seconds) of a person's week, the most first."""


def book(works: Iterable[Work], *, mondays: Sequence[date], today: date, workdays: Workdays) -> Booked:
    """Return the weeks of all people; work of weeks behind the last of ``mondays`` is summed up as later."""
    by_week: dict[tuple[int | None, date], int] = {}
    later: dict[int | None, int] = {}
    tasks: dict[tuple[int | None, date], list[tuple[int, int]]] = {}
    for work in works:
        for monday, seconds in spread(work, today=today, workdays=workdays).items():
            if monday > mondays[-1]:
                later[work.person_id] = later.get(work.person_id, 0) + seconds
            elif monday >= mondays[0]:
                key = work.person_id, monday
                by_week[key] = by_week.get(key, 0) + seconds
                tasks.setdefault(key, []).append((work.id, seconds))
    return Booked(
        by_week, later, {key: sorted(found, key=lambda one: (-one[1], one[0])) for key, found in tasks.items()}
    )


def _days_ahead(work: Work, today: date, workdays: Workdays) -> tuple[date, date]:
    days = [day for day in (work.starts_on, work.due_on) if day is not None]
    if work.is_late(today):
        return (workdays.on_or_after(today),) * 2
    return max(min(days), today), max(days)


def _weights(first: date, last: date, workdays: Workdays) -> dict[date, int]:
    """Return how many days of each week count, at least one in all."""
    worked = workdays.within(first, last) > 0
    found = {}
    monday = monday_of(first)
    while monday <= last:
        begins, ends = max(first, monday), min(last, monday + LAST_OF_WEEK)
        found[monday] = workdays.within(begins, ends) if worked else (ends - begins).days + 1
        monday += ONE_WEEK
    return found
