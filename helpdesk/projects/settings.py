"""What a project is set to: days, people, budgets and limit. Every change is audited with both values."""

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.infra import audit
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.policy import DESK, Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries, teams
from helpdesk.projects.domain.limit import REFUSE, WARN
from helpdesk.projects.models import Project, ProjectMember
from helpdesk.projects.service import BILLINGS, PROJECT_STATUSES


@dataclass(frozen=True)
class ProjectSettings:
    """All that people set on a project. Seconds and minor units of the client's currency; None for no budget."""

    name: str
    status: str = "active"
    billing: str = "hourly"
    manager_id: int | None = None
    member_ids: frozenset[int] = frozenset()
    starts_on: date | None = None
    due_on: date | None = None
    budget_seconds: int | None = None
    budget_minor: int | None = None
    max_billable_seconds: int | None = None
    over_limit: str = WARN
    team_id: int | None = None


def settings_of(session: Session, project: Project) -> ProjectSettings:
    """Return what the project is set to."""
    names = [name for name in ProjectSettings.__dataclass_fields__ if name != "member_ids"]
    values = {name: getattr(project, name) for name in names}
    return ProjectSettings(**values, member_ids=frozenset(member_ids(session, project.id)))


def change_project(
    session: Session, *, actor: Actor, now: datetime, project_id: int, settings: ProjectSettings
) -> Project:
    """Set a project to ``settings`` and return it; what is the same already leaves no trace.

    Raises:
        NotFound: no such project, person or team, or not for this actor.
        RuleViolation: no name or a name twice, an end before the start, a budget of nothing, somebody who does not
            work for the client, a team that is retired or kept out, or Triage made anything but active and internal.
    """
    project = queries.get_project(session, actor=actor, project_id=project_id)
    settings = replace(settings, name=" ".join(settings.name.split()))
    before = settings_of(session, project)
    _check(session, project, before, settings)
    for name in ProjectSettings.__dataclass_fields__:
        if name != "member_ids":
            setattr(project, name, getattr(settings, name))
    _set_members(session, project.id, before.member_ids, settings.member_ids)
    session.flush()
    session.expire(project, ["manager"])
    changes = _changes(before, settings)
    if changes:
        audit.record(
            session, actor=actor, action="changed", kind="project", object_id=project.id, now=now, changes=changes
        )
    return project


def member_ids(session: Session, project_id: int) -> list[int]:
    """Return the ids of the people in a project's team."""
    return [row.person_id for row in rows_of(session, members_asked(project_id))]


def members_asked(project_id: int) -> Select[int]:
    """Return the question of `member_ids`, to be asked together with others."""
    query = select(ProjectMember.person_id).where(ProjectMember.project_id == project_id)
    return query.order_by(ProjectMember.person_id)


def unfit(session: Session, project: Project, person_ids: Collection[int]) -> dict[int, str]:
    """Return those of the people who cannot be in the project's team, each with the reason, as a sentence."""
    reasons = {person_id: _why_not_in_team(session, project, person_id) for person_id in sorted(person_ids)}
    return {person_id: reason for person_id, reason in reasons.items() if reason}


def _check(session: Session, project: Project, before: ProjectSettings, wanted: ProjectSettings) -> None:
    _refuse(_fault(project, wanted))
    same = select(Project.id).where(
        Project.client_id == project.client_id,
        Project.id != project.id,
        func.lower(Project.name) == wanted.name.lower(),
    )
    if wanted.name != before.name and session.scalar(same.limit(1)) is not None:
        _refuse(f"{project.client.name} has a project named {wanted.name} already.")
    if wanted.team_id != before.team_id:
        teams.check_default(session, team_id=wanted.team_id, project=project)
    new_people = wanted.member_ids - before.member_ids
    if wanted.manager_id is not None and wanted.manager_id != before.manager_id:
        new_people |= {wanted.manager_id}
    for person_id in sorted(new_people):
        _refuse(_why_not_in_team(session, project, person_id))


def _fault(project: Project, wanted: ProjectSettings) -> str:
    """Return what is wrong with the settings by themselves; empty where nothing is."""
    amounts = (wanted.budget_seconds, wanted.budget_minor, wanted.max_billable_seconds)
    is_known = wanted.status in PROJECT_STATUSES and wanted.billing in BILLINGS and wanted.over_limit in {WARN, REFUSE}
    faults = {
        "It needs a name.": not wanted.name,
        "There is no such status, billing or rule for time beyond the limit.": not is_known,
        "Triage stays active and internal: mail that belongs to nobody waits there.": project.is_triage
        and (wanted.status, wanted.billing) != ("active", "internal"),
        f"The project is due on {wanted.due_on}, before it starts on {wanted.starts_on}.": wanted.starts_on is not None
        and wanted.due_on is not None
        and wanted.due_on < wanted.starts_on,
        "A budget or limit is more than nothing; leave it empty for none.": any(
            amount is not None and amount <= 0 for amount in amounts
        ),
    }
    return next((fault for fault, is_so in faults.items() if is_so), "")


def _why_not_in_team(session: Session, project: Project, person_id: int) -> str:
    person = accounts.get_person(session, person_id)
    if not person.active or person.role not in DESK:
        return f"{person.name} does not work on tickets and tasks."
    try:
        queries.get_project(session, actor=accounts.actor_of(person), project_id=project.id)
    except NotFound:
        return f"{person.name} is not in the team that {project.client.name} is restricted to."
    return ""


def _set_members(session: Session, project_id: int, before: Collection[int], wanted: Collection[int]) -> None:
    gone = set(before) - set(wanted)
    if gone:
        session.execute(
            delete(ProjectMember).where(ProjectMember.project_id == project_id, ProjectMember.person_id.in_(gone))
        )
    new = sorted(set(wanted) - set(before))
    session.add_all(ProjectMember(project_id=project_id, person_id=person_id) for person_id in new)


def _changes(before: ProjectSettings, after: ProjectSettings) -> dict[str, list[object]]:
    """Return what is different, as name -> [before, after] in plain JSON."""
    old, new = asdict(before), asdict(after)
    return {name: [_plain(old[name]), _plain(new[name])] for name in old if old[name] != new[name]}


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(value)
    return value.isoformat() if isinstance(value, date) else value


def _refuse(fault: str) -> None:
    if fault:
        raise RuleViolation(fault)
