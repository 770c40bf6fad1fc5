"""Where a task lies: its edges, its length, and the same length put elsewhere.

A task whose first and last day are worked is as long as the working days in it. One that somebody put onto a day
off, a switch-over at a weekend, is as long as its days of the calendar; so is a milestone, which takes none.
"""

from dataclasses import dataclass
from datetime import date

from helpdesk.projects.domain.plan import PlannedTask, Span
from helpdesk.projects.domain.workdays import Workdays, shifted


@dataclass(frozen=True)
class Shape:
    """How long a task is, and whether its days are working days or those of the calendar."""

    days: int
    in_working_days: bool
    workdays: Workdays

    def from_edge(self, begin: date) -> Span:
        """Return the days of the task if it begins at the edge ``begin``, or on the next day that suits it."""
        if self.days == 0:
            day = shifted(begin, -1)
            return Span(day, day)
        if not self.in_working_days:
            return Span(begin, shifted(begin, self.days - 1))
        count = self.workdays.before(begin)
        return Span(self.workdays.nth(count), self.workdays.nth(count + self.days - 1))

    def until_edge(self, end: date) -> Span:
        """Return the days of the task if it is over at the edge ``end``, or on the last day before that suits it."""
        last = shifted(end, -1)
        if self.days == 0:
            return Span(last, last)
        if not self.in_working_days:
            return Span(shifted(last, 1 - self.days), last)
        count = self.workdays.before(end)
        return Span(self.workdays.nth(count - self.days), self.workdays.nth(count - 1))


def shape_of(task: PlannedTask, span: Span, workdays: Workdays) -> Shape:
    """Return how long the task is where it lies on the days of ``span``."""
    if task.is_milestone:
        return Shape(0, in_working_days=False, workdays=workdays)
    if workdays.is_worked(span.starts_on) and workdays.is_worked(span.due_on):
        return Shape(workdays.within(span.starts_on, span.due_on), in_working_days=True, workdays=workdays)
    return Shape((span.due_on - span.starts_on).days + 1, in_working_days=False, workdays=workdays)


def begin_edge(task: PlannedTask, span: Span) -> date:
    """Return the edge at which the task begins: the end of its day for a milestone."""
    return shifted(span.due_on, 1) if task.is_milestone else span.starts_on


def end_edge(span: Span) -> date:
    """Return the edge at which the task is over: the one behind its last day."""
    return shifted(span.due_on, 1)


def around(spans: list[Span]) -> Span | None:
    """Return the days from the first start to the last end; None around nothing."""
    if not spans:
        return None
    return Span(min(span.starts_on for span in spans), max(span.due_on for span in spans))
