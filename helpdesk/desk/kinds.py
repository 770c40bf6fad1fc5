"""Ticket to task and back, in one act with what the other kind needs. Number, time and messages stay as they are."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import service as clients
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import kinds
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets


def make_task(session: Session, *, actor: Actor, now: datetime, number: int) -> WorkItem:
    """Make the ticket with that number a task, say so in its conversation, and return it.

    Mail that answers it still arrives there.

    Raises:
        NotFound: no such item, or not for this actor.
        Conflict: it was merged into another ticket.
        RuleViolation: as `helpdesk.projects.kinds.become_task`.
    """
    item = projects.get_item(session, actor=actor, number=number)
    tickets.refuse_merged(session, item)
    kinds.become_task(session, actor=actor, now=now, item_id=item.id)
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text="made this a task")
    return item


def make_ticket(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    requester_email: str = "",
    requester_name: str = "",
) -> WorkItem:
    """Make the task with that number a ticket, say so in its conversation, and return it.

    One that was a ticket before keeps its requester. Else the address says who asks: a contact of the client, or one
    that becomes it.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: nobody asks, the address belongs to another client, or as `projects.kinds.become_ticket`.
    """
    item = projects.get_item(session, actor=actor, number=number)
    if ticket_queries.details(session, item.id) is None:
        _add_requester(session, item, actor=actor, now=now, email=requester_email, name=requester_name)
    kinds.become_ticket(session, actor=actor, now=now, item_id=item.id)
    tickets.add_event(session, actor=actor, now=now, item_id=item.id, text="made this a ticket")
    return item


def _add_requester(session: Session, item: WorkItem, *, actor: Actor, now: datetime, email: str, name: str) -> None:
    if not email.strip():
        message = "Say who asks: a ticket answers somebody. Nothing was changed."
        raise RuleViolation(message)
    client_id = None if item.project.client.is_internal else item.project.client_id
    contact = clients.add_contact(session, actor=actor, now=now, name=name, email=email, client_id=client_id)
    if client_id is not None and contact.client_id != client_id:
        message = "That address belongs to a contact of another client; their tickets stay apart."
        raise RuleViolation(message)
    tickets.add_details(
        session, now=now, item=item, requester_id=contact.id, reasons=(f"made a ticket by {actor.name}",)
    )
