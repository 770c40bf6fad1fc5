"""A macro is applied to a ticket or task, or to many tickets: all of it or nothing (docs/automation.md rule 19)."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.automation.models import Macro
from helpdesk.automation.service import macros
from helpdesk.automation.service.changing import change, sleep
from helpdesk.automation.service.macros import MacroActs
from helpdesk.desk import bulk, canned, macro_undo, service, taking_back
from helpdesk.desk.bulk import Outcome, Picked
from helpdesk.desk.taking_up import BEGAN
from helpdesk.desk.ticket_state import Change, state_of
from helpdesk.desk.worked_time import NO_TIME, WorkedTime, log_time
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.fields import filled, named_in
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Message, QueueAct, Takeback
from helpdesk.timekeeping.forms import default_work_type

WHAT = "macro"
"""What an act is called that is a macro (docs/desk.md rule 80)."""
AGAIN = timedelta(seconds=3)
"""Within this time the same macro of the same person on a ticket is a click too many."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of a macro on one ticket: the act to undo (None: there is none), and where its answer is."""

    act_id: int | None
    name: str
    did: tuple[str, ...]
    is_sent: bool
    is_in_box: bool


def apply(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    macro_id: int,
    version: int | None = None,
    seen: int | None = None,
) -> Applied:
    """Do all that a macro does to a ticket or task, or nothing of it.

    ``version`` is that of the item as it was shown, ``seen`` the newest message of then.

    Raises:
        NotFound: no such item or macro, or not for this actor.
        Conflict: somebody changed the ticket since, it is merged, an answer is begun where one would be sent, or parts
            of it are open.
        RuleViolation: nobody asks there, or an act cannot be done, on a task also what is for tickets alone.
    """
    macro = macros.get_macro(session, actor=actor, macro_id=macro_id)
    item = bulk.locked(session, actor, number, or_task=True)
    try:
        done = _apply(session, actor=actor, now=now, item=item, macro=macro, version=version, seen=seen)
    except NotFound as gone:  # what an act names; the ticket itself was found
        raise RuleViolation(str(gone)) from gone
    is_kept = done is not None and not done["stays"]
    act_id = bulk.remember(session, actor=actor, now=now, changes=[done]) if done is not None and is_kept else None
    if done is None:
        return Applied(None, macro.name, (), is_sent=False, is_in_box=False)
    macros.count_use(session, macro_id=macro.id, tickets=1, now=now)
    return Applied(
        act_id, macro.name, tuple(done["did"]), is_sent=bool(done["answer_id"]), is_in_box=done["draft"] is not None
    )


def act(session: Session, *, actor: Actor, now: datetime, picked: Iterable[Picked], what: str, value: str) -> Outcome:
    """Apply a macro, whose id is ``value``, to many tickets, each wholly or not at all; those that stay are named.

    Raises:
        NotFound: no such macro, or somebody else's.
        RuleViolation: nothing picked, or too many.
    """
    wanted = bulk.in_order(picked)
    if what != WHAT or not bulk.is_id(value):
        raise RuleViolation(bulk.PICK)
    macro = macros.get_macro(session, actor=actor, macro_id=int(value))

    def change_one(one: Picked) -> Change | None:
        item = bulk.locked(session, actor, one.number)
        return _apply(session, actor=actor, now=now, item=item, macro=macro, version=one.version, seen=one.seen)

    changes, refusals = bulk.each(session, [(one.number, partial(change_one, one)) for one in wanted])
    if changes:
        macros.count_use(session, macro_id=macro.id, tickets=len(changes), now=now)
    undoable = [one for one in changes if not one["stays"]]
    act_id = bulk.remember(session, actor=actor, now=now, changes=undoable) if undoable else None
    return Outcome(act_id, len(changes), refusals)


def take_back(session: Session, *, actor: Actor, now: datetime, number: int, message_id: int) -> str:
    """Make an answer a draft again, and take back all that a macro did with it; return in words what stays, or "".

    Raises:
        NotFound: no such answer of the actor's.
        Conflict: it has left.
    """
    item = projects.get_item(session, actor=actor, number=number)
    held = tickets.held_answer(session, actor=actor, item_id=item.id, message_id=message_id)
    act = macro_undo.act_of(session, actor=actor, message=held.message)
    if act is None:
        return taking_back.take_back(session, actor=actor, now=now, number=number, message_id=message_id)
    change = next(one for one in act.changes if one["answer_id"] == message_id)
    bulk.forget(act, [change], now)
    item = bulk.locked(session, actor, number, or_task=True)
    return macro_undo.give_back(session, actor=actor, now=now, item=item, change=change, keeps_draft=True)


def _apply(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    macro: Macro,
    version: int | None,
    seen: int | None,
) -> Change | None:
    """Apply a macro to an item that is locked, and return what that changed; None for nothing."""
    _refuse_overtaken(session, actor, now, item, macro, version=version, seen=seen)
    tickets.refuse_merged(session, item)
    acts, before = MacroActs.of(macro.acts), state_of(session, item)
    values = canned.values_on_any(session, actor, item)
    _refuse_unfit(item, acts, values)
    time = _time(session, acts)
    did: list[str] = []
    answer = _answer(session, actor, now, item, acts, values, seen, time) if acts.sends else None
    held = session.get(Takeback, answer.id) if answer is not None else None
    if held is not None:  # taken back it is a draft with the status afterwards (docs/answering.md rule 8)
        held.typed = {**held.typed, "status": acts.status}
    if answer is not None:
        did.append("answered")
    did += change(session, actor=actor, now=now, item=item, wanted=replace(acts, status="") if acts.fills_box else acts)
    if acts.snooze_days:
        did.append(sleep(session, actor=actor, now=now, item=item, days=acts.snooze_days))
    if acts.note:
        did.append("note written")
    draft = _fill_box(session, actor, now, item, acts, values, time) if acts.fills_box else None
    logs = bool(time.worked) and not acts.fills_box
    if logs:
        did.append(f"{acts.minutes} {'minute' if acts.minutes == 1 else 'minutes'} logged")
    if not did and draft is None:
        return None
    line, note = _line(session, actor, now, item, macro.name, did), None
    if acts.note:
        note = tickets.add_note(session, actor=actor, now=now, item_id=item.id, text=filled(acts.note, values))
    carrier = answer or note or line
    if logs and answer is None and carrier is not None:
        log_time(session, actor=actor, now=now, item=item, message=carrier, time=time)
    session.flush()
    return {
        "item_id": item.id,
        "what": WHAT,
        "at": now.isoformat(),
        "name": macro.name,
        "did": did,
        "before": before,
        "after": state_of(session, item),
        "answer_id": answer.id if answer is not None else None,
        "stays": answer is not None and held is None,
        "note_id": note.id if note is not None else None,
        "entry": entry_uuid(carrier.id) if logs and answer is None and carrier is not None else None,
        "draft": draft,
    }


def _refuse_overtaken(
    session: Session,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    macro: Macro,
    *,
    version: int | None,
    seen: int | None,
) -> None:
    """Pass where the ticket is as it was shown; who began a reply since, and got the ticket by that, is not overtaken.

    Raises:
        Conflict: it changed, somebody wrote there, or it was one click too many.
    """
    if _is_again(session, actor, now, item, macro):
        message = "You have just done that."
        raise Conflict(message)
    newest = bulk.newest_line(session, item.id)
    is_own = newest is not None and newest.person_id is not None and newest.person_id == actor.person_id
    changed = version is not None and item.version != version
    began = newest is not None and is_own and newest.text.endswith(BEGAN)
    wrote = seen is not None and (queries.last_message_id(session, item.id) or 0) > seen
    if wrote or (changed and not began):
        raise Conflict(bulk.overtaken(session, item.id))


def _refuse_unfit(item: WorkItem, acts: MacroActs, values: Mapping[str, str]) -> None:
    """Pass where all of it makes sense on the item (docs/automation.md rule 25).

    Raises:
        RuleViolation: it does what is for tickets alone, or its note names who asks where nobody does.
    """
    if item.kind == "ticket":
        return
    if not acts.fits_tasks:
        message = "This macro answers, snoozes or sets a type, and this is a task."
        raise RuleViolation(message)
    if named_in(acts.note) - values.keys():
        message = "Its note names who asks, and nobody asks on this task."
        raise RuleViolation(message)


def _is_again(session: Session, actor: Actor, now: datetime, item: WorkItem, macro: Macro) -> bool:
    """Return whether this person did the same a moment ago and did not take it back; its note is below its line."""
    query = select(Message.text).where(
        Message.work_item_id == item.id,
        Message.kind == "event",
        Message.person_id == actor.person_id,
        Message.posted_at > now - AGAIN,
    )
    did, took_back = _words(macro.name), macro_undo.words(macro.name)
    lines = session.scalars(query.order_by(Message.id.desc()))
    is_said = next((line != took_back for line in lines if line.startswith(did) or line == took_back), None)
    return _is_in_box(session, actor, now, item, macro) if is_said is None else is_said


def _is_in_box(session: Session, actor: Actor, now: datetime, item: WorkItem, macro: Macro) -> bool:
    """Return whether this person did the same a moment ago, of which no line of the conversation tells."""
    query = select(QueueAct.changes).where(
        QueueAct.person_id == actor.person_id, QueueAct.done_at > now - AGAIN, QueueAct.undone_at.is_(None)
    )
    done = (one for changes in session.scalars(query) for one in changes if one["what"] == WHAT)
    return any((one["item_id"], one["name"]) == (item.id, macro.name) for one in done)


def _words(name: str) -> str:
    return f"applied the macro “{name}”: "


def _line(session: Session, actor: Actor, now: datetime, item: WorkItem, name: str, did: list[str]) -> Message | None:
    """Say in one line of the conversation what was done; what is in a box alone nobody else sees."""
    if not did:
        return None
    words = f"{_words(name)}{', '.join(did)}"
    return tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=words)


def _time(session: Session, acts: MacroActs) -> WorkedTime:
    if not acts.minutes:
        return NO_TIME
    work_type_id = int(acts.work_type) if acts.work_type else default_work_type(session)
    hours, minutes = divmod(acts.minutes, 60)
    return WorkedTime(f"{hours}:{minutes:02d}", work_type_id, "")


def _answer(
    session: Session,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    acts: MacroActs,
    values: Mapping[str, str],
    seen: int | None,
    time: WorkedTime,
) -> Message:
    """Send the answer, with its time; it waits as any answer does (docs/answering.md rule 8)."""
    if tickets.has_draft(session, actor=actor, item_id=item.id, kind="reply"):
        message = "You have begun an answer here: send it or discard it first."
        raise Conflict(message)
    said = canned.said_with(values, acts.answer, acts.answer_html)
    return service.reply(
        session,
        actor=actor,
        now=now,
        number=item.number,
        text=said.text,
        html=said.html,
        last_seen_message_id=seen,
        time=time,
    )


def _fill_box(
    session: Session,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    acts: MacroActs,
    values: Mapping[str, str],
    time: WorkedTime,
) -> dict[str, Any]:
    """Put the answer below what is drafted, with status and time beside it; return the draft of before and after."""
    kept = tickets.drafts(session, actor=actor, item_id=item.id).get("reply")
    before = canned.typed_in(kept)
    canned.put_below(
        session,
        actor=actor,
        now=now,
        item=item,
        said=canned.said_with(values, acts.answer, acts.answer_html),
        worked=time.worked,
        work_type_id=time.work_type_id,
        status=acts.status,
    )
    after = tickets.drafts(session, actor=actor, item_id=item.id)["reply"]
    return {"before": asdict(before) if before is not None else None, "after": after.body}
