"""Tickets that open: by a mail, or by somebody who called or came by."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from helpdesk.infra.db import add_leaf
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.projects import queries, teams, telling
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.projects.teams import Default
from helpdesk.tickets import queries as conversations
from helpdesk.tickets.domain import IncomingMail
from helpdesk.tickets.models import Message, Participant, TicketDetails
from helpdesk.tickets.service.writing import keep_mail, write

NO_TITLE = "(no subject)"


def open_ticket(  # noqa: PLR0913 - a ticket by form has this many fields
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    requester_id: int,
    title: str,
    text: str,
    mailbox_id: int | None = None,
    priority: str = "normal",
    assignee_id: int | None = None,
    team: Default | None = None,
    reasons: Iterable[str] = (),
) -> WorkItem:
    """Open a ticket that somebody reported by form or phone; ``text`` becomes its first, internal message.

    Without a ``team`` it is the one that the project gives new tickets to, if there is one.

    Raises:
        NotFound: no such project, or not for this actor.
        RuleViolation: no title.
    """
    project = queries.get_project(session, actor=actor, project_id=project_id)
    given = team or teams.default(session, project=project)
    item = open_details(
        session,
        actor=actor,
        now=now,
        project_id=project_id,
        requester_id=requester_id,
        title=title,
        mailbox_id=mailbox_id,
        priority=priority,
        assignee_id=assignee_id,
        team_id=given.team_id,
        reasons=(*(tuple(reasons) or (f"opened by {actor.name}",)), *given.reasons),
    )
    if text.strip():
        write(session, kind="note", item_id=item.id, person_id=actor.person_id, now=now, text=text.strip())
    session.flush()
    telling.given(session, actor=actor, now=now, item=item)
    telling.came_new(session, actor=actor, now=now, item=item, key=f"opened:{item.id}")
    return item


def open_by_mail(  # noqa: PLR0913 - as open_ticket
    session: Session,
    *,
    now: datetime,
    project_id: int,
    requester_id: int,
    mailbox_id: int,
    title: str,
    mail: IncomingMail,
    related_to_id: int | None = None,
    priority: str = "normal",
    assignee_id: int | None = None,
    team_id: int | None = None,
    person_id: int | None = None,
) -> Message:
    """Open a ticket with its first mail and return that message; ``message.work_item`` is the ticket.

    All of it is written with the next flush.
    ``person_id`` is the colleague who wrote it to the requester.
    """
    item = open_details(
        session,
        actor=SYSTEM,
        now=now,
        project_id=project_id,
        requester_id=requester_id,
        title=title.strip() or NO_TITLE,
        mailbox_id=mailbox_id,
        related_to_id=related_to_id,
        priority=priority,
        assignee_id=assignee_id,
        team_id=team_id,
        reasons=mail.reasons,
    )
    return keep_mail(session, item=item, contact_id=requester_id, person_id=person_id, mail=mail, is_first=True)


def open_details(  # noqa: PLR0913 - as open_ticket
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    requester_id: int,
    title: str,
    mailbox_id: int | None,
    reasons: tuple[str, ...],
    priority: str = "normal",
    assignee_id: int | None = None,
    team_id: int | None = None,
    related_to_id: int | None = None,
) -> WorkItem:
    """Add the work item with its ticket details and its requester; the details are left to the caller's flush."""
    item = projects.create_item(
        session,
        actor=actor,
        now=now,
        kind="ticket",
        project_id=project_id,
        title=title,
        priority=priority,
        assignee_id=assignee_id,
        team_id=team_id,
    )
    add_details(
        session,
        now=now,
        item=item,
        requester_id=requester_id,
        mailbox_id=mailbox_id,
        related_to_id=related_to_id,
        reasons=reasons,
    )
    return item


def add_details(
    session: Session,
    *,
    now: datetime,
    item: WorkItem,
    requester_id: int,
    reasons: Iterable[str],
    mailbox_id: int | None = None,
    related_to_id: int | None = None,
) -> None:
    """Add what makes an item a ticket: who asks, and through which mailbox; left to the caller's flush."""
    add_leaf(
        session,
        TicketDetails,
        work_item_id=item.id,
        requester_id=requester_id,
        mailbox_id=mailbox_id,
        related_to_id=related_to_id,
        reasons=list(reasons),
        last_message_at=now,
    )
    add_leaf(session, Participant, work_item_id=item.id, contact_id=requester_id, role="requester", added_at=now)


def drop_details(session: Session, *, item: WorkItem) -> None:
    """Take from a task what made it a ticket, where nobody outside wrote or was written to meanwhile."""
    written = select(Message.id).where(Message.work_item_id == item.id, Message.kind.in_(("mail", "reply")))
    details = conversations.details(session, item.id)
    if details is None or session.scalar(written.limit(1)) is not None:
        return
    session.execute(delete(Participant).where(Participant.work_item_id == item.id))
    session.delete(details)
    conversations.forget_participants(session, item.id)
    session.flush()
