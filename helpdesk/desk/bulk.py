"""One act on many tickets of the queue, and its undo (docs/desk.md rules 5 to 7)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.desk import kind_undo, macro_undo, service, snoozing
from helpdesk.desk.ticket_state import Change, state_of
from helpdesk.infra.policy import Actor
from helpdesk.intake.service import spam
from helpdesk.kernel.errors import Conflict, HelpdeskError, NotFound, RuleViolation
from helpdesk.projects import queries as projects_queries
from helpdesk.projects import service as projects
from helpdesk.projects import teams, types
from helpdesk.projects.following import stop_by_itself
from helpdesk.projects.models import WorkItem
from helpdesk.projects.snoozing import put_to_sleep
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message, QueueAct
from helpdesk.tickets.service.writing import add_event, lock

MOST = 200
"""Tickets of one act."""
LONGEST_ID = 10
PICK = f"Pick tickets, {MOST} at most, and what is to become of them."


@dataclass(frozen=True, slots=True)
class Picked:
    """A ticket as it was picked: by number, in the version that the page showed, with the newest message of then."""

    number: int
    version: int
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Refusal:
    """A ticket that stays as it is, and why."""

    number: int
    why: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act: its id (None where nothing is left to undo), how many tickets changed, and who did not."""

    act_id: int | None
    changed: int
    refusals: tuple[Refusal, ...]


def act(session: Session, *, actor: Actor, now: datetime, picked: Iterable[Picked], what: str, value: str) -> Outcome:
    """Do one thing to many tickets; one that refuses is named, and the rest is done.

    ``what`` is status, assignee (``value`` an id, or empty for nobody), team or type (an id, or empty), priority, tag,
    untag, snooze (an instant), wake or spam. Whoever changed a ticket since it was shown is not overruled: only tags
    go on regardless.

    Raises:
        RuleViolation: nothing picked, too many, or no such act.
    """
    wanted = in_order(picked)
    if what not in _ACTS:
        raise RuleViolation(PICK)

    def change(one: Picked) -> Change | None:
        item = locked(session, actor, one.number)
        if item.version != one.version and what not in ("tag", "untag"):
            raise Conflict(overtaken(session, item.id))
        before = state_of(session, item)
        _ACTS[what](session, actor, now, item, value)
        session.flush()
        return {"item_id": item.id, "what": what, "before": before, "after": state_of(session, item)}

    changes, refusals = each(session, [(one.number, partial(change, one)) for one in wanted])
    changes = [one for one in changes if one["before"] != one["after"]]
    if not changes:
        return Outcome(None, 0, refusals)
    return Outcome(remember(session, actor=actor, now=now, changes=changes), len(changes), refusals)


def in_order(picked: Iterable[Picked]) -> list[Picked]:
    """Return what was picked, each once and in the order of numbers: whoever acts on many locks them so.

    Raises:
        RuleViolation: nothing, or too many.
    """
    wanted = sorted(set(picked), key=lambda one: one.number)
    if not wanted or len(wanted) > MOST:
        raise RuleViolation(PICK)
    return wanted


def remember(session: Session, *, actor: Actor, now: datetime, changes: list[Change]) -> int:
    """Keep what an act changed, so that its person can undo it; return its id."""
    stored = QueueAct(person_id=actor.person_id, done_at=now, changes=changes)
    session.add(stored)
    session.flush()
    return stored.id


def undo(session: Session, *, actor: Actor, now: datetime, act_id: int) -> Outcome:
    """Give tickets back what an act changed of them, where nobody changed that since; those that stay are named.

    What was refused is not undone, and can be tried again; the act is undone once nothing of it is left.

    Raises:
        NotFound: no such act of this actor.
        Conflict: it is undone already.
    """
    query = select(QueueAct).where(QueueAct.id == act_id, QueueAct.person_id == actor.person_id).with_for_update()
    stored = session.scalar(query.execution_options(populate_existing=True))
    if stored is None:
        message = "There is no such act of yours."
        raise NotFound(message)
    if stored.undone_at is not None:
        message = "That is undone already."
        raise Conflict(message)
    numbers = projects_queries.numbers_of(session, [change["item_id"] for change in stored.changes])

    def restore(number: int, change: Change) -> Change:
        tickets.refuse_merged(session, lock(session, change["item_id"]))
        if change["what"] == "kind":
            kind_undo.give_back(session, actor=actor, now=now, number=number, kept=change["kept"])
            return change
        if change["what"] == "requester":
            item = locked(session, actor, number)
            tickets.give_requester_back(session, actor=actor, now=now, item=item, kept=change["kept"])
            return change
        item = locked(session, actor, number, or_task=change["what"] == "macro")
        before, after = change["before"], change["after"]
        changed = [key for key in before if before[key] != after[key]]
        if any(state_of(session, item)[key] != after[key] for key in changed):
            message = "somebody changed it since"
            raise Conflict(message)
        if change["what"] == "macro":
            macro_undo.give_back(session, actor=actor, now=now, item=item, change=change)
            return change
        _restore(session, actor, now, item, change)
        if "assignee" in changed and after["assignee"] is not None:
            stop_by_itself(session, item_id=item.id, person_id=after["assignee"], since=stored.done_at)
        session.flush()
        return change

    wanted = sorted((numbers[change["item_id"]], index) for index, change in enumerate(stored.changes))
    restored, refusals = each(
        session,
        [(number, partial(restore, number, stored.changes[index])) for number, index in wanted],
    )
    forget(stored, restored, now)
    return Outcome(stored.id if refusals else None, len(restored), refusals)


def forget(stored: QueueAct, restored: list[Change], now: datetime) -> None:
    """Leave of an act what is not given back yet; once nothing is left it is undone."""
    left = [one for one in stored.changes if one not in restored]
    if left:
        stored.changes = left
    else:
        stored.undone_at = now


def set_tag(session: Session, *, actor: Actor, now: datetime, item: WorkItem, tag: str, on: bool) -> None:
    """Put a tag on a ticket or take it off, and say so in its conversation where that changes anything.

    Raises:
        RuleViolation: no word, or too long a one.
    """
    if projects.tag_item(session, actor=actor, now=now, item_id=item.id, tag=tag, on=on):
        words = f"{'added' if on else 'took off'} the tag {projects.tag_of(tag)}"
        add_event(session, actor=actor, now=now, item_id=item.id, text=words)


def each(
    session: Session, acts: Iterable[tuple[int, Callable[[], Change | None]]]
) -> tuple[list[Change], tuple[Refusal, ...]]:
    """Do each in a savepoint of its own; return what changed, and who refused."""
    changes, refusals = [], []
    for number, do in acts:
        try:
            with session.begin_nested():
                change = do()
        except HelpdeskError as refusal:
            refusals.append(Refusal(number, str(refusal)))
        else:
            if change is not None:
                changes.append(change)
    return changes, tuple(refusals)


def overtaken(session: Session, item_id: int) -> str:
    """Return what became of a ticket last, for whoever picked it before."""
    newest = newest_line(session, item_id)
    if newest is None or (newest.kind != "mail" and newest.person is None):
        return "it changed since you looked"
    if newest.person is None:
        return "mail came since you looked"
    return f"{newest.person.name} {newest.text if newest.kind == 'event' else 'wrote there'} since you looked"


def newest_line(session: Session, item_id: int) -> Message | None:
    """Return what was written or noted last on a ticket."""
    query = select(Message).where(Message.work_item_id == item_id).order_by(Message.id.desc()).limit(1)
    return session.scalars(query).first()


def locked(session: Session, actor: Actor, number: int, *, or_task: bool = False) -> WorkItem:
    """Return a ticket by number, or a task as well, locked and as it is now.

    Raises:
        NotFound: no such ticket, or not for this actor.
        RuleViolation: it is a task, and was to be a ticket.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    if item.kind != "ticket" and not or_task:
        message = "it is a task"
        raise RuleViolation(message)
    item = lock(session, item.id)
    session.expire(item, ["tags"])
    return item


def _set_status(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    service.set_status(session, actor=actor, now=now, number=item.number, status=value)


def _assign(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    if value and not is_id(value):
        message = "There is no such person."
        raise RuleViolation(message)
    service.assign(session, actor=actor, now=now, number=item.number, assignee_id=int(value) if value else None)


def _give_to_team(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    if value and not is_id(value):
        raise NotFound(teams.NO_TEAM)
    service.give_to_team(session, actor=actor, now=now, number=item.number, team_id=int(value) if value else None)


def _set_priority(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    before = item.priority
    projects.set_priority(session, actor=actor, now=now, item_id=item.id, priority=value)
    if before != value:
        add_event(session, actor=actor, now=now, item_id=item.id, text=f"set the priority to {value}")


def set_type(session: Session, *, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    """Say what kind of thing a ticket is about, by the id of a type or empty, and say so in its conversation.

    Raises:
        NotFound: no such type that is offered.
        RuleViolation: it is a task.
    """
    if value and not is_id(value):
        raise NotFound(types.NO_TYPE)
    name = types.set_type(session, actor=actor, now=now, item_id=item.id, type_id=int(value) if value else None)
    if name is not None:
        words = f"set the type to {name}" if name else "took off the type"
        add_event(session, actor=actor, now=now, item_id=item.id, text=words)


def _set_type(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    set_type(session, actor=actor, now=now, item=item, value=value)


def is_id(value: str) -> bool:
    """Return whether a text is the id of something."""
    return value.isascii() and value.isdigit() and len(value) < LONGEST_ID


def _tag(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    set_tag(session, actor=actor, now=now, item=item, tag=value, on=True)


def _untag(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    set_tag(session, actor=actor, now=now, item=item, tag=value, on=False)


def _snooze(session: Session, actor: Actor, now: datetime, item: WorkItem, value: str) -> None:
    snoozing.snooze(session, actor=actor, now=now, item=item, value=value)


def _wake(session: Session, actor: Actor, now: datetime, item: WorkItem, _value: str) -> None:
    tickets.wake(session, actor=actor, now=now, item_id=item.id)


def _mark_spam(session: Session, actor: Actor, now: datetime, item: WorkItem, _value: str) -> None:
    spam.mark(session, actor=actor, now=now, item_id=item.id)


_ACTS: dict[str, Callable[[Session, Actor, datetime, WorkItem, str], None]] = {
    "status": _set_status,
    "assignee": _assign,
    "team": _give_to_team,
    "priority": _set_priority,
    "type": _set_type,
    "tag": _tag,
    "untag": _untag,
    "snooze": _snooze,
    "wake": _wake,
    "spam": _mark_spam,
}


def _restore(session: Session, actor: Actor, now: datetime, item: WorkItem, change: Change) -> None:
    """Give back what changed: spam first, for that moves the status, and after the status what it takes away."""
    before, after = change["before"], change["after"]
    if before["spam"] != after["spam"]:
        spam.unmark(session, actor=actor, now=now, item_id=item.id)
    if before["status"] != after["status"]:
        _set_status(session, actor, now, item, before["status"])
        item.closed_at = datetime.fromisoformat(before["closed_at"]) if before["closed_at"] else None
    if before["assignee"] != after["assignee"]:
        _assign(session, actor, now, item, str(before["assignee"] or ""))
    if before.get("team") != after.get("team"):
        _give_to_team(session, actor, now, item, str(before["team"] or ""))
    if before["priority"] != after["priority"]:
        _set_priority(session, actor, now, item, before["priority"])
    if before.get("type") != after.get("type"):
        _restore_type(session, actor, now, item, before["type"])
    if before.get("snoozed_until") != after.get("snoozed_until"):
        _restore_sleep(session, actor, now, item, before["snoozed_until"])
    for tag in {*before["tags"]} ^ {*after["tags"]}:
        (_tag if tag in before["tags"] else _untag)(session, actor, now, item, tag)


def _restore_type(session: Session, actor: Actor, now: datetime, item: WorkItem, type_id: int | None) -> None:
    """Give a ticket the type back that it had, unless that was retired meanwhile."""
    try:
        _set_type(session, actor, now, item, str(type_id or ""))
    except NotFound as gone:
        message = "its type is not offered any more"
        raise Conflict(message) from gone


def _restore_sleep(session: Session, actor: Actor, now: datetime, item: WorkItem, until: str | None) -> None:
    """Let it sleep as before, or wake it; what is over by now wakes by itself (docs/desk.md rule 12)."""
    if until is None:
        tickets.wake(session, actor=actor, now=now, item_id=item.id)
    else:
        put_to_sleep(session, actor=actor, now=now, item=item, until=datetime.fromisoformat(until))
