"""What a macro did to a ticket is taken back, all at once (docs/automation.md rules 21 and 22)."""

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.desk import taking_back
from helpdesk.desk.ticket_state import Change, state_of
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.notices import service as notices
from helpdesk.projects import following, snoozing, teams, types
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.projects.telling import key_of
from helpdesk.tickets import queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message, QueueAct
from helpdesk.tickets.service import Typed
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.queries import entries


def act_of(session: Session, *, actor: Actor, message: Message) -> QueueAct | None:
    """Return the act by which a macro sent this answer, where it did; locked, for it is undone once."""
    query = select(QueueAct).where(
        QueueAct.person_id == actor.person_id, QueueAct.done_at == message.posted_at, QueueAct.undone_at.is_(None)
    )
    for act in session.scalars(query.with_for_update().execution_options(populate_existing=True)):
        if any(one.get("answer_id") == message.id for one in act.changes):
            return act
    return None


def give_back(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, change: Change, keeps_draft: bool = False
) -> str:
    """Take back on a ticket that is locked what a macro did, and say so in one line; return why something stays, or "".

    ``keeps_draft`` leaves an answer that was sent in the box, for whoever wants to send it otherwise; what cannot be
    given back stays then, for its mail is not to leave because of that.

    Raises:
        Conflict: it was merged since, its answer has left, its time is approved, or its note lies on another ticket.
    """
    tickets.refuse_merged(session, item)
    stays = list[str]()
    if change["answer_id"]:
        stays.append(_take_answer_back(session, actor, now, item, change["answer_id"], keeps_draft=keeps_draft))
    elif change["entry"]:
        _delete_time(session, actor, now, change["entry"])
    if change["draft"] is not None:
        _empty_box(session, actor, now, item, change["draft"])
    steps = _steps(session, actor, now, item, change["before"], change["after"])
    stays += [_do(session, step, may_stay=keeps_draft) for step in steps]
    if change["before"]["assignee"] != change["after"]["assignee"] is not None:
        given_to, since = change["after"]["assignee"], datetime.fromisoformat(change["at"])
        following.stop_by_itself(session, item_id=item.id, person_id=given_to, since=since)
    said = words(change["name"])
    if change["note_id"]:
        unsay = partial(_unsay, session, actor, now, item, session.get_one(Message, change["note_id"]), said)
        stays.append(_do(session, unsay, may_stay=keeps_draft))
    elif change["did"] and not change["answer_id"]:
        tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=said)
    session.flush()
    return " ".join(filter(None, stays))


def words(name: str) -> str:
    """Return the line that says that a macro was taken back."""
    return f"took back the macro “{name}”"


def _take_answer_back(
    session: Session, actor: Actor, now: datetime, item: WorkItem, message_id: int, *, keeps_draft: bool
) -> str:
    """Take an answer back with its time; where its draft does not stay, what was begun since stays all the same."""
    is_begun = tickets.has_draft(session, actor=actor, item_id=item.id, kind="reply")
    stays = taking_back.take_back(session, actor=actor, now=now, number=item.number, message_id=message_id)
    if keeps_draft:
        return stays
    if stays:
        raise Conflict(stays)
    if not is_begun:
        tickets.discard_draft(session, actor=actor, item_id=item.id, kind="reply")
    return ""


def _do(session: Session, step: Callable[[], object], *, may_stay: bool) -> str:
    """Do a step, or nothing of it where what it gives back ``may_stay``; return why that stays, or ""."""
    if may_stay:
        return taking_back.or_stays(session, step)
    step()
    return ""


def _steps(
    session: Session, actor: Actor, now: datetime, item: WorkItem, before: Change, after: Change
) -> list[Callable[[], object]]:
    """Return what gives back, without a word, all that is as the macro left it; after the status what that takes."""
    how: dict[str, Any] = {"actor": actor, "now": now, "item_id": item.id}
    is_now = state_of(session, item)
    steps: dict[str, Callable[[], object]] = {
        "status": lambda: _restore_status(session, how, item, before),
        "assignee": lambda: projects.assign(session, **how, assignee_id=before["assignee"]),
        "team": lambda: teams.set_team(session, **how, team_id=before["team"]),
        "priority": lambda: projects.set_priority(session, **how, priority=before["priority"]),
        "type": lambda: _restore_type(session, how, before["type"]),
        "snoozed_until": lambda: _restore_sleep(session, actor, now, item, before["snoozed_until"]),
    }
    wanted = [steps[key] for key in steps if key in before and is_now[key] == after[key] != before[key]]
    changed = {*before["tags"]} ^ {*after["tags"]}
    return wanted + [partial(projects.tag_item, session, **how, tag=tag, on=tag in before["tags"]) for tag in changed]


def _restore_status(session: Session, how: dict[str, Any], item: WorkItem, before: Change) -> None:
    projects.set_status(session, **how, status=before["status"])
    item.closed_at = datetime.fromisoformat(before["closed_at"]) if before["closed_at"] else None


def _restore_sleep(session: Session, actor: Actor, now: datetime, item: WorkItem, until: str | None) -> None:
    if until is None:
        snoozing.wake(session, actor=actor, now=now, item=item)
    else:
        snoozing.put_to_sleep(session, actor=actor, now=now, item=item, until=datetime.fromisoformat(until))


def _restore_type(session: Session, how: dict[str, Any], type_id: int | None) -> None:
    try:
        types.set_type(session, **how, type_id=type_id)
    except NotFound as gone:
        message = "its type is not offered any more"
        raise Conflict(message) from gone


def _delete_time(session: Session, actor: Actor, now: datetime, uuid: str) -> None:
    entry = entries.of_uuid(session, person_id=actor.person_id, uuid=uuid)
    if entry is not None:
        timekeeping.delete_entry(session, actor=actor, now=now, entry_id=entry.id)


def _empty_box(session: Session, actor: Actor, now: datetime, item: WorkItem, draft: dict[str, Any]) -> None:
    """Put the draft back as it was; one that somebody wrote on since stays, and so does one with files."""
    kept = tickets.drafts(session, actor=actor, item_id=item.id).get("reply")
    if kept is None or kept.body != draft["after"]:
        return
    if draft["before"] is not None:
        tickets.save_draft(
            session,
            actor=actor,
            now=now,
            item_id=item.id,
            kind="reply",
            typed=Typed(**draft["before"]),
            last_seen_id=queries.last_message_id(session, item.id),
        )
    elif not kept.files:
        tickets.discard_draft(session, actor=actor, item_id=item.id, kind="reply")


def _unsay(session: Session, actor: Actor, now: datetime, item: WorkItem, note: Message, said: str) -> None:
    """Let one line stand where a note was; the audit trail keeps what it said.

    Raises:
        Conflict: the note lies on another ticket now.
    """
    if note.work_item_id != item.id:
        message = "its note is on another ticket now"
        raise Conflict(message)
    notices.withdraw(session, now=now, key=key_of(note.id))
    audit.record(
        session,
        actor=actor,
        action="took back a note",
        kind="work_item",
        object_id=item.id,
        now=now,
        message_id=note.id,
        text=note.text,
    )
    following.stop_by_itself(session, item_id=item.id, person_id=actor.person_id or 0, since=note.posted_at)
    note.kind, note.text, note.reply_text, note.html, note.mentions = "event", said, said, None, []
