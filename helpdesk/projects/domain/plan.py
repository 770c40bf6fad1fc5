"""Tasks in time and what follows what; the order in which all of it can happen, or the circle that forbids it.

Days are inclusive, as people write them. Between tasks we reckon with *edges*, the midnights between days: a task
that is due on the 4th ends at the edge 5, and what follows it without lag may begin there. A milestone takes no
time: it lies at the end of its day, so that it may share the day on which the work before it is done.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise

from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.workdays import Workdays, shifted

BEGIN, END = "begin", "end"
Event = tuple[str, int]


@dataclass(frozen=True)
class Span:
    """First and last day of a task, both included."""

    starts_on: date
    due_on: date


@dataclass(frozen=True)
class PlannedTask:
    """A task as its plan knows it. ``name`` is how people call it: ``#12 Copy the mailboxes``.

    Without days it is not planned yet. One that is done stays where it was.
    """

    id: int
    name: str
    span: Span | None = None
    parent_id: int | None = None
    is_milestone: bool = False
    is_done: bool = False


@dataclass(frozen=True)
class Link:
    """The successor begins when the predecessor has ended and ``lag`` days have gone by; a negative lag overlaps."""

    predecessor_id: int
    successor_id: int
    lag: int = 0
    in_working_days: bool = True


@dataclass(frozen=True)
class Plan:
    """All tasks of a project with their links; a link or parent that leads out of the plan counts for nothing."""

    tasks: tuple[PlannedTask, ...]
    links: tuple[Link, ...] = ()
    workdays: Workdays = field(default_factory=Workdays)

    @cached_property
    def by_id(self) -> dict[int, PlannedTask]:
        """The tasks by their ids."""
        return {task.id: task for task in self.tasks}

    @cached_property
    def children(self) -> dict[int, list[PlannedTask]]:
        """The tasks right below each task that has some."""
        found: dict[int, list[PlannedTask]] = defaultdict(list)
        for task in self.tasks:
            if task.parent_id in self.by_id:
                found[task.parent_id or 0].append(task)
        return dict(found)

    @cached_property
    def links_to(self) -> dict[int, list[Link]]:
        """The links that end at each task."""
        found: dict[int, list[Link]] = defaultdict(list)
        for link in self.links:
            if link.predecessor_id in self.by_id and link.successor_id in self.by_id:
                found[link.successor_id].append(link)
        return found

    def parent_of(self, task: PlannedTask) -> PlannedTask | None:
        """Return the task above, if it is in the plan."""
        return self.by_id.get(task.parent_id) if task.parent_id is not None else None

    def is_summary(self, task_id: int) -> bool:
        """Whether the task has tasks below it, and so spans them."""
        return task_id in self.children

    def leaves_of(self, task_id: int) -> list[PlannedTask]:
        """Return the tasks without children below a task, or the task itself where it has none."""
        if not self.is_summary(task_id):
            return [self.by_id[task_id]]
        return [leaf for child in self.children[task_id] for leaf in self.leaves_of(child.id)]

    @cached_property
    def order(self) -> list[Event]:
        """The begin and end of every task, each after all that it waits for.

        Raises:
            RuleViolation: some tasks wait for each other; the message names them in a circle.
        """
        sorter: TopologicalSorter[Event] = TopologicalSorter()
        for task in self.tasks:
            sorter.add((END, task.id), (BEGIN, task.id))
            parent = self.parent_of(task)
            if parent is not None:
                sorter.add((BEGIN, task.id), (BEGIN, parent.id))
                sorter.add((END, parent.id), (END, task.id))
            for link in self.links_to.get(task.id, ()):
                sorter.add((BEGIN, task.id), (END, link.predecessor_id))
        try:
            return list(sorter.static_order())
        except CycleError as error:
            raise RuleViolation(self._circle(error.args[1])) from error

    def _circle(self, events: Iterable[Event]) -> str:
        ids = [task_id for _kind, task_id in events]
        ids = [ids[0], *(later for earlier, later in pairwise(ids) if later != earlier)]
        names = " → ".join(self.by_id[task_id].name for task_id in ids)
        return f"These tasks would wait for each other: {names}. Nothing was saved; take one of the links out."

    def earliest_after(self, link: Link, end: date) -> date:
        """Return the first edge at which the successor may begin when its predecessor ends at the edge ``end``."""
        if not link.in_working_days:
            return shifted(end, link.lag)
        edge = shifted(self.workdays.nth(self.workdays.before(end) + link.lag - 1), 1)
        return max(edge, end) if link.lag >= 0 else edge

    def latest_before(self, link: Link, begin: date) -> date:
        """Return the last edge at which the predecessor may end when its successor begins at the edge ``begin``."""
        if not link.in_working_days:
            return shifted(begin, -link.lag)
        edge = self.workdays.nth(self.workdays.before(begin) - link.lag)
        return min(edge, begin) if link.lag >= 0 else edge
