"""Acts that span slices, each one unit of work: reply with time and status, note, new ticket, timer by number."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.clients import service as clients
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects import queries as projects_queries
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message
from helpdesk.timekeeping import queries as time_queries
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.charging import APPROVED
from helpdesk.timekeeping.models import TimeEntry


@dataclass(frozen=True, slots=True)
class WorkedTime:
    """Time that goes with what is written; ``worked`` as typed, empty for none."""

    worked: str = ""
    work_type_id: int | None = None
    billable: str = "billable"


NO_TIME = WorkedTime()


def entry_uuid(message_id: int) -> str:
    """Return the uuid of the time entry that goes with a message, by which the two find each other."""
    return str(uuid5(NAMESPACE_OID, f"helpdesk message {message_id}"))


def reply(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    text: str,
    last_seen_message_id: int | None = None,
    to_new_outside: bool = False,
    status: str = "",
    time: WorkedTime = NO_TIME,
) -> Message:
    """Reply to the requester, set the status and log the time in one act: all of it happens, or nothing.

    Raises:
        NotFound: no such ticket, or not for this actor.
        Conflict: somebody wrote since ``last_seen_message_id``.
        RuleViolation: nothing written, time that cannot be read, or nobody to reply to.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    message = tickets.reply(
        session,
        actor=actor,
        now=now,
        item_id=item.id,
        text=text,
        last_seen_message_id=last_seen_message_id,
        to_new_outside=to_new_outside,
    )
    _log_time(session, actor=actor, now=now, item=item, message=message, time=time)
    if status:
        _set_status(session, actor=actor, now=now, item=item, status=status)
    return message


def add_note(
    session: Session, *, actor: Actor, now: datetime, number: int, text: str, time: WorkedTime = NO_TIME
) -> Message:
    """Add an internal note and log the time in one act.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: nothing written, or time that cannot be read.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    message = tickets.add_note(session, actor=actor, now=now, item_id=item.id, text=text)
    _log_time(session, actor=actor, now=now, item=item, message=message, time=time)
    return message


def set_status(session: Session, *, actor: Actor, now: datetime, number: int, status: str) -> WorkItem:
    """Set the status of an item and say so in its conversation.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: no such status.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    return _set_status(session, actor=actor, now=now, item=item, status=status)


def assign(session: Session, *, actor: Actor, now: datetime, number: int, assignee_id: int | None) -> WorkItem:
    """Give an item to somebody, or to nobody, and say so in its conversation.

    Raises:
        NotFound: no such item, or not for this actor; no such person.
        RuleViolation: the person does not work on the desk, or may not see the client.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    if item.assignee_id == assignee_id:
        return item
    projects.assign(session, actor=actor, now=now, item_id=item.id, assignee_id=assignee_id)
    name = accounts.get_person(session, assignee_id).name if assignee_id is not None else "nobody"
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=f"assigned this to {name}")
    return item


def move(session: Session, *, actor: Actor, now: datetime, number: int, project_id: int) -> WorkItem:
    """Move a ticket to another project and say so in its conversation; a requester of no client yet is that client's.

    Time that is approved has its price and its month: it does not move, and neither does its ticket.

    Raises:
        NotFound: no such ticket or project, or not for this actor.
        RuleViolation: approved time on it, a task, a closed project, a ticket or a requester of another client.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    projects_queries.get_project(session, actor=actor, project_id=project_id)
    entries = time_queries.of_item(session, item.id)
    locked = time_queries.entries_by_id(session, [entry.id for entry in entries], lock=True)
    if any(entry.status in APPROVED for entry in locked):
        message = "There is approved time on this ticket, so it stays where it is. Open a new ticket for what follows."
        raise RuleViolation(message)
    before = item.project_id
    item = projects.move_ticket(session, actor=actor, now=now, item_id=item.id, project_id=project_id)
    if item.project_id != before:
        _place_requester(session, actor=actor, now=now, item=item)
        place = f"{item.project.client.name}, {item.project.name}"
        tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=f"moved this to {place}")
    return item


def leave_triage(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    project_id: int,
    learn_domain: bool = False,
    also: Iterable[int] = (),
) -> WorkItem:
    """Move a ticket, with others of the same sender, and let the client learn the requester's domain where asked.

    From then on mail of that domain finds the client by itself (docs/mail.md rule 37). All of it happens, or nothing.

    Raises:
        NotFound: no such ticket or project, or not for this actor.
        RuleViolation: as :func:`move`; the domain is a freemail provider's or another client's.
    """
    item = move(session, actor=actor, now=now, number=number, project_id=project_id)
    details = ticket_queries.details(session, item.id)
    if learn_domain and details is not None and not item.project.client.is_internal:
        domain = details.requester.email.rpartition("@")[2]
        clients.add_domain(session, actor=actor, now=now, client_id=item.project.client_id, domain=domain)
    for other in also:
        move(session, actor=actor, now=now, number=other, project_id=project_id)
    return item


def new_ticket(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    requester_email: str,
    requester_name: str,
    subject: str,
    text: str,
    priority: str = "normal",
    assignee_id: int | None = None,
) -> WorkItem:
    """Open a ticket for somebody who called or came by; an unknown requester becomes a contact of the client.

    Raises:
        NotFound: no such project, or not for this actor.
        RuleViolation: no subject, no address, or the address belongs to another client.
    """
    project = projects_queries.get_project(session, actor=actor, project_id=project_id)
    client_id = None if project.client.is_internal else project.client_id
    contact = clients.add_contact(
        session, actor=actor, now=now, name=requester_name, email=requester_email, client_id=client_id
    )
    if client_id is not None and contact.client_id != client_id:
        message = "That address belongs to a contact of another client; their tickets stay apart."
        raise RuleViolation(message)
    return tickets.open_ticket(
        session,
        actor=actor,
        now=now,
        project_id=project.id,
        requester_id=contact.id,
        title=subject,
        text=text,
        priority=priority,
        assignee_id=assignee_id,
    )


def start_timer(session: Session, *, actor: Actor, now: datetime, number: int) -> TimeEntry:
    """Start the actor's timer on the item with that number.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: the project is closed.
    """
    item = projects_queries.get_item(session, actor=actor, number=number)
    return timekeeping.start_timer(session, actor=actor, now=now, item_id=item.id)


def stop_timer(session: Session, *, actor: Actor, now: datetime) -> TimeEntry | None:
    """Stop the actor's timer and return its entry; None where none runs."""
    return timekeeping.stop_timer(session, actor=actor, now=now)


def _place_requester(session: Session, *, actor: Actor, now: datetime, item: WorkItem) -> None:
    details, client = ticket_queries.details(session, item.id), item.project.client
    if details is None or client.is_internal:
        return
    requester = details.requester
    placed = clients.add_contact(
        session, actor=actor, now=now, name=requester.name, email=requester.email, client_id=client.id
    )
    if placed.client_id != client.id:
        message = f"{requester.name} is a contact of another client; the tickets of clients stay apart."
        raise RuleViolation(message)


def _set_status(session: Session, *, actor: Actor, now: datetime, item: WorkItem, status: str) -> WorkItem:
    before = item.status
    projects.set_status(session, actor=actor, now=now, item_id=item.id, status=status)
    if item.status != before:
        words = status.replace("_", " ")
        tickets.add_event(session, actor=actor, now=now, item_id=item.id, text=f"set the status to {words}")
    return item


def _log_time(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, message: Message, time: WorkedTime
) -> None:
    if not time.worked.strip():
        return
    timekeeping.add_entry(
        session,
        actor=actor,
        now=now,
        item_id=item.id,
        day=local_day(now, zone_named(item.project.client.time_zone)),
        worked=time.worked,
        billable=time.billable,
        work_type_id=time.work_type_id,
        uuid=entry_uuid(message.id),
    )
