"""What the page shows on which a ticket is merged: those with which it goes together, found by number or words."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, case, false, or_, select, true
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import visible
from helpdesk.desk.merging import side
from helpdesk.desk.narrowing import Narrowing
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import queries as projects
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.domain import Side, why_not_merged
from helpdesk.tickets.models import TicketDetails

SHOWN = 20
LONGEST_NUMBER = 9


@dataclass(frozen=True)
class Choice:
    """A ticket into which another can be merged."""

    number: int
    title: str
    status: str
    client_name: str
    requester_name: str


@dataclass(frozen=True)
class MergeValues:
    """The context of desk/merge.html; ``why_not`` says why the ticket whose number was asked for is not among them."""

    item: WorkItem
    words: str
    choices: list[Choice]
    why_not: str
    has_more: bool
    messages: int
    people: list[str]


def values(session: Session, *, actor: Actor, number: int, words: str) -> MergeValues:
    """Return what the page shows; without words the tickets of the same requester come first.

    Raises:
        NotFound: no such ticket, or not for this actor.
    """
    item = projects.get_item(session, actor=actor, number=number)
    ours = side(session, item)
    found = _choices(session, actor, ours, words)
    wanted = _number(words)
    return MergeValues(
        item=item,
        words=words,
        choices=found[:SHOWN],
        why_not="" if found or wanted is None else _why_not(session, actor, ours, wanted),
        has_more=len(found) > SHOWN,
        messages=tickets.written_count(session, [item.id]),
        people=[one.contact.name for one in tickets.participants(session, [item.id])],
    )


def _number(words: str) -> int | None:
    digits = words.removeprefix("#")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= LONGEST_NUMBER else None


def _why_not(session: Session, actor: Actor, ours: Side, number: int) -> str:
    try:
        other = projects.get_item(session, actor=actor, number=number)
    except NotFound as refusal:
        return str(refusal)
    return why_not_merged(ours, side(session, other))


def _choices(session: Session, actor: Actor, ours: Side, words: str) -> list[Choice]:
    number, asks_too = _number(words), TicketDetails.requester_id == ours.requester_id
    named = and_(true(), *Narrowing(words=words).conditions())
    query = (
        select(WorkItem.number, WorkItem.title, WorkItem.status, Client.name, Contact.name)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .join(Contact, Contact.id == TicketDetails.requester_id)
        .where(
            visible(actor),
            WorkItem.kind == "ticket",
            WorkItem.number != ours.number,
            TicketDetails.spam_at.is_(None),
            TicketDetails.merged_into_id.is_(None),
            _fits(ours, asked=bool(words)),
            named if number is None else or_(WorkItem.number == number, named),
        )
        .order_by(
            case((WorkItem.number == (number or 0), 0), else_=1),
            case((asks_too, 0), else_=1),
            case((WorkItem.status.in_(OPEN_STATUSES), 0), else_=1),
            WorkItem.updated_at.desc(),
            WorkItem.id.desc(),
        )
        .limit(SHOWN + 1)
    )
    return [Choice(*row) for row in session.execute(query)]


def _fits(ours: Side, *, asked: bool) -> ColumnElement[bool]:
    """Return docs/desk.md rule 20 as a condition; clients of whom the requester is no contact only where asked for."""
    if ours.client_id is not None:
        return Project.client_id == ours.client_id
    same_people = TicketDetails.requester_id == ours.requester_id
    if ours.requester_of is None:
        return or_(
            and_(Client.is_internal, same_people), and_(Client.is_internal.is_(False), true() if asked else false())
        )
    of_one = or_(same_people, Contact.client_id == ours.requester_of)
    return or_(and_(Client.is_internal, of_one), Project.client_id == ours.requester_of)
