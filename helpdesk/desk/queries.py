"""Reads that span slices: the queue, who can be assigned, what is open for a client."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Integer,
    Select,
    TextClause,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    select,
    text,
)
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person, Team, TeamMember
from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import asker, visible_to_asker
from helpdesk.desk.narrowing import Asked, of_my_teams
from helpdesk.desk.ordering import key_of, order_of
from helpdesk.infra.db import UtcDateTime
from helpdesk.infra.policy import ADMIN, DESK, MANAGER, Actor
from helpdesk.invoicing.models import Invoice
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import CLOSED_TICKET, OPEN_STATUSES, OPEN_TICKET, ItemTag, Project, TicketType, WorkItem
from helpdesk.sla import queries as sla
from helpdesk.sla.explain import standing
from helpdesk.sla.models import TicketDue
from helpdesk.tickets.models import Attachment, Message, TicketDetails

OF_CLIENT = "of client"
"""No view to choose: what is open of a client, awake or not."""
PAGE_ROWS = 50
SNIPPET_LENGTH = 160
INVOICES_SHOWN = 10
ASKER, NOW = bindparam("person_id", type_=Integer()), bindparam("now", type_=UtcDateTime())
KNOWN = 256
"""Queries that a process keeps: to write one costs more than to run it, and most pages ask for the same few views."""


@dataclass(frozen=True)
class QueueRow:
    """One ticket in the queue."""

    id: int
    number: int
    version: int
    seen: int
    title: str
    snippet: str
    status: str
    priority: str
    type_name: str | None
    client_name: str
    requester_name: str | None
    assignee_name: str | None
    assignee_is_me: bool
    team_name: str | None
    attachment_count: int
    held_count: int
    is_undelivered: bool
    unread: bool
    tag_words: str
    changed_at: datetime
    due_state: str
    due_at: datetime | None
    at_risk_at: datetime | None
    snoozed_until: datetime | None
    position: datetime | int | str

    @property
    def tags(self) -> list[str]:
        """Its tags in the order of the alphabet."""
        return sorted(filter(None, self.tag_words.split(",")))

    def standing(self, now: datetime) -> str:
        """How what is due next stands: on_track, at_risk, overdue or paused; empty where nothing is promised."""
        return standing(state=self.due_state, due_at=self.due_at, at_risk_at=self.at_risk_at, now=now)

    @property
    def key(self) -> str:
        """Where a page that ends with this row goes on in the order that it is shown in."""
        return key_of(self.position, self.id)


@dataclass(frozen=True)
class QueuePage:
    """Some rows of a view in its order, and the keys of the pages beside it: ``older_key`` is further down."""

    rows: Sequence[QueueRow]
    newer_key: str | None
    older_key: str | None


def queue(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    asked: Asked,
    before: str | None = None,
    after: str | None = None,
    limit: int = PAGE_ROWS,
    found_ids: Collection[int] = (),
) -> QueuePage:
    """Return a page of a view in one query; ``before`` and ``after`` are keys of rows: further down, or back up.

    Without a ``sort`` the newest change comes first; of what is due (docs/sla.md rule 23) what is due first, of what
    sleeps what wakes first. ``found_ids`` are what the search in it finds.

    Raises:
        RuleViolation: a key that no row has ever had.
    """
    order, key = order_of(asked.view, asked.sort), after if after is not None else before
    is_rising = order.is_rising != (after is not None)
    sees_all = actor.sees_all_clients
    query = _page(asked, sees_all=sees_all, is_rising=is_rising, is_keyed=key is not None, rows=limit + 1)
    given = {**asker(actor), "now": now, "found_ids": list(found_ids), **(order.place(key) if key is not None else {})}
    found = [QueueRow(*row) for row in session.execute(query, given)]
    rows, more = found[:limit], len(found) > limit
    if after is not None:
        rows.reverse()
    has_newer, has_older = (more, True) if after is not None else (before is not None, more)
    return QueuePage(
        rows,
        newer_key=rows[0].key if rows and has_newer else None,
        older_key=rows[-1].key if rows and has_older else None,
    )


def totals(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    asked: Sequence[Asked],
    known: int | None = None,
    found_ids: Collection[int] = (),
) -> list[int]:
    """Return how many tickets each has of what is asked for, in one query; of the first that may be ``known``.

    The first alone may have a search, which finds ``found_ids``.
    """
    rest = tuple(asked) if known is None else tuple(asked[1:])
    given = {**asker(actor), "now": now, "found_ids": list(found_ids)}
    counted = session.execute(_totals(rest, sees_all=actor.sees_all_clients), given).one() if rest else ()
    return [*(() if known is None else (known,)), *counted]


def open_tickets(
    session: Session, *, actor: Actor, now: datetime, client_id: int, limit: int = 20
) -> Sequence[QueueRow]:
    """Return the open tickets of a client, also what sleeps, newest change first."""
    return queue(session, actor=actor, now=now, asked=Asked(OF_CLIENT, client_id), limit=limit).rows


def assignable_to(*, is_restricted: bool) -> Select[int, str]:
    """Return the question for who can be given work of a client, by name, to be asked together with others.

    Where the client is restricted to a team, ``team_id``, they are its members, the ``manager_id`` and who leads.
    """
    query = select(Person.id, Person.name).where(Person.active, Person.role.in_(sorted(DESK)))
    if is_restricted:
        members = select(TeamMember.person_id).where(TeamMember.team_id == bindparam("team_id", type_=Integer()))
        is_theirs = Person.id == bindparam("manager_id", type_=Integer())
        query = query.where(Person.role.in_((ADMIN, MANAGER)) | Person.id.in_(members) | is_theirs)
    return query.order_by(Person.name, Person.id)


def projects_of(client_id: BindParameter[int]) -> Select[int, str, str, int]:
    """Return the question for a client's projects with the number of their open items, active ones first."""
    open_count = func.count(WorkItem.id).filter(WorkItem.status.in_(OPEN_STATUSES)).label("open_count")
    return (
        select(Project.id, Project.name, Project.status, open_count)
        .outerjoin(WorkItem, WorkItem.project_id == Project.id)
        .where(Project.client_id == client_id)
        .group_by(Project.id)
        .order_by(case((Project.status == "active", 0), else_=1), Project.name)
    )


def invoices_of(client_id: BindParameter[int]) -> Select[Invoice]:
    """Return the question for the client's newest invoices and drafts."""
    query = select(Invoice).where(Invoice.client_id == client_id, Invoice.status != "dropped")
    return query.order_by(Invoice.id.desc()).limit(INVOICES_SHOWN)


@lru_cache(maxsize=KNOWN)
def _totals(asked: tuple[Asked, ...], *, sees_all: bool) -> Select[Any]:
    return select(*(_tickets([func.count()], one, sees_all=sees_all).scalar_subquery() for one in asked))


@lru_cache(maxsize=KNOWN)
def _page(asked: Asked, *, sees_all: bool, is_rising: bool, is_keyed: bool, rows: int) -> Select[Any]:
    """Return the query of a page for an ``asker``: so many ``rows`` of it, beyond a place in its order.

    The number of rows stands in the query: PostgreSQL keeps a plan only where it knows how much is wanted, and to plan
    this one takes longer than to run it.
    """
    order = order_of(asked.view, asked.sort)
    column = order.column
    query = order.joined(_tickets([WorkItem.id, column.label("position")], asked, sees_all=sees_all))
    query = query.where(order.beyond(is_rising=is_rising)) if is_keyed else query
    query = query.order_by(column, WorkItem.id) if is_rising else query.order_by(column.desc(), WorkItem.id.desc())
    return _rows(query.limit(literal_column(str(rows), Integer)), is_rising=is_rising)


def _tickets(columns: Sequence[Any], asked: Asked, *, sees_all: bool) -> Select[Any]:
    """Return the query of tickets for an ``asker``; it reads no other table where it can: an index has all of it."""
    query = select(*columns).select_from(WorkItem).where(*_of_view(asked), *asked.narrowed.conditions())
    if asked.narrowed.search:
        query = query.where(WorkItem.id.in_(bindparam("found_ids", expanding=True, type_=Integer())))
    if sees_all:
        return query
    seen = visible_to_asker(sees_all=False)
    return query.where(WorkItem.project_id.in_(select(Project.id).join(Project.client).where(seen)))


def _rows(page: Select[Any], *, is_rising: bool) -> Select[Any]:
    """Return the query of what a page shows of its tickets, which looks up nothing of those on other pages."""
    on_page = page.subquery()
    order = (on_page.c.position, on_page.c.id)
    assignee = aliased(Person)
    newest = (
        select(func.substr(Message.reply_text, 1, SNIPPET_LENGTH))
        .where(Message.work_item_id == WorkItem.id, Message.kind.in_(("mail", "reply")), Message.held.is_(False))
        .order_by(Message.posted_at.desc(), Message.id.desc())
        .limit(1)
        .correlate(WorkItem)
        .scalar_subquery()
    )
    seen = (
        select(func.max(Message.id))
        .where(Message.work_item_id == WorkItem.id, Message.kind != "event")
        .correlate(WorkItem)
        .scalar_subquery()
    )
    files = (
        select(func.count(Attachment.id))
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.work_item_id == WorkItem.id, Attachment.inline.is_(False), Attachment.folded.is_(False))
        .correlate(WorkItem)
        .scalar_subquery()
    )
    held = (
        select(func.count(Message.id))
        .where(Message.work_item_id == WorkItem.id, Message.held.is_(True), Message.discarded_at.is_(None))
        .correlate(WorkItem)
        .scalar_subquery()
    )
    undelivered = (
        select(or_(OutgoingMessage.bounced_at.is_not(None), OutgoingMessage.state == "failed"))
        .join(Message, Message.outgoing_message_id == OutgoingMessage.id)
        .where(Message.work_item_id == WorkItem.id, OutgoingMessage.withdrawn_at.is_(None))
        .order_by(Message.id.desc())
        .limit(1)
        .correlate(WorkItem)
        .scalar_subquery()
    )
    tags = (
        select(func.aggregate_strings(ItemTag.tag, ","))
        .where(ItemTag.work_item_id == WorkItem.id)
        .correlate(WorkItem)
        .scalar_subquery()
    )
    shown: list[Any] = [
        WorkItem.id,
        WorkItem.number,
        WorkItem.version,
        func.coalesce(seen, 0),
        WorkItem.title,
        func.coalesce(newest, ""),
        WorkItem.status,
        WorkItem.priority,
        TicketType.name,
        Client.name,
        Contact.name,
        assignee.name,
        func.coalesce(WorkItem.assignee_id, 0) == ASKER,
        Team.name,
        files,
        held,
        func.coalesce(undelivered, false()),
        WorkItem.status == "new",
        func.coalesce(tags, ""),
        WorkItem.updated_at,
        func.coalesce(TicketDue.state, ""),
        TicketDue.due_at,
        TicketDue.at_risk_at,
        WorkItem.snoozed_until,
        on_page.c.position,
    ]
    return (
        select(*shown)
        .select_from(on_page)
        .join(WorkItem, WorkItem.id == on_page.c.id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .outerjoin(TicketDue, TicketDue.work_item_id == WorkItem.id)
        .outerjoin(assignee, assignee.id == WorkItem.assignee_id)
        .outerjoin(Team, Team.id == WorkItem.team_id)
        .outerjoin(TicketType, TicketType.id == WorkItem.type_id)
        .outerjoin(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .outerjoin(Contact, Contact.id == TicketDetails.requester_id)
        .order_by(*(order if is_rising else (each.desc() for each in order)))
    )


def _of_view(asked: Asked) -> list[ColumnElement[bool] | TextClause]:
    is_open, sleeps = text(OPEN_TICKET), WorkItem.snoozed_until.is_not(None)
    spam = select(TicketDetails.work_item_id).where(TicketDetails.spam_at.is_not(None))
    of_client = WorkItem.project_id.in_(select(Project.id).where(Project.client_id == asked.client_id))
    conditions: dict[str, list[ColumnElement[bool] | TextClause]] = {
        "all": [is_open, ~sleeps],
        "mine": [is_open, ~sleeps, WorkItem.assignee_id == ASKER],
        "my_teams": [is_open, ~sleeps, WorkItem.assignee_id.is_(None), of_my_teams()],
        "unassigned": [is_open, ~sleeps, WorkItem.assignee_id.is_(None)],
        "waiting_on_us": [is_open, ~sleeps, WorkItem.status != "waiting"],
        "waiting": [is_open, ~sleeps, WorkItem.status == "waiting"],
        "due": [is_open, ~sleeps, WorkItem.id.in_(select(TicketDue.work_item_id).where(TicketDue.due_at.is_not(None)))],
        "at_risk": [is_open, ~sleeps, sla.is_at_risk(NOW)],
        "overdue": [is_open, ~sleeps, sla.is_overdue(NOW)],
        "snoozed": [is_open, sleeps],
        "closed": [text(CLOSED_TICKET), WorkItem.id.not_in(spam)],
        "spam": [WorkItem.kind == "ticket", WorkItem.id.in_(spam)],
        "client": [is_open, ~sleeps, of_client],
        OF_CLIENT: [is_open, of_client],
    }
    return conditions[asked.view]
