"""Limits of billable time: a project's, and what was agreed with a client ("Budgets and limits", rule 14).

A project's is asked where time is begun, added, corrected, moved, approved; an agreement's only where it is approved.
"""

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.ahead import Question
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.domain.limit import BillableLimit
from helpdesk.projects.models import Project
from helpdesk.timekeeping import caps
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import spent


def limit_of(project: Project) -> BillableLimit | None:
    """Return the limit that a project has; None for none."""
    if project.max_billable_seconds is None:
        return None
    manager = project.manager.name if project.manager is not None else None
    return BillableLimit(project.name, project.max_billable_seconds, project.over_limit, manager)


def refuse_over_limit(
    session: Session, project: Project, *, added_seconds: int = 0, but_not: Collection[int] = ()
) -> None:
    """Let no more billable time begin (0 seconds) or be added than the project takes, where it refuses that.

    ``but_not`` are entries that are counted in ``added_seconds``. The project is locked before it is summed, so that
    of two additions at once the second sees the first.

    Raises:
        RuleViolation: it would be more; the message says how much there is and who can raise it.
    """
    limit = limit_of(project)
    if limit is None:
        return
    session.execute(select(Project.id).where(Project.id == project.id).with_for_update())
    refusal = limit.refusal(spent.billable_seconds(session, project.id, but_not=but_not), added_seconds)
    if refusal:
        raise RuleViolation(refusal)


def refuse_entries(session: Session, entries: Sequence[TimeEntry]) -> None:
    """Let entries be approved only as far as their projects and agreements take what they bill now.

    Raises:
        RuleViolation: a project would have more than its limit, or an agreement more than its cap.
    """
    by_project: dict[int, list[TimeEntry]] = {}
    for entry in entries:
        if entry.billable == "billable":
            by_project.setdefault(entry.work_item.project_id, []).append(entry)
    for _project_id, some in sorted(by_project.items()):
        seconds = sum(entry.billable_seconds or 0 for entry in some)
        project = some[0].work_item.project
        refuse_over_limit(session, project, added_seconds=seconds, but_not=[entry.id for entry in some])
    if refusal := caps.refusal(session, entries):
        raise RuleViolation(refusal)


def refuse_arriving(session: Session, project: Project, entries: Collection[TimeEntry]) -> None:
    """Let entries that have just come to a project with their item stay only as far as it takes them.

    Raises:
        RuleViolation: the project would have more billable time than its limit.
    """
    arriving = [entry for entry in entries if entry.billable == "billable"]
    seconds = sum(queries.worked_of(entry).seconds for entry in arriving if entry.ended_at is not None)
    if seconds:
        refuse_over_limit(session, project, added_seconds=seconds, but_not=[entry.id for entry in arriving])


def forecast(session: Session, project: Project, *, added_seconds: int) -> tuple[str, str]:
    """Return why so much more billable time would be refused, and what would be told with it; both may be empty."""
    limit = limit_of(project)
    if limit is None or not added_seconds:
        return "", ""
    there = spent.billable_seconds(session, project.id)
    return limit.refusal(there, added_seconds), limit.warning(there + added_seconds)


def forecast_asked(project: Project) -> list[Question]:
    """Return what `forecast` asks, with who leads the project, to be asked together with others."""
    if project.max_billable_seconds is None:
        return []
    return [spent.billable_asked(project.id), select(Person).where(Person.id == project.manager_id)]


def warning_of(session: Session, entry: TimeEntry) -> str:
    """Return what to tell with a billable entry beyond a limit or a cap; empty where something is left of both."""
    return warnings_of(session, [entry]).get(entry.id, "")


def warnings_of(session: Session, entries: Iterable[TimeEntry]) -> dict[int, str]:
    """Return by id what to tell with the time of one act beyond a limit or a cap, in the order of the entries.

    Each project is summed once, and the agreements are asked once, of what no project's limit tells of.
    """
    billable = [entry for entry in entries if entry.billable == "billable"]
    projects = {entry.work_item.project_id: entry.work_item.project for entry in billable}
    of_project = {project_id: _warning_of_project(session, project) for project_id, project in projects.items()}
    rest = [entry for entry in billable if not of_project[entry.work_item.project_id]]
    of_cap = caps.warnings(session, rest) if rest else {}
    told = ((entry.id, of_project[entry.work_item.project_id] or of_cap.get(entry.id, "")) for entry in billable)
    return {entry_id: warning for entry_id, warning in told if warning}


def _warning_of_project(session: Session, project: Project) -> str:
    limit = limit_of(project)
    return "" if limit is None else limit.warning(spent.billable_seconds(session, project.id))
