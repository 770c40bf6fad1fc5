"""What a person does to a task in time: move it, or stretch it. Both step over days off, as the work would."""

from datetime import date

from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.placing import shape_of
from helpdesk.projects.domain.plan import Plan, PlannedTask, Span
from helpdesk.projects.domain.workdays import Workdays, shifted


def moved(plan: Plan, task_id: int, starts_on: date) -> dict[int, Span]:
    """Return where a task goes when somebody drags its start to a day; it keeps its length.

    On a day off it goes on in the direction in which it was moved. A summary takes all its open tasks along, by so
    many working days. The answer is what `reschedule` wants.

    Raises:
        RuleViolation: the task has no days yet.
    """
    span = span_of(plan, task_id)
    if not plan.is_summary(task_id):
        return {task_id: _placed(plan.by_id[task_id], span, starts_on, plan.workdays)}
    steps = plan.workdays.before(starts_on) - plan.workdays.before(span.starts_on)
    days = (starts_on - span.starts_on).days
    open_leaves = [leaf for leaf in plan.leaves_of(task_id) if not leaf.is_done]
    return {
        leaf.id: _stepped(leaf, leaf.span, steps, days, plan.workdays) for leaf in open_leaves if leaf.span is not None
    }


def stretched(plan: Plan, task_id: int, due_on: date) -> dict[int, Span]:
    """Return the days of a task when somebody drags its end to a day; it keeps its start.

    On a day off the end goes on in the direction in which it was dragged, but never before the start.

    Raises:
        RuleViolation: a summary, a milestone, or a task without days.
    """
    task, span = plan.by_id[task_id], span_of(plan, task_id)
    if plan.is_summary(task_id):
        message = f"{task.name} spans the tasks below it; stretch one of those."
        raise RuleViolation(message)
    if task.is_milestone:
        message = f"{task.name} is a milestone and takes no time; move it instead."
        raise RuleViolation(message)
    if shape_of(task, span, plan.workdays).in_working_days:
        due_on = _worked(due_on, plan.workdays, later=due_on > span.due_on)
    return {task_id: Span(span.starts_on, max(due_on, span.starts_on))}


def span_of(plan: Plan, task_id: int) -> Span:
    """Return the days of a task.

    Raises:
        RuleViolation: it has none yet.
    """
    span = plan.by_id[task_id].span
    if span is None:
        message = f"{plan.by_id[task_id].name} has no days yet; give it a start and a due day first."
        raise RuleViolation(message)
    return span


def _placed(task: PlannedTask, span: Span, starts_on: date, workdays: Workdays) -> Span:
    shape = shape_of(task, span, workdays)
    if shape.in_working_days:
        return shape.from_edge(_worked(starts_on, workdays, later=starts_on > span.starts_on))
    return shape.from_edge(shifted(starts_on, 1) if task.is_milestone else starts_on)


def _stepped(task: PlannedTask, span: Span, steps: int, days: int, workdays: Workdays) -> Span:
    if shape_of(task, span, workdays).in_working_days:
        return _placed(task, span, workdays.nth(workdays.before(span.starts_on) + steps), workdays)
    return _placed(task, span, shifted(span.starts_on, days), workdays)


def _worked(day: date, workdays: Workdays, *, later: bool) -> date:
    return workdays.on_or_after(day) if later else workdays.on_or_before(day)
