"""What the page of one ticket or task shows, read in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.desk import around_item, conversation_page, render, snoozing
from helpdesk.desk.around_item import Around
from helpdesk.desk.contact_page import zone_of
from helpdesk.desk.conversation_page import Conversation, Window
from helpdesk.desk.due_panel import DuePanel, due_panel
from helpdesk.desk.forms import SETTABLE
from helpdesk.desk.links import Link
from helpdesk.desk.spam_panel import SpamPanel, spam_panel
from helpdesk.desk.triage import TriagePanel, triage_panel
from helpdesk.infra import blobs
from helpdesk.infra.policy import APPROVERS, RETAINERS, Actor
from helpdesk.intake.service import forwards
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.outbox.domain import Address
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.projects.presence import Present
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.sla import queries as sla
from helpdesk.tickets import queries as tickets
from helpdesk.tickets import service as ticket_service
from helpdesk.tickets.models import Draft, Message, TicketDetails
from helpdesk.timekeeping.queries import timer_state


@dataclass(frozen=True)
class ItemValues:
    """The context of desk/item.html, apart from its forms."""

    item: render.ItemFacts
    ticket: render.TicketFacts | None
    links: list[Link]
    statuses: tuple[str, ...]
    people: Sequence[Any]
    move_to: list[tuple[int, str]]
    messages: list[render.MessageLine]
    conversation: Conversation
    participants: list[render.PersonLine]
    reads_mail: bool
    triage: TriagePanel | None
    other_mail: list[render.DeliveryLine]
    time: render.TimePanel
    retainer: render.RetainerPanel | None
    spam: SpamPanel | None
    due: DuePanel | None
    inner_sender: Address | None
    last_seen_id: int | None
    drafts: dict[str, Draft]
    snooze_choices: list[snoozing.Choice]
    types: list[tuple[int, str]]
    teams: list[tuple[int, str]]
    macros: Sequence[Any]
    followers: Sequence[Any]
    follows: bool
    present: list[Present]


def values(
    session: Session,
    *,
    actor: Actor,
    number: int,
    now: datetime,
    zone: ZoneInfo,
    at: int | None = None,
    open_at: Window | None = None,
    is_open: bool = False,
) -> ItemValues:
    """Return what the page of the item with that number shows to the actor, who reads times in ``zone``.

    Of a long conversation it is the newest part, or that around the message ``at``; where the page ``is_open`` already
    that which it shows.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    item, details = tickets.get_item_with_details(session, actor=actor, number=number)
    client = item.project.client
    entries, timer = timer_state.of_item(session, item.id, person_id=actor.person_id)
    time = render.with_lines(entries, actor=actor, now=now)
    around = around_item.read(session, actor=actor, now=now, item=item, details=details)
    messages = tickets.conversation(session, item.id, kept=tickets.Kept(around.files, around.pictures))
    by_id = {message.id: message for message in messages}
    conversation = conversation_page.conversation(
        messages,
        conversation_page.still_shown(messages, open_at) if is_open else conversation_page.shown(messages, at=at),
        actor=actor,
        now=now,
        came_as=around.came_as,
        time=time,
    )
    people = tickets.participants(session, [item.id], removed_too=True)
    today = local_day(now, zone_named(client.time_zone))
    return ItemValues(
        item=render.item_facts(item),
        ticket=_ticket(session, item, details, around, now),
        links=around.links,
        statuses=SETTABLE,
        people=around.assignable,
        move_to=around.move_to if item.kind == "ticket" else [],
        messages=conversation.lines,
        conversation=conversation,
        participants=[render.person_line(one, by_id) for one in people],
        reads_mail=actor.is_one_of(APPROVERS),
        triage=triage_panel(session, item=item, details=details),
        other_mail=render.other_deliveries(around.sent, messages),
        time=render.time_panel(
            [line for _entry, line in time],
            item=item,
            running=timer if timer is not None and timer.ended_at is None else None,
            rounding=rates.rounding_for(session, client_id=client.id, project_id=item.project_id, on=today),
        ),
        retainer=_retainer(session, actor, item, now) if around.has_agreement else None,
        spam=spam_panel(session, actor=actor, details=details),
        due=due_panel(session, item.id, now=now) if details is not None else None,
        inner_sender=_inner_sender(session, messages, details),
        last_seen_id=max((message.id for message in messages if message.kind != "event"), default=None),
        drafts=around.drafts,
        snooze_choices=snoozing.choices(sla.calendar_asked(around.hours, zone=zone), now) if _can_sleep(item) else [],
        types=around.types if item.kind == "ticket" else [],
        teams=around.teams,
        macros=[one for one in around.macros if item.kind == "ticket" or one.fits_tasks],
        followers=around.followers,
        follows=any(person.id == actor.person_id for person in around.followers),
        present=around.present,
    )


def _can_sleep(item: WorkItem) -> bool:
    return item.kind == "ticket" and item.status in OPEN_STATUSES


def _ticket(
    session: Session, item: WorkItem, details: TicketDetails | None, around: Around, now: datetime
) -> render.TicketFacts | None:
    if details is None:
        return None
    return render.ticket_facts(
        details,
        answers_to=render.answer_line(ticket_service.recipients(session, item=item, details=details)),
        other_open=around.other_open,
        can_send=details.mailbox is not None or around.has_mailbox,
        there=now.astimezone(zone_of(session, details.requester)),
    )


def _inner_sender(session: Session, messages: Sequence[Message], details: TicketDetails | None) -> Address | None:
    """Return who wrote the mail that a colleague passed on, where that is still to be decided."""
    if details is None:
        return None
    inner = forwards.offered(session, store=blobs.store(), messages=messages, requester=details.requester)
    return inner.sender if inner is not None else None


def _retainer(session: Session, actor: Actor, item: WorkItem, now: datetime) -> render.RetainerPanel | None:
    client = item.project.client
    left = retainers.hours_left(session, client_id=client.id, project_id=item.project_id, now=now)
    if left is None:
        return None
    return render.retainer_panel(left, may_open=actor.is_one_of(RETAINERS) and clients.bills(actor, client))
