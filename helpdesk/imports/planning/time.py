"""What becomes of a line of time, by the rules that typed time has (docs/billing.md rules 1 to 3)."""

from datetime import date

from helpdesk.clients.lock_dates import refuse_locked
from helpdesk.imports.domain.plans import Planned
from helpdesk.imports.domain.works import TimeWork
from helpdesk.imports.known import ProjectRef, zone_of
from helpdesk.imports.planning.draft import TASK, WORK_TYPE, Draft
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import day_instants, local_day
from helpdesk.timekeeping.domain.worked import DAY_SECONDS, Worked, check_worked

OPEN = frozenset({"draft", "submitted", "rejected"})
WHO_CAN = "Administrators and managers"


def plan_time(draft: Draft) -> Planned:
    """Return whether the line becomes an entry, changes one, is there already, or why not.

    Raises:
        RuleViolation: a rule of time refuses it, or something it names is not there.
    """
    worked, person_id = draft.worked, draft.person_id
    if worked is None or person_id is None:  # a draft that has a key has both
        message = "The line says neither who worked nor when."
        raise RuleViolation(message)
    zone = zone_of(draft.known, draft.client)
    check_worked(worked, zone=zone, now=draft.known.now)
    day = local_day(worked.started_at, zone)
    name, project = draft.names_project()
    if project is not None and project.facts["status"] == "done":
        message = f"The project {project.name} of {draft.client_name} is closed; it takes no more time."
        raise RuleViolation(message, field="project")
    work = TimeWork(
        person_id=person_id,
        client=draft.client_name,
        project=name,
        task=_task(draft, project),
        work_type=_work_type(draft),
        day=day,
        worked=worked,
        note=draft.text("note"),
        billable=_billable(draft, day),
    )
    draft.facts = {
        "Day": day.isoformat(),
        "Worked": _shown(worked, draft),
        "Person": draft.facts["Person"],
        "Client": work.client,
        "Project": work.project,
        "Task": work.task,
        "Work type": work.work_type,
        "Note": work.note,
        "Billing": {"billable": "billable", "not_billable": "not billable", "": "by work type"}[work.billable],
    }
    return _planned(draft, work)


def _planned(draft: Draft, work: TimeWork) -> Planned:
    before = draft.before
    status = draft.known.statuses.get(before.object_id) if before else None
    if before is not None and status is not None and before.content == draft.content:
        return draft.planned("same", object_id=before.object_id)
    locked = draft.known.lock(draft.client)
    refuse_locked([work.day], locked, may=draft.known.may_write_locked, reason=draft.settings.reason, who_can=WHO_CAN)
    if before is None or status is None:
        if draft.counts_hours:
            _count_hours(draft, work)
        return draft.planned("new", work=work)
    if status not in OPEN:
        message = f"It was imported before and is {status} here; the file says something else now. Change it by hand."
        raise RuleViolation(message)
    return draft.planned("changed", work=work, object_id=before.object_id)


def _task(draft: Draft, project: ProjectRef | None) -> str:
    title = draft.text(TASK) or draft.settings.fallback_task
    if not title:
        message = "The line names no task. Choose above where such lines belong."
        raise RuleViolation(message, field=TASK)
    if project is None or draft.known.task(project.id, title) is None:
        draft.make(TASK, f"{draft.client_name} / {project.name if project else draft.text('project')} / {title}")
    return title


def _work_type(draft: Draft) -> str:
    name = draft.text(WORK_TYPE)
    if name and name.casefold() not in draft.known.work_types:
        draft.make(WORK_TYPE, name)
    return name


def _billable(draft: Draft, day: date) -> str:
    """Return how the time is billed: what was invoiced before is never billed again."""
    through = draft.settings.invoiced_through
    if draft.values.get("invoiced") or (through is not None and day <= through):
        draft.remarks.append("invoiced before: imported as not billable")
        return "not_billable"
    said = draft.values.get("billable")
    return "" if said is None else "billable" if said else "not_billable"


def _shown(worked: Worked, draft: Draft) -> str:
    zone = zone_of(draft.known, draft.client)
    start, end = (instant.astimezone(zone) for instant in (worked.started_at, worked.ended_at))
    hours = format_hm(worked.seconds)
    return hours if worked.duration_only else f"{start:%H:%M}\N{EN DASH}{end:%H:%M}, {hours}"


def _count_hours(draft: Draft, work: TimeWork) -> None:
    key = (work.person_id, work.day)
    before = draft.known.worked.get(key, 0)
    start, end = day_instants(work.day, zone_of(draft.known, draft.client))
    if before + work.worked.seconds > max(DAY_SECONDS, int((end - start).total_seconds())):
        message = f"That would make {format_hm(before + work.worked.seconds)} on {work.day}, which is more than a day."
        raise RuleViolation(message)
    draft.known.worked[key] = before + work.worked.seconds
