"""Planning a file line by line: the same for the preview and for the import itself."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy.orm import Session

from helpdesk.imports import known as house
from helpdesk.imports.domain.columns import Kind
from helpdesk.imports.domain.lines import Line, Values
from helpdesk.imports.domain.plans import Planned, Preview, summed
from helpdesk.imports.domain.settings import Settings
from helpdesk.imports.domain.sheet import Problem
from helpdesk.imports.known import Known
from helpdesk.imports.planning.draft import Draft
from helpdesk.imports.planning.rows import plan_client, plan_contact, plan_project, plan_task
from helpdesk.imports.planning.time import plan_time
from helpdesk.kernel.errors import RuleViolation

PLANS: Mapping[Kind, Callable[[Draft], Planned]] = {
    "clients": plan_client,
    "contacts": plan_contact,
    "projects": plan_project,
    "tasks": plan_task,
    "time": plan_time,
}


class Planner:
    """Plans the lines of one file in their order: of two equal lines the second is known as the second.

    Every line has to come by, also one that was done before.
    """

    def __init__(self, kind: Kind, header: Sequence[str], settings: Settings, known: Known) -> None:
        self.kind, self.settings, self.known = kind, settings, known
        self._header = header
        self._seen: Counter[str] = Counter()
        self._first: dict[str, Draft] = {}

    def prepare(self, session: Session, lines: Iterable[Line]) -> None:
        """Read what is needed to plan these lines: contacts, tasks of their projects."""
        listed = list(lines)
        if self.kind == "contacts":
            house.learn_contacts(session, self.known, {str(line.values.get("email") or "") for line in listed})
        if self.kind in {"tasks", "time"}:
            house.learn_tasks(
                session, self.known, _projects(self.known, [line.values for line in listed], self.settings)
            )

    def draft(self, line: Line) -> Draft:
        """Return the line with its key, the first thing that is known of it."""
        draft = Draft(line, self.kind, self.settings, self.known, self._seen)
        first = self._first.setdefault(draft.key, draft) if draft.key else draft
        if first is not draft:
            draft.repeats = first.content == draft.content
            if not draft.repeats:
                message = f"Line {first.line.number} is about the same, and says something else of it."
                draft.refusal = RuleViolation(message)
        return draft

    def plan(self, draft: Draft) -> Planned:
        """Return what becomes of a line whose key was looked up."""
        problems = draft.line.problems
        if not problems:
            try:
                if draft.refusal is not None:
                    raise draft.refusal
                planned = PLANS[self.kind](draft)
                return replace(planned, outcome="same", makes=(), remarks=()) if draft.repeats else planned
            except RuleViolation as refusal:
                problems = (Problem(draft.line.number, self._column(refusal.field), str(refusal)),)
        return Planned(draft.line.number, "refused", facts=draft.facts, problems=problems, key=draft.key)

    def _column(self, field: str | None) -> str:
        at = self.settings.columns.get(field or "")
        return "" if at is None else self._header[at]


def preview(
    session: Session, *, kind: Kind, header: Sequence[str], lines: list[Line], settings: Settings, known: Known
) -> Preview:
    """Return what importing these lines would do; nothing is written."""
    planner = Planner(kind, header, settings, known)
    planner.prepare(session, lines)
    drafts = [planner.draft(line) for line in lines]
    house.learn_keys(session, known, kind, {draft.key for draft in drafts if draft.key})
    if kind == "time":
        placed = [draft for draft in drafts if draft.worked is not None]
        people = {draft.person_id for draft in placed if draft.person_id is not None}
        days = {draft.worked.started_at.date() for draft in placed if draft.worked is not None}
        house.learn_worked(session, known, people, days)
    planned = []
    for draft in drafts:
        draft.counts_hours = True
        planned.append(planner.plan(draft))
    return summed(planned)


def _projects(known: Known, values: Iterable[Values], settings: Settings) -> set[int]:
    """Return the ids of the projects that these lines may land in."""
    names = {str(each.get("project") or settings.fallback_project).casefold() for each in values}
    return {project.id for (_client, name), project in known.projects.items() if name in names}
