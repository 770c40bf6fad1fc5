"""What else moves when a task moves: all that follows it, only as far as needed, and nothing ever to an earlier day."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date

from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.placing import around, begin_edge, end_edge, shape_of
from helpdesk.projects.domain.plan import BEGIN, Link, Plan, PlannedTask, Span
from helpdesk.projects.domain.workdays import shifted


@dataclass(frozen=True)
class _Floor:
    """The edge before which a task may not begin, and the link that says so."""

    edge: date
    link: Link


@dataclass
class _Pass:
    """One walk through the plan in the order of time."""

    plan: Plan
    wanted: Mapping[int, Span]
    stirred: set[int]
    spans: dict[int, Span] = field(default_factory=dict)
    settled: dict[int, _Floor] = field(default_factory=dict)  # by what stays as it is
    driven: dict[int, _Floor] = field(default_factory=dict)  # by what was moved

    def begin(self, task: PlannedTask) -> None:
        """Find what the task may not precede, and push it there if something that was moved demands it."""
        self._find_floors(task)
        span = self.spans.get(task.id)
        if span is None or self.plan.is_summary(task.id) or task.is_done:
            return
        begins = begin_edge(task, span)
        settled, driven = self.settled.get(task.id), self.driven.get(task.id)
        if settled and settled.edge > begins and self._was_brought_forward(task, begins):
            raise RuleViolation(_too_early(self.plan, task, settled))
        if driven and driven.edge > begins:
            edge = max(driven.edge, settled.edge) if settled else driven.edge
            self.spans[task.id] = shape_of(task, span, self.plan.workdays).from_edge(edge)
            self.stirred.add(task.id)

    def end(self, task: PlannedTask) -> None:
        """Let a summary span what lies below it."""
        if not self.plan.is_summary(task.id):
            return
        below = [self.spans[child.id] for child in self.plan.children[task.id] if child.id in self.spans]
        span = around(below)
        if span is not None and span != self.spans.get(task.id):
            self.spans[task.id] = span
            self.stirred.add(task.id)

    def _find_floors(self, task: PlannedTask) -> None:
        parent = self.plan.parent_of(task)
        for floors in (self.settled, self.driven):
            if parent is not None and parent.id in floors:
                floors[task.id] = floors[parent.id]
        for link in self.plan.links_to.get(task.id, ()):
            before = self.spans.get(link.predecessor_id)
            if before is not None:
                floors = self.driven if link.predecessor_id in self.stirred else self.settled
                edge = self.plan.earliest_after(link, end_edge(before))
                if task.id not in floors or edge > floors[task.id].edge:
                    floors[task.id] = _Floor(edge, link)

    def _was_brought_forward(self, task: PlannedTask, begins: date) -> bool:
        """Whether somebody puts the task there: where it lies already, it may stay until somebody moves it."""
        if task.id not in self.wanted:
            return False
        before = self.plan.by_id[task.id].span
        return before is None or begin_edge(task, before) != begins


def reschedule(plan: Plan, wanted: Mapping[int, Span], *, stirred: Collection[int] = ()) -> dict[int, Span]:
    """Return the new days of every task that changes when tasks are put onto the days of ``wanted``.

    What follows is pushed to the first days that its links allow, keeping its length; a summary spans its tasks.
    ``stirred`` names tasks whose links are new: what follows them is checked although they stay. What is done or
    has no days is not moved. Links that were broken before and that no change concerns are left as they are.

    Raises:
        RuleViolation: a task would begin before what it follows allows, tasks wait for each other in a circle, or
            days lie outside of what can be planned.
    """
    walk = _Pass(plan, wanted, {*wanted, *stirred})
    walk.spans = {task.id: task.span for task in plan.tasks if task.span is not None} | dict(wanted)
    for event, task_id in plan.order:
        (walk.begin if event == BEGIN else walk.end)(plan.by_id[task_id])
    return {task_id: span for task_id, span in walk.spans.items() if span != plan.by_id[task_id].span}


def broken_links(plan: Plan) -> list[Link]:
    """Return the links whose successor begins too early, for whatever reason; what is done may."""
    found = []
    for link in plan.links:
        before, after = plan.by_id.get(link.predecessor_id), plan.by_id.get(link.successor_id)
        if before is None or after is None or before.span is None:
            continue
        edge = plan.earliest_after(link, end_edge(before.span))
        leaves = [leaf for leaf in plan.leaves_of(after.id) if leaf.span is not None and not leaf.is_done]
        if any(begin_edge(leaf, leaf.span) < edge for leaf in leaves if leaf.span is not None):
            found.append(link)
    return found


def _too_early(plan: Plan, task: PlannedTask, floor: _Floor) -> str:
    first = shifted(floor.edge, -1) if task.is_milestone else floor.edge
    if not task.is_milestone:
        first = plan.workdays.on_or_after(first)
    before = plan.by_id[floor.link.predecessor_id].name
    after = plan.by_id[floor.link.successor_id]
    of = "" if after.id == task.id else f" (as part of {after.name})"
    return (
        f"{task.name} cannot begin before {first.day} {first:%B %Y}: it follows {before}{of}. "
        "It stays where it was; move that one first, or take the link out."
    )
