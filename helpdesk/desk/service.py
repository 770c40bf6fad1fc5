"""Acts that span slices, each one unit of work: reply with time and status, note, timer by number."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.company import service as company
from helpdesk.desk.closing import refuse_open_parts
from helpdesk.desk.overtaking import refuse_overtaken
from helpdesk.desk.taking_back import state_of
from helpdesk.desk.worked_time import NO_TIME, WorkedTime, log_time
from helpdesk.infra.policy import Actor
from helpdesk.projects import queries as projects_queries
from helpdesk.projects import service as projects
from helpdesk.projects import teams
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import typed_people
from helpdesk.tickets.models import Message
from helpdesk.tickets.service import Typed
from helpdesk.tickets.service.writing import lock
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry


def reply(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    text: str,
    html: str = "",
    last_seen_message_id: int | None = None,
    to_new_outside: bool = False,
    status: str = "",
    time: WorkedTime = NO_TIME,
) -> Message:
    """Reply to the requester, set the status and log the time in one act: all of it happens, or nothing.

    The files of the draft go along.

    The mail waits as long as the company lets answers be taken back (docs/answering.md rule 8).

    Raises:
        NotFound: no such ticket, or not for this actor.
        Conflict: somebody wrote since ``last_seen_message_id``, it was merged into another ticket, or it would be done
            while parts of it are open.
        RuleViolation: nothing written, time that cannot be read, or nobody to reply to.
    """
    item = _workable(session, actor, number)
    before, held_seconds = state_of(session, item), company.get_company(session).undo_seconds
    hold_until = now + timedelta(seconds=held_seconds) if held_seconds else None
    message = tickets.reply(
        session,
        actor=actor,
        now=now,
        item_id=item.id,
        text=text,
        html=html,
        last_seen_message_id=last_seen_message_id,
        to_new_outside=to_new_outside,
        attachments=tickets.take_files(session, actor=actor, item_id=item.id, kind="reply"),
        hold_until=hold_until,
    )
    tickets.discard_draft(session, actor=actor, item_id=item.id, kind="reply")
    log_time(session, actor=actor, now=now, item=item, message=message, time=time)
    if status:
        refuse_open_parts(session, actor=actor, item=item, status=status)
        _set_status(session, actor=actor, now=now, item=item, status=status)
    if hold_until is not None:
        typed = Typed(message.text, time.worked, time.work_type_id, time.billable, status)
        after = state_of(session, item)
        tickets.hold(session, message=message, until=hold_until, typed=typed, before=before, after=after)
    return message


def keep_draft_with_people(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    typed: Typed,
    last_seen_id: int | None,
    added: str,
    taken_off_id: int | None,
) -> None:
    """Add people to the conversation or take one off, and keep the reply so far as the draft: all of it, or nothing.

    Raises:
        NotFound: no such ticket, or not for this actor; nobody such takes part.
        RuleViolation: what is no address, and whoever cannot take part.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    for name, email in typed_people(added):
        tickets.add_by_staff(session, actor=actor, now=now, item_id=item.id, email=email, name=name)
    if taken_off_id is not None:
        tickets.remove_participant(session, actor=actor, now=now, item_id=item.id, contact_id=taken_off_id)
    tickets.save_draft(
        session, actor=actor, now=now, item_id=item.id, kind="reply", typed=typed, last_seen_id=last_seen_id
    )


def add_note(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    text: str,
    html: str = "",
    time: WorkedTime = NO_TIME,
) -> Message:
    """Add an internal note with the files of its draft, and log the time in one act.

    Raises:
        NotFound: no such item, or not for this actor.
        Conflict: it was merged into another ticket.
        RuleViolation: nothing written, or time that cannot be read.
    """
    item = _workable(session, actor, number)
    files = tickets.take_files(session, actor=actor, item_id=item.id, kind="note")
    message = tickets.add_note(session, actor=actor, now=now, item_id=item.id, text=text, html=html, attachments=files)
    tickets.discard_draft(session, actor=actor, item_id=item.id, kind="note")
    log_time(session, actor=actor, now=now, item=item, message=message, time=time)
    return message


def set_status(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    status: str,
    parts_stay_open: bool = False,
    was: str | None = None,
) -> WorkItem:
    """Set the status of an item and say so in its conversation; ``was`` is the one that was seen.

    Raises:
        NotFound: no such item, or not for this actor.
        Conflict: it was merged into another ticket.
        OpenParts: it would be done while parts of it are open, and nobody said that they stay so.
        Overtaken: somebody else set another one since.
        RuleViolation: no such status.
    """
    item = _workable(session, actor, number)
    refuse_overtaken(session, item=item, field="status", was=was, wanted=status)
    if not parts_stay_open:
        refuse_open_parts(session, actor=actor, item=item, status=status)
    return _set_status(session, actor=actor, now=now, item=item, status=status)


def assign(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    assignee_id: int | None,
    how: str = "",
    was: str | None = None,
) -> WorkItem:
    """Give an item to somebody, or to nobody, and say so in its conversation; ``how`` it came to that follows there.

    ``was`` is the id of whom the actor saw there, empty for nobody.

    Raises:
        NotFound: no such item, or not for this actor; no such person.
        Overtaken: somebody else gave it to another one since.
        RuleViolation: the person does not work on the desk, or may not see the client.
    """
    item = lock(session, projects_queries.get_item(session, actor=actor, number=number).id)
    wanted = str(assignee_id or "")
    refuse_overtaken(session, item=item, field="assignee", was=was, wanted=wanted)
    if item.assignee_id == assignee_id:
        return item
    projects.assign(session, actor=actor, now=now, item_id=item.id, assignee_id=assignee_id)
    name = accounts.get_person(session, assignee_id).name if assignee_id is not None else "nobody"
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=f"assigned this to {name}{how}")
    return item


def give_to_team(
    session: Session, *, actor: Actor, now: datetime, number: int, team_id: int | None, was: str | None = None
) -> WorkItem:
    """Give an item to a team, or to none, and say so in its conversation; whoever has it keeps it.

    ``was`` is the id of the team that the actor saw there, empty for none.

    Raises:
        NotFound: no such item, or not for this actor; no such team.
        Overtaken: somebody else gave it to another team since.
        RuleViolation: the team is retired, or the client is restricted to another one.
    """
    item = lock(session, projects_queries.get_item(session, actor=actor, number=number).id)
    refuse_overtaken(session, item=item, field="team", was=was, wanted=str(team_id or ""))
    words = teams.set_team(session, actor=actor, now=now, item_id=item.id, team_id=team_id)
    if words:
        tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=words)
    return item


def start_timer(session: Session, *, actor: Actor, now: datetime, number: int) -> TimeEntry:
    """Start the actor's timer on the item with that number.

    Raises:
        NotFound: no such item, or not for this actor.
        Conflict: it was merged into another ticket.
        RuleViolation: the project is closed.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    tickets.refuse_merged(session, item)
    return timekeeping.start_timer(session, actor=actor, now=now, item_id=item.id)


def stop_timer(session: Session, *, actor: Actor, now: datetime) -> TimeEntry | None:
    """Stop the actor's timer and return its entry; None where none runs."""
    return timekeeping.stop_timer(session, actor=actor, now=now)


def _workable(session: Session, actor: Actor, number: int) -> WorkItem:
    """Return the item on which somebody wants to work; a merged ticket takes nothing (docs/desk.md rule 23)."""
    item = projects_queries.get_item(session, actor=actor, number=number)
    item = lock(session, item.id)  # a merge that is under way ends first
    tickets.refuse_merged(session, item)
    return item


def _set_status(session: Session, *, actor: Actor, now: datetime, item: WorkItem, status: str) -> WorkItem:
    before = item.status
    projects.set_status(session, actor=actor, now=now, item_id=item.id, status=status)
    if item.status != before:
        words = status.replace("_", " ")
        tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=f"set the status to {words}")
    return item
