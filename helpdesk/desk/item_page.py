"""What the page of one ticket or task shows, read in a constant number of queries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.clients.models import Client
from helpdesk.desk import queries, render, snoozing
from helpdesk.desk.due_panel import DuePanel, due_panel
from helpdesk.desk.forms import SETTABLE
from helpdesk.desk.links import Link, links_of
from helpdesk.desk.spam_panel import SpamPanel, spam_panel
from helpdesk.desk.triage import TriagePanel, triage_panel
from helpdesk.desk.worked_time import entry_uuid
from helpdesk.infra import blobs
from helpdesk.infra.policy import APPROVERS, RETAINERS, Actor
from helpdesk.intake import queries as intake
from helpdesk.intake.service import forwards
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.outbox import queries as outbox
from helpdesk.outbox.domain import Address
from helpdesk.projects import queries as projects
from helpdesk.projects.models import OPEN_STATUSES, OPEN_TICKET, Project, WorkItem
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.sla import queries as sla
from helpdesk.tickets import queries as tickets
from helpdesk.tickets import service as ticket_service
from helpdesk.tickets.models import Draft, Message, TicketDetails
from helpdesk.timekeeping.queries import entries as time
from helpdesk.timekeeping.queries import timer_state


@dataclass(frozen=True)
class ItemValues:
    """The context of desk/item.html, apart from its forms."""

    item: render.ItemFacts
    ticket: render.TicketFacts | None
    links: list[Link]
    statuses: tuple[str, ...]
    people: list[Person]
    move_to: list[tuple[int, str]]
    messages: list[render.MessageLine]
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


def values(session: Session, *, actor: Actor, number: int, now: datetime, zone: ZoneInfo) -> ItemValues:
    """Return what the page of the item with that number shows to the actor, who reads times in ``zone``.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    item = projects.get_item(session, actor=actor, number=number)
    client = item.project.client
    entries = time.of_item(session, item.id)
    worked = render.seconds_by_uuid(entries, now=now)
    details = tickets.details(session, item.id)
    messages = tickets.conversation(session, item.id)
    came_as = intake.lines_of_item(session, item.id)
    people = tickets.participants(session, [item.id], removed_too=True)
    today = local_day(now, zone_named(client.time_zone))
    timer = timer_state.shown(session, actor.person_id)
    return ItemValues(
        item=render.item_facts(item),
        ticket=_ticket(session, item, details),
        links=links_of(session, actor=actor, item_id=item.id),
        statuses=SETTABLE,
        people=queries.assignable(session, client),
        move_to=projects.choices_for(session, actor=actor, item=item) if item.kind == "ticket" else [],
        messages=[
            render.message_line(
                message,
                actor=actor,
                now=now,
                worked_seconds=worked.get(entry_uuid(message.id), 0),
                inbound_id=came_as.get(message.id),
            )
            for message in messages
        ],
        participants=[render.person_line(one, {message.id: message for message in messages}) for one in people],
        reads_mail=actor.is_one_of(APPROVERS),
        triage=triage_panel(session, item=item, details=details),
        other_mail=render.other_deliveries(outbox.sent_about(session, "work_item", item.id), messages),
        time=render.time_panel(
            entries,
            item=item,
            running=timer if timer is not None and timer.ended_at is None else None,
            actor=actor,
            now=now,
            rounding=rates.rounding_for(session, client_id=client.id, project_id=item.project_id, on=today),
        ),
        retainer=render.retainer_panel(
            retainers.hours_left(session, client_id=client.id, project_id=item.project_id, now=now),
            may_open=actor.is_one_of(RETAINERS) and _handles_money(session, actor, client),
        ),
        spam=spam_panel(session, actor=actor, details=details),
        due=due_panel(session, item.id, now=now) if details is not None else None,
        inner_sender=_inner_sender(session, messages, details),
        last_seen_id=max((message.id for message in messages if message.kind != "event"), default=None),
        drafts=ticket_service.drafts(session, actor=actor, item_id=item.id),
        snooze_choices=snoozing.choices(sla.working_time(session, zone=zone), now) if _can_sleep(item) else [],
    )


def _can_sleep(item: WorkItem) -> bool:
    return item.kind == "ticket" and item.status in OPEN_STATUSES


def _ticket(session: Session, item: WorkItem, details: TicketDetails | None) -> render.TicketFacts | None:
    if details is None:
        return None
    return render.ticket_facts(
        details,
        answers_to=render.answer_line(ticket_service.recipients(session, item=item, details=details)),
        other_open=_other_open_tickets(session, item),
        can_send=details.mailbox is not None or outbox.default_mailbox(session) is not None,
    )


def _inner_sender(session: Session, messages: Sequence[Message], details: TicketDetails | None) -> Address | None:
    """Return who wrote the mail that a colleague passed on, where that is still to be decided."""
    if details is None:
        return None
    inner = forwards.offered(session, store=blobs.store(), messages=messages, requester=details.requester)
    return inner.sender if inner is not None else None


def _other_open_tickets(session: Session, item: WorkItem) -> int:
    """Return how many more tickets of the client are open; those in Triage have nothing to do with each other."""
    if item.project.client.is_internal:
        return 0
    of_client = select(Project.id).where(Project.client_id == item.project.client_id)
    open_ones = select(func.count()).select_from(WorkItem).where(text(OPEN_TICKET), WorkItem.project_id.in_(of_client))
    return session.scalar(open_ones.where(WorkItem.id != item.id)) or 0


def _handles_money(session: Session, actor: Actor, client: Client) -> bool:
    query = select(Client.id).where(Client.id == client.id, clients.billable_by(actor))
    return session.scalar(query) is not None
