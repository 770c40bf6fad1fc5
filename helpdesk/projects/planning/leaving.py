"""An item leaves its project for another one: what would go along, and what would be let go (docs/projects.md)."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Select, and_, func, or_, select, union
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person, Team
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries, service, teams
from helpdesk.projects.domain.leaving import torn, with_all_below
from helpdesk.projects.models import (
    OPEN_STATUSES,
    Baseline,
    BaselineTask,
    Project,
    ProjectMember,
    TaskDetails,
    TaskLink,
    WorkItem,
)


@dataclass(frozen=True)
class TornLink:
    """A link between an item that goes and one that stays; ``waits`` where the one that goes is the successor."""

    link: TaskLink
    going: WorkItem
    staying: WorkItem

    @property
    def waits(self) -> bool:
        """Whether the item that goes waited for the one that stays, and not the other way round."""
        return self.link.successor_id == self.going.id


_EndedLink = tuple[TaskLink, WorkItem, WorkItem]


class Family(NamedTuple):
    """An item with all tasks below it, in the order of the plan, and the tickets that hang there: they were tasks."""

    items: list[WorkItem]
    orphans: list[WorkItem]


@dataclass(frozen=True)
class Leave:
    """What a move to ``after`` takes along, and what it lets go.

    ``items`` is the item and all tasks below it, in the order of the plan. ``above`` is the task that it belongs to,
    ``orphans`` are tickets that had been tasks below it: they stay. ``unassigned`` are open items whose
    assignee cannot have work of ``after``, and why in a sentence; ``outsiders`` keep theirs, though they are not of
    its team. ``teamless`` have a team that cannot have work of ``after``, and why; a ticket out of Triage without one
    ``gets`` that of ``after`` (docs/desk.md rule 76). ``baselines`` remember days of what goes.
    """

    after: Project
    items: list[WorkItem]
    above: WorkItem | None
    orphans: list[WorkItem]
    links: list[TornLink]
    unassigned: list[tuple[WorkItem, str]]
    outsiders: list[str]
    teamless: list[tuple[WorkItem, str]]
    gets: int | None
    baselines: list[str]

    @property
    def item(self) -> WorkItem:
        """The item that somebody moves."""
        return self.items[0]


def leaving(session: Session, *, item: WorkItem, after: Project) -> Leave:
    """Return what a move of ``item`` to ``after`` would take along and let go; nothing is changed."""
    return leaves_of(session, families=families(session, [item]), after=after)[0]


def leaves_of(session: Session, *, families: Sequence[Family], after: Project) -> list[Leave]:
    """Return what a move of each family to ``after`` would take along and let go; nothing is changed."""
    ids = [item.id for family in families for item in family.items]
    assigned = [item for family in families for item in family.items if _is_given(item)]
    why = service.why_not_assignable_each(session, project=after, people=_people(assigned))
    members = {row.person_id for row in rows_of(session, _members(after.id))}
    links = _ended_links(session, ids)
    baselines = rows_of(session, _baselines(ids))
    return [_leave(session, family, after, why, members, links, baselines) for family in families]


def questions(families: Sequence[Family], after: Project) -> list[Question]:
    """Return what `leaves_of` asks, to be asked together with others; who waits for the answers knows their rows."""
    items = [item for family in families for item in family.items]
    ids = [item.id for item in items]
    above = {item.task_details.parent_id for item in items if item.task_details is not None} - {None, *ids}
    named_teams = {after.team_id, after.client.restricted_team_id} - {None}
    return [
        _members(after.id),
        _links(ids),
        _ends(ids),
        _baselines(ids),
        accounts.teams_asked([person.id for person in _people(list(filter(_is_given, items)))]),
        select(WorkItem).where(WorkItem.id.in_(above)),
        select(Team).where(Team.id.in_(named_teams)),
    ]


def refuse(leave: Leave, *, conversing: Sequence[WorkItem]) -> None:
    """Let only what may leave its project for ``leave.after`` go; ``conversing`` are those with a conversation.

    Raises:
        RuleViolation: a closed project, Triage for a task, or a conversation with another client.
    """
    before, after = leave.item.project, leave.after
    if after.status != "active":
        message = f"{after.name} is not active any more; choose another project."
        raise RuleViolation(message)
    if leave.item.kind == "task" and after.is_triage:
        message = "Triage has no plan; choose another project."
        raise RuleViolation(message)
    if conversing and not before.client.is_internal and before.client_id != after.client_id:
        what = "This conversation" if leave.item in conversing else f"The conversation of #{conversing[0].number}"
        message = f"{what} is with {before.client.name}; it does not move to another client."
        raise RuleViolation(message)


def families(session: Session, items: Sequence[WorkItem]) -> list[Family]:
    """Return each item with all that hangs below it in its project, by one query."""
    below = select(WorkItem.id, WorkItem.project_id).where(WorkItem.id.in_([item.id for item in items]))
    tree = below.cte("below", recursive=True)
    child = aliased(WorkItem)
    tree = tree.union(
        select(child.id, child.project_id)
        .join(TaskDetails, TaskDetails.work_item_id == child.id)
        .join(tree, and_(TaskDetails.parent_id == tree.c.id, child.project_id == tree.c.project_id))
    )
    query = (
        select(WorkItem)
        .join(tree, tree.c.id == WorkItem.id)
        .outerjoin(WorkItem.task_details)
        .options(contains_eager(WorkItem.task_details), joinedload(WorkItem.assignee), joinedload(WorkItem.team))
        .order_by(func.coalesce(TaskDetails.position, 0), WorkItem.number)
    )
    found = list(session.scalars(query))
    return [_family(item, [each for each in found if each.project_id == item.project_id]) for item in items]


def _family(item: WorkItem, found: Sequence[WorkItem]) -> Family:
    above = {each.id: each.task_details.parent_id for each in found if each.task_details is not None}
    tasks = {each.id: above.get(each.id) for each in found if each.kind == "task"}
    ids = with_all_below(tasks, item.id) if item.kind == "task" else [item.id]
    known = {each.id: each for each in found}
    orphans = [each for each in found if each.kind == "ticket" and above.get(each.id) in ids and each.id not in ids]
    return Family([known[each] for each in ids], orphans)


def may_see(session: Session, person: Person, project: Project) -> bool:
    """Return whether the client of the project is for that person to see."""
    try:
        queries.get_project(session, actor=accounts.actor_of(person), project_id=project.id)
    except NotFound:
        return False
    return True


def _leave(
    session: Session,
    family: Family,
    after: Project,
    why: Mapping[int, str],
    members: Collection[int],
    links: Sequence[_EndedLink],
    baselines: Sequence[Any],
) -> Leave:
    items, item = family.items, family.items[0]
    ids = {each.id for each in items}
    assigned = list(filter(_is_given, items))
    teamless = [(each, refusal) for each in items if (refusal := _kept_out(session, each, after))]
    is_new = item.kind == "ticket" and item.project.is_triage and (item.team is None or bool(teamless))
    parent_id = item.task_details.parent_id if item.task_details is not None else None
    kept_in = {row.id: row.name for row in baselines if row.work_item_id in ids and row.project_id == item.project_id}
    return Leave(
        after=after,
        items=items,
        above=session.get(WorkItem, parent_id) if parent_id else None,
        orphans=family.orphans,
        links=_torn_links(links, ids),
        unassigned=[(each, why[each.assignee_id or 0]) for each in assigned if why[each.assignee_id or 0]],
        outsiders=sorted(
            one.name for one in _people(assigned) if members and one.id not in members and not why[one.id]
        ),
        teamless=teamless,
        gets=teams.default(session, project=after).team_id if is_new else None,
        baselines=list(kept_in.values()),
    )


def _torn_links(links: Sequence[_EndedLink], ids: Collection[int]) -> list[TornLink]:
    ended = {link.id: (link, first, second) for link, first, second in links}
    going = torn(((link.id, link.predecessor_id, link.successor_id) for link, _first, _second in links), ids)
    return [
        TornLink(link, *((first, second) if first.id in ids else (second, first)))
        for link, first, second in (ended[each] for each in going)
    ]


def _ended_links(session: Session, ids: Collection[int]) -> list[_EndedLink]:
    """Return the links of items, each with the item that it comes from and that to which it leads."""
    links = models_of(session, _links(ids))
    ends = {item.id: item for item in models_of(session, _ends(ids))} if links else {}
    return [(link, ends[link.predecessor_id], ends[link.successor_id]) for link in links]


def _links(ids: Collection[int]) -> Select[TaskLink]:
    query = select(TaskLink).where(or_(TaskLink.predecessor_id.in_(ids), TaskLink.successor_id.in_(ids)))
    return query.order_by(TaskLink.id)


def _ends(ids: Collection[int]) -> Select[WorkItem]:
    ended = _links(ids).order_by(None)
    ends = (ended.with_only_columns(end) for end in (TaskLink.predecessor_id, TaskLink.successor_id))
    return select(WorkItem).where(WorkItem.id.in_(union(*ends)))


def _members(project_id: int) -> Select[int]:
    return select(ProjectMember.person_id).where(ProjectMember.project_id == project_id)


def _baselines(ids: Collection[int]) -> Question:
    query = select(Baseline.id, Baseline.project_id, Baseline.name, BaselineTask.work_item_id)
    query = query.join(BaselineTask, BaselineTask.baseline_id == Baseline.id)
    return query.where(BaselineTask.work_item_id.in_(ids)).order_by(Baseline.id)


def _is_given(item: WorkItem) -> bool:
    return item.assignee is not None and item.status in OPEN_STATUSES


def _kept_out(session: Session, item: WorkItem, after: Project) -> str:
    return "" if item.team is None else teams.why_kept_out(session, project=after, team=item.team)


def _people(items: Sequence[WorkItem]) -> list[Person]:
    return list({each.assignee_id: each.assignee for each in items if each.assignee is not None}.values())
