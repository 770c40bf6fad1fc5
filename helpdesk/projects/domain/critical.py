"""How long each task may wait: forward and backward pass, slack, and the critical path.

The forward pass takes planned days as the earliest ones, so that slack is what is left of a plan as people agreed
on it. From a day of its own it says instead how early all could be done (`earliest`).
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from helpdesk.projects.domain.placing import around, begin_edge, end_edge, shape_of
from helpdesk.projects.domain.plan import BEGIN, Link, Plan, PlannedTask, Span


@dataclass(frozen=True)
class Slack:
    """The early and the late days of a task, and the working days by which it may slip without moving the end."""

    early: Span
    late: Span
    days: int

    @property
    def is_critical(self) -> bool:
        """Whether the end of the plan moves as soon as the task slips."""
        return self.days <= 0


@dataclass
class _Forward:
    """The early days of all tasks that have some."""

    plan: Plan
    from_day: date | None
    spans: dict[int, Span] = field(default_factory=dict)
    floors: dict[int, date] = field(default_factory=dict)

    def walk(self) -> dict[int, Span]:
        for event, task_id in self.plan.order:
            (self._begin if event == BEGIN else self._end)(self.plan.by_id[task_id])
        return self.spans

    def _begin(self, task: PlannedTask) -> None:
        parent = self.plan.parent_of(task)
        edges = [self.floors[parent.id]] if parent is not None and parent.id in self.floors else []
        edges += [
            self.plan.earliest_after(link, end_edge(self.spans[link.predecessor_id]))
            for link in self.plan.links_to.get(task.id, ())
            if link.predecessor_id in self.spans
        ]
        if edges:
            self.floors[task.id] = max(edges)
        if task.span is not None and not self.plan.is_summary(task.id):
            self.spans[task.id] = self._placed(task, task.span, edges)

    def _placed(self, task: PlannedTask, span: Span, edges: list[date]) -> Span:
        planned = begin_edge(task, span)
        first = self.from_day or planned
        edge = max([first, *edges])
        if task.is_done or edge == planned:
            return span
        return shape_of(task, span, self.plan.workdays).from_edge(edge)

    def _end(self, task: PlannedTask) -> None:
        if self.plan.is_summary(task.id):
            span = around([self.spans[one.id] for one in self.plan.children[task.id] if one.id in self.spans])
            if span is not None:
                self.spans[task.id] = span


@dataclass
class _Backward:
    """The late days of all tasks that have early ones."""

    plan: Plan
    early: dict[int, Span]
    spans: dict[int, Span] = field(default_factory=dict)
    begins: dict[int, date] = field(default_factory=dict)
    ceilings: dict[int, date] = field(default_factory=dict)

    def walk(self, end: date) -> dict[int, Span]:
        followers = _followers(self.plan)
        for event, task_id in reversed(self.plan.order):
            task = self.plan.by_id[task_id]
            if event == BEGIN:
                self._begin(task)
            else:
                self.ceilings[task_id] = min([end, *self._ceilings_of(task, followers[task_id])])
        return self.spans

    def _ceilings_of(self, task: PlannedTask, links: list[Link]) -> Iterator[date]:
        parent = self.plan.parent_of(task)
        if parent is not None:
            yield self.ceilings[parent.id]
        for link in links:
            after = self.plan.by_id[link.successor_id]
            if after.id in self.begins and not after.is_done:
                yield self.plan.latest_before(link, self.begins[after.id])

    def _begin(self, task: PlannedTask) -> None:
        early = self.early.get(task.id)
        if early is None:
            return
        if not self.plan.is_summary(task.id):
            late = shape_of(task, early, self.plan.workdays).until_edge(self.ceilings[task.id])
            self.spans[task.id], self.begins[task.id] = late, begin_edge(task, late)
            return
        below = [one.id for one in self.plan.children[task.id] if one.id in self.spans]
        self.spans[task.id] = around([self.spans[one] for one in below]) or early
        if below:
            self.begins[task.id] = min(self.begins[one] for one in below if one in self.begins)


def earliest(plan: Plan, *, from_day: date | None = None) -> dict[int, Span]:
    """Return the early days of each planned task: those planned, or later where its links demand it.

    With ``from_day`` everything that is not done begins as early from that day on as links allow, whatever is planned.

    Raises:
        RuleViolation: tasks wait for each other in a circle.
    """
    return _Forward(plan, from_day).walk()


def slack(plan: Plan, *, from_day: date | None = None) -> dict[int, Slack]:
    """Return early days, late days and slack of each planned task; the last end of all is the end of the plan.

    Raises:
        RuleViolation: tasks wait for each other in a circle.
    """
    early = earliest(plan, from_day=from_day)
    if not early:
        return {}
    late = _Backward(plan, early).walk(max(end_edge(span) for span in early.values()))
    before = plan.workdays.before
    return {
        task_id: Slack(span, late[task_id], before(end_edge(late[task_id])) - before(end_edge(span)))
        for task_id, span in early.items()
    }


def critical_path(plan: Plan, *, from_day: date | None = None) -> list[int]:
    """Return the ids of one chain of tasks, first to last, that decides when the plan ends; empty without days.

    Raises:
        RuleViolation: tasks wait for each other in a circle.
    """
    early = earliest(plan, from_day=from_day)
    leaves = [task for task in plan.tasks if task.id in early and not plan.is_summary(task.id)]
    if not leaves:
        return []
    chain = [max(leaves, key=lambda task: (end_edge(early[task.id]), task.is_milestone))]
    while (driver := _driver(plan, early, chain[-1])) is not None:
        chain.append(driver)
    return [task.id for task in reversed(chain)]


def _driver(plan: Plan, early: dict[int, Span], task: PlannedTask) -> PlannedTask | None:
    """Return the task whose end holds this one where it is; None where nothing but its own days does."""
    span = early[task.id]
    shape = shape_of(task, span, plan.workdays)
    for link in _links_above(plan, task):
        before = [leaf for leaf in plan.leaves_of(link.predecessor_id) if leaf.id in early]
        last = max(before, key=lambda leaf: end_edge(early[leaf.id]), default=None)
        if last is not None and shape.from_edge(plan.earliest_after(link, end_edge(early[last.id]))) == span:
            return last
    return None


def _links_above(plan: Plan, task: PlannedTask | None) -> Iterator[Link]:
    while task is not None:
        yield from plan.links_to.get(task.id, ())
        task = plan.parent_of(task)


def _followers(plan: Plan) -> dict[int, list[Link]]:
    found: dict[int, list[Link]] = defaultdict(list)
    for link in plan.links:
        if link.predecessor_id in plan.by_id and link.successor_id in plan.by_id:
            found[link.predecessor_id].append(link)
    return found
