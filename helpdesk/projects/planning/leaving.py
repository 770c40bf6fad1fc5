"""An item leaves its project for another one: what would go along, and what would be let go (docs/projects.md)."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
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
    items, orphans = family(session, item)
    ids = [each.id for each in items]
    assigned = [each for each in items if each.assignee is not None and each.status in OPEN_STATUSES]
    why = {
        person.id: service.why_not_assignable(session, project=after, person_id=person.id)
        for person in _people(assigned)
    }
    team = set(session.scalars(select(ProjectMember.person_id).where(ProjectMember.project_id == after.id)))
    details = item.task_details
    teamless = [(each, refusal) for each in items if (refusal := _kept_out(session, each, after))]
    is_new = item.kind == "ticket" and item.project.is_triage and (item.team is None or bool(teamless))
    return Leave(
        after=after,
        items=items,
        above=session.get(WorkItem, details.parent_id) if details is not None and details.parent_id else None,
        orphans=orphans,
        links=_torn_links(session, items),
        unassigned=[(each, why[each.assignee_id or 0]) for each in assigned if why[each.assignee_id or 0]],
        outsiders=sorted(one.name for one in _people(assigned) if team and one.id not in team and not why[one.id]),
        teamless=teamless,
        gets=teams.default(session, project=after).team_id if is_new else None,
        baselines=list(
            session.scalars(
                select(Baseline.name)
                .where(
                    Baseline.project_id == item.project_id,
                    Baseline.id.in_(select(BaselineTask.baseline_id).where(BaselineTask.work_item_id.in_(ids))),
                )
                .order_by(Baseline.id)
            )
        ),
    )


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


def family(session: Session, item: WorkItem) -> tuple[list[WorkItem], list[WorkItem]]:
    """Return the item with all tasks below it, and tickets that hang below one of them since they were tasks."""
    query = (
        select(WorkItem.id, WorkItem.kind, TaskDetails.parent_id)
        .join(TaskDetails, TaskDetails.work_item_id == WorkItem.id)
        .where(WorkItem.project_id == item.project_id)
        .order_by(func.coalesce(TaskDetails.position, 0), WorkItem.number)
    )
    rows = session.execute(query).all()
    parents = {row.id: row.parent_id for row in rows if row.kind == "task"}
    ids = with_all_below(parents, item.id) if item.kind == "task" else [item.id]
    hanging = [row.id for row in rows if row.kind == "ticket" and row.parent_id in ids and row.id not in ids]
    wanted = select(WorkItem).where(WorkItem.id.in_([*ids, *hanging]))
    wanted = wanted.options(joinedload(WorkItem.task_details), joinedload(WorkItem.assignee))
    found = {each.id: each for each in session.scalars(wanted)}
    return [found[each] for each in ids], [found[each] for each in hanging]


def may_see(session: Session, person: Person, project: Project) -> bool:
    """Return whether the client of the project is for that person to see."""
    try:
        queries.get_project(session, actor=accounts.actor_of(person), project_id=project.id)
    except NotFound:
        return False
    return True


def _torn_links(session: Session, items: Sequence[WorkItem]) -> list[TornLink]:
    ids = [each.id for each in items]
    query = select(TaskLink).where(or_(TaskLink.predecessor_id.in_(ids), TaskLink.successor_id.in_(ids)))
    links = {link.id: link for link in session.scalars(query.order_by(TaskLink.id))}
    going = torn(((link.id, link.predecessor_id, link.successor_id) for link in links.values()), set(ids))
    ends = {end for each in going for end in (links[each].predecessor_id, links[each].successor_id)}
    found = {each.id: each for each in session.scalars(select(WorkItem).where(WorkItem.id.in_(ends)))} if ends else {}
    return [
        TornLink(link, *((first, second) if first.id in ids else (second, first)))
        for link in (links[each] for each in going)
        for first, second in [(found[link.predecessor_id], found[link.successor_id])]
    ]


def _kept_out(session: Session, item: WorkItem, after: Project) -> str:
    return "" if item.team is None else teams.why_kept_out(session, project=after, team=item.team)


def _people(items: Sequence[WorkItem]) -> list[Person]:
    return list({each.assignee_id: each.assignee for each in items if each.assignee is not None}.values())
