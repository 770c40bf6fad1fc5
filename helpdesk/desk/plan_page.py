"""What the page of a plan shows: rows, bars, arrows, what is critical, and how the plan compares with a baseline."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from itertools import pairwise
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.infra.ahead import ask_ahead
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.policy import DESK, Actor
from helpdesk.infra.web import day_filter
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain import picture
from helpdesk.projects.domain.critical import Slack, slack
from helpdesk.projects.domain.effort import Effort
from helpdesk.projects.domain.picture import Scale
from helpdesk.projects.domain.placing import around
from helpdesk.projects.domain.plan import Plan, Span
from helpdesk.projects.domain.rescheduling import broken_links
from helpdesk.projects.models import Baseline, Project
from helpdesk.projects.planning import baselines
from helpdesk.projects.planning.moving import last_move, last_move_asked
from helpdesk.projects.planning.reading import StoredPlan, TaskRow, links_asked, of_project, tasks_asked
from helpdesk.projects.planning.writing import Change
from helpdesk.timekeeping.queries import entries as time

DEEPEST = 6


@dataclass(frozen=True)
class PlanView:
    """A plan with all that its page compares it with."""

    project: Project
    stored: StoredPlan
    plan: Plan
    worked: dict[int, int]
    baselines: list[Baseline]
    baseline: Baseline | None
    before: dict[int, Span]
    today: date
    may_undo: bool

    @cached_property
    def circle(self) -> str:
        """Which tasks wait for each other; empty where none do, as it should be."""
        try:
            _order = self.plan.order
        except RuleViolation as refusal:
            return str(refusal)
        return ""

    @cached_property
    def slack(self) -> dict[int, Slack]:
        """By how much each planned task may slip."""
        return {} if self.circle else slack(self.plan)

    @cached_property
    def critical(self) -> set[int]:
        """The open tasks that decide when the plan ends."""
        return {
            task_id for task_id, one in self.slack.items() if one.is_critical and not self.plan.by_id[task_id].is_done
        }

    @cached_property
    def broken(self) -> set[tuple[int, int]]:
        """The links whose successor begins too early."""
        return (
            {(link.predecessor_id, link.successor_id) for link in broken_links(self.plan)} if not self.circle else set()
        )

    @cached_property
    def whole(self) -> Span | None:
        """The days of the whole plan."""
        return around([task.span for task in self.plan.tasks if task.span is not None])

    def effort(self, row: TaskRow) -> Effort:
        """Return estimate and work of a task."""
        return Effort(
            row.estimate_seconds,
            self.worked.get(row.id, 0),
            row.stated_remaining_seconds,
            row.stated_at_worked_seconds or 0,
        )

    def scale(self, zoom: str | None) -> Scale:
        """Return the scale of the picture."""
        spans = [task.span for task in self.plan.tasks if task.span is not None]
        return picture.scale_of([*spans, *self.before.values()], today=self.today, zoom=zoom)


def look(session: Session, *, actor: Actor, project: Project, today: date, baseline_id: int | None = None) -> PlanView:
    """Return the plan of a project that the actor sees beside a baseline: the one asked for, else the newest."""
    project_id = project.id
    ask_ahead(
        session,
        tasks_asked(project_id),
        links_asked(project_id),
        baselines.baselines_asked(project_id),
        time.worked_asked(time.items_of_project(project_id)),
        last_move_asked(actor, project_id),
        accounts.choice_of(DESK),
    )
    stored = of_project(session, project)
    kept = baselines.baselines_of(session, project_id)
    chosen = next((one for one in kept if one.id == baseline_id), kept[0] if kept else None)
    return PlanView(
        project=project,
        stored=stored,
        plan=stored.plan,
        worked=time.worked_by_item(session, project_id),
        baselines=kept,
        baseline=chosen,
        before=baselines.days_of(session, chosen.id) if chosen else {},
        today=today,
        may_undo=last_move(session, actor=actor, project_id=project_id) is not None,
    )


def rows(view: PlanView) -> list[dict[str, Any]]:
    """Return one row for each task, as the table and the bars show it."""
    depths: dict[int, int] = {}
    found = []
    for row in view.stored.rows:
        depths[row.id] = min(depths.get(row.parent_id or 0, -1) + 1, DEEPEST)
        effort, span = view.effort(row), row.span
        found.append(
            {
                "row": row,
                "depth": depths[row.id],
                "span": span,
                "kind": "summary" if view.plan.is_summary(row.id) else "milestone" if row.is_milestone else "task",
                "effort": effort,
                "slack": slack_text(view, row.id),
                "is_critical": row.id in view.critical,
                "is_late": bool(span and span.due_on < view.today and not row.is_done),
                "baseline": view.before.get(row.id),
                "drift": _drift(view, row),
            }
        )
    return found


def drawing(view: PlanView, scale: Scale) -> dict[str, Any]:
    """Return what lies behind and between the bars: months, ticks, days off, today, arrows."""
    places = {row.id: index for index, row in enumerate(view.stored.rows)}
    pattern = "MMM y" if scale.wide(30) >= 60 else "MMM" if scale.wide(30) >= 28 else "y"  # noqa: PLR2004 - what fits
    heads = list(picture.months(scale))
    if pattern == "y":
        heads = [heads[0], *(day for before, day in pairwise(heads) if day.year != before.year)]
    return {
        "height": len(view.stored.rows) * picture.ROW,
        "months": [(scale.x(day), day_filter(day, pattern)) for day in heads],
        "ticks": [(scale.x(day), day.day) for day in picture.ticks(scale)],
        "rests": picture.rest_days(scale, view.plan.workdays),
        "today": scale.x(view.today) if scale.first <= view.today <= scale.last else None,
        "arrows": list(_arrows(view, scale, places)),
    }


def _arrows(view: PlanView, scale: Scale, places: dict[int, int]) -> Any:  # noqa: ANN401 - an iterator of what Jinja reads
    for link in view.stored.links:
        before, after = view.plan.by_id[link.predecessor_id], view.plan.by_id[link.successor_id]
        if before.span is None or after.span is None:
            continue
        start = scale.x(before.span.due_on) + scale.wide(1) / (2 if before.is_milestone else 1)
        end = scale.x(after.span.starts_on) + (scale.wide(1) / 2 if after.is_milestone else 0)
        yield {
            "before": view.stored.by_id[before.id].number,
            "after": view.stored.by_id[after.id].number,
            "path": picture.arrow(start, places[before.id], end, places[after.id]),
            "is_critical": {before.id, after.id} <= view.critical,
            "is_broken": (before.id, after.id) in view.broken,
        }


def answer(view: PlanView, changes: list[Change]) -> dict[str, Any]:
    """Return what a script needs after an act: every task that changed, and what is critical now."""
    return {
        "changed": [
            {
                "number": each.row.number,
                "version": each.version,
                "startsOn": each.span.starts_on.isoformat() if each.span else None,
                "dueOn": each.span.due_on.isoformat() if each.span else None,
            }
            for each in changes
        ],
        "critical": [row.number for row in view.stored.rows if row.id in view.critical],
        "slack": {row.number: slack_text(view, row.id) for row in view.stored.rows},
        "mayUndo": view.may_undo,
        "summary": summary(view),
    }


def said(changes: list[Change], *, number: int | None) -> str:
    """Return a sentence on what an act did: the task that somebody moved and what it pushed, or all that went back."""
    if not changes:
        return _("Nothing moved.")
    own = [each for each in changes if each.row.number == number]
    others = [each.row.name for each in changes if each.row.number != number]
    first = "".join(f"{each.row.name}: {days_text(each.span)}. " for each in own)
    if not others:
        return first.strip()
    names = ", ".join(others[:3]) + (" …" if len(others) > 3 else "")  # noqa: PLR2004 - a sentence, not a list
    along = ngettext(
        "%(num)s task moved along: %(names)s.", "%(num)s tasks moved along: %(names)s.", len(others), names=names
    )
    moved = ngettext("%(num)s task moved: %(names)s.", "%(num)s tasks moved: %(names)s.", len(others), names=names)
    return first + (along if own else moved)


def summary(view: PlanView) -> str:
    """Return one line on the whole plan: its days, and how its end compares with the baseline's."""
    if view.whole is None:
        return _("Nothing is planned yet.")
    parts = [days_text(view.whole)]
    before = around(list(view.before.values()))
    if before is not None and view.baseline is not None:
        count = view.plan.workdays.before(view.whole.due_on) - view.plan.workdays.before(before.due_on)
        parts.append(
            _("as in %(name)s", name=view.baseline.name)
            if count == 0
            else _("%(drift)s than in %(name)s", drift=drift_text(count), name=view.baseline.name)
        )
    return " · ".join(parts)


def days_text(span: Span | None) -> str:
    """Return days as people say them."""
    if span is None:
        return _("no days yet")
    if span.starts_on == span.due_on:
        return day_filter(span.due_on, "EEE d MMM y")
    return f"{day_filter(span.starts_on, 'd MMM y')} – {day_filter(span.due_on, 'd MMM y')}"


def slack_text(view: PlanView, task_id: int) -> str:
    """Return the slack of a task in days; empty where it has none to speak of: done, or without days."""
    one = view.slack.get(task_id)
    if one is None or view.plan.by_id[task_id].is_done:
        return ""
    return _("%(count)s d", count=max(one.days, 0))


def drift_text(count: int) -> str:
    """Return how much later or earlier something is, in working days."""
    if count == 0:
        return _("on time")
    if count > 0:
        return ngettext("%(num)s day later", "%(num)s days later", count)
    return ngettext("%(num)s day earlier", "%(num)s days earlier", -count)


def _drift(view: PlanView, row: TaskRow) -> str:
    before, span = view.before.get(row.id), row.span
    if before is None or span is None:
        return ""
    return drift_text(view.plan.workdays.before(span.due_on) - view.plan.workdays.before(before.due_on))
