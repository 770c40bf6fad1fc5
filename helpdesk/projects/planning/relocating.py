"""Carry out a move to another project: let go what stays, take along what goes, and note both (docs/projects.md)."""

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from helpdesk.infra import audit, live
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import telling
from helpdesk.projects.domain.rescheduling import reschedule
from helpdesk.projects.models import Project, TaskDetails, TaskLink, WorkItem
from helpdesk.projects.planning.leaving import Leave
from helpdesk.projects.planning.writing import read_alone, write_days


def move(session: Session, *, actor: Actor, now: datetime, leave: Leave) -> None:
    """Carry out a move that `planning.leaving` told of and did not refuse.

    The items come at the end of the new plan with their days, estimates and links among each other.
    """
    before, after = leave.item.project, leave.after
    _let_go(session, actor, now, leave)
    last, unassigned = _last_place(session, after.id), {each.id for each, _why in leave.unassigned}
    teamless = {each.id: each.team_id for each, _why in leave.teamless}
    for place, each in enumerate(leave.items, start=last + 1):
        each.project_id, each.updated_at = after.id, now
        each.assignee_id = None if each.id in unassigned else each.assignee_id
        each.team_id = None if each.id in teamless else each.team_id
        if each is leave.item and leave.gets is not None:
            each.team_id = leave.gets
        if each.task_details is not None:
            each.task_details.position = place
    session.flush()
    for each in leave.items:
        session.expire(each, ["project", "assignee", "team"])
        live.publish(session, audience=live.to_item(each.id), topic="queue", now=now)
    if before.client_id != after.client_id:  # who does not see the new client hears that something is gone
        live.publish(session, audience=live.DESK, topic="queue", now=now)
    _note(session, actor, now, leave, before)
    for each in leave.items:
        if each.id in teamless or (each is leave.item and leave.gets is not None):
            key = f"team:{each.id}:{now.isoformat()}"
            telling.given_to_team(session, actor=actor, now=now, item=each, key=key, before=teamless.get(each.id))


def settle(session: Session, *, actor: Actor, now: datetime, project_id: int) -> None:
    """Let summaries of a plan span what is left below them. To be called last: what was loaded is loaded anew."""
    stored = read_alone(session, actor=actor, project_id=project_id)
    levels = replace(stored.plan, links=())  # links push nobody here: no task that stays moves
    with suppress(RuleViolation):  # tasks that hang below each other in a circle stay as they are
        changed = reschedule(levels, {})
        write_days(session, actor=actor, now=now, stored=stored, changed=changed, chosen=changed, action="planned")


def _last_place(session: Session, project_id: int) -> int:
    last = select(func.max(TaskDetails.position)).join(WorkItem, WorkItem.id == TaskDetails.work_item_id)
    return session.scalar(last.where(WorkItem.project_id == project_id)) or 0


def _let_go(session: Session, actor: Actor, now: datetime, leave: Leave) -> None:
    """Take out what ties those that go to those that stay; the history of both says so."""
    if leave.item.task_details is not None:
        leave.item.task_details.parent_id = None
    for orphan in leave.orphans:
        if orphan.task_details is not None:
            orphan.task_details.parent_id = None
    session.execute(delete(TaskLink).where(TaskLink.id.in_([each.link.id for each in leave.links])))
    session.flush()
    audit.record_many(
        session,
        actor=actor,
        kind="task",
        now=now,
        acts=[
            (
                each.link.successor_id,
                "unlinked",
                {
                    "followed": (each.staying if each.waits else each.going).number,
                    "lag_days": each.link.lag_days,
                    "because_moved": each.going.number,
                },
            )
            for each in leave.links
        ],
    )


def _note(session: Session, actor: Actor, now: datetime, leave: Leave, before: Project) -> None:
    parent = leave.above.number if leave.above is not None else None
    for each in leave.items:
        audit.record(
            session,
            actor=actor,
            action="moved",
            kind=each.kind,
            object_id=each.id,
            now=now,
            before=before.id,
            after=leave.after.id,
            **({"was_part_of": parent} if each is leave.item and parent else {}),
            **({"along_with": leave.item.number} if each is not leave.item else {}),
        )
    audit.record_many(
        session,
        actor=actor,
        kind=leave.item.kind,
        now=now,
        acts=[
            (each.id, "set team", {"after": each.team_id, "because": "moved"})
            for each in leave.items
            if each.id in {one.id for one, _why in leave.teamless} or (each is leave.item and leave.gets)
        ],
    )
    audit.record_many(
        session,
        actor=actor,
        kind=leave.item.kind,
        now=now,
        acts=[(each.id, "assigned", {"assignee_id": None, "because": "moved"}) for each, _why in leave.unassigned],
    )
