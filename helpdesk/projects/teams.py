"""The team that a ticket or task belongs to, beside whoever has it (docs/desk.md rules 73 and 74)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import BindParameter, Integer, Select, bindparam, func, select, true
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Team
from helpdesk.infra import audit, live
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries, telling
from helpdesk.projects.models import Project, WorkItem

NO_TEAM = "There is no such team."


@dataclass(frozen=True, slots=True)
class Default:
    """The team that gets a new ticket, and why that one, or why not another."""

    team_id: int | None
    reasons: tuple[str, ...] = ()


def choice_of(item_id: BindParameter[int], *, is_restricted: bool) -> Select[int, str]:
    """Return the question for the teams on an item's page: those that it can be given to, and its own.

    Where the client is restricted to a team, ``team_id``, that is the only one.
    """
    own = select(WorkItem.team_id).where(WorkItem.id == item_id).scalar_subquery()
    is_theirs = Team.id == bindparam("team_id", type_=Integer()) if is_restricted else true()
    offered = Team.retired_at.is_(None) & is_theirs
    return select(Team.id, Team.name).where(offered | (Team.id == own)).order_by(func.lower(Team.name), Team.id)


def why_not(session: Session, *, project: Project, team: Team) -> str:
    """Return why a team is given no work of a project, as a sentence; empty where nothing speaks against it."""
    return why_retired(team) or why_kept_out(session, project=project, team=team)


def why_retired(team: Team) -> str:
    """Return why a team is given nothing new wherever; empty where it can be."""
    return "" if team.retired_at is None else f"The team {team.name} is retired, and gets nothing new."


def why_kept_out(session: Session, *, project: Project, team: Team) -> str:
    """Return why a team cannot have work of a project, though it had it elsewhere; empty where it can."""
    restricted_to = project.client.restricted_team_id
    if restricted_to in (None, team.id):
        return ""
    other = session.get_one(Team, restricted_to)
    return f"The team {team.name} cannot have this: {project.client.name} is restricted to the team {other.name}."


def default(session: Session, *, project: Project, mailbox_team_id: int | None = None) -> Default:
    """Return which team gets a new ticket: that of the mailbox, else the project's (docs/desk.md rule 76).

    One that may not have it is passed over, and the reasons say so.
    """
    reasons: list[str] = []
    for team_id, whose in ((mailbox_team_id, "mailbox"), (project.team_id, "project")):
        team = _found(session, team_id)
        if team is None:
            continue
        refusal = why_not(session, project=project, team=team)
        if not refusal:
            return Default(team.id, (*reasons, f"team by the {whose}: {team.name}"))
        reasons.append(f"not the team of the {whose}: {refusal[0].lower()}{refusal[1:].rstrip('.')}")
    return Default(None, tuple(reasons))


def chosen(session: Session, *, project: Project, team_id: int | None) -> Default:
    """Return what somebody chose for a new ticket of a project: a team, or none.

    Raises:
        NotFound: no such team.
        RuleViolation: it is retired, or the client is restricted to another one.
    """
    check_default(session, team_id=team_id, project=project)
    return Default(team_id)


def check_default(session: Session, *, team_id: int | None, project: Project | None) -> None:
    """Pass where a team can be the one that gets new tickets of a project, or of a mailbox (None).

    Raises:
        NotFound: no such team.
        RuleViolation: it is retired, or the client is restricted to another one.
    """
    team = _found(session, team_id)
    if team is None:
        return
    refusal = why_retired(team) if project is None else why_not(session, project=project, team=team)
    if refusal:
        raise RuleViolation(refusal, field="team_id")


def set_team(session: Session, *, actor: Actor, now: datetime, item_id: int, team_id: int | None) -> str:
    """Give an item to a team, None for none; return what its conversation says of that, empty if it was so already.

    An item keeps a team that was retired, but is given none.

    Raises:
        NotFound: no such item, or not for this actor; no such team.
        RuleViolation: the team is retired, or the client is restricted to another one.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    if item.team_id == team_id:
        return ""
    before, team = _found(session, item.team_id), _found(session, team_id)
    if team is not None and (refusal := why_not(session, project=item.project, team=team)):
        raise RuleViolation(refusal)
    item.team_id, item.updated_at = team_id, now
    session.flush()
    session.expire(item, ["team"])
    audit.record(
        session,
        actor=actor,
        action="set team",
        kind=item.kind,
        object_id=item.id,
        now=now,
        before=before.id if before else None,
        after=team_id,
    )
    live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)
    key = f"team:{item.id}:{now.isoformat()}"
    telling.given_to_team(session, actor=actor, now=now, item=item, key=key, before=before.id if before else None)
    if team is not None:
        return f"assigned this to the team {team.name}"
    return f"took this from the team {before.name}" if before else ""


def _found(session: Session, team_id: int | None) -> Team | None:
    if team_id is None:
        return None
    team = session.get(Team, team_id)
    if team is None:
        raise NotFound(NO_TEAM)
    return team
