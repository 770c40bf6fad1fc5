"""What the page of a ticket or task shows around its conversation, asked of the database in one statement."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, String, bindparam, func, select, text
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.accounts.models import Person
from helpdesk.automation import queries as automation
from helpdesk.clients import queries as clients
from helpdesk.clients.queries import asker, visible_to_asker
from helpdesk.desk import queries
from helpdesk.desk.links import Link, links_asked, links_of
from helpdesk.infra.db import foresee
from helpdesk.infra.policy import Actor
from helpdesk.infra.together import Together, columns_of, made
from helpdesk.intake import queries as intake
from helpdesk.intake.domain.address import domain_of
from helpdesk.outbox import queries as outbox
from helpdesk.projects import following, presence, teams, types
from helpdesk.projects import queries as projects
from helpdesk.projects.models import OPEN_TICKET, ItemTag, Project, WorkItem
from helpdesk.projects.presence import Present
from helpdesk.rates import queries as rates
from helpdesk.rates.models import RoundingPolicyRow
from helpdesk.retainers import first_rows
from helpdesk.retainers.models import Agreement
from helpdesk.sla import queries as sla
from helpdesk.sla.models import TicketDue
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Attachment, Draft, DraftFile, RemotePicture, TicketDetails
from helpdesk.tickets.service.drafts import drafts_of

ITEM, CLIENT = bindparam("item_id", type_=Integer()), bindparam("client_id", type_=Integer())


@dataclass(frozen=True)
class Around:
    """Rows by what they are; those that other readers of the page ask for too are foreseen in the session."""

    assignable: Sequence[Any]
    move_to: list[tuple[int, str]]
    came_as: dict[int, int]
    files: list[Attachment]
    pictures: list[RemotePicture]
    sent: Sequence[Any]
    links: list[Link]
    other_open: int
    has_mailbox: bool
    has_agreement: bool
    hours: Sequence[Any]
    drafts: dict[str, Draft]
    followers: Sequence[Any]
    present: list[Present]
    types: list[tuple[int, str]]
    teams: list[tuple[int, str]]
    macros: Sequence[Any]


def read(session: Session, *, actor: Actor, now: datetime, item: WorkItem, details: TicketDetails | None) -> Around:
    """Return what stands around an item that the actor may see: one query."""
    client = item.project.client
    sender = clients.suffixes_to_ask(domain_of(details.requester.email)) if details is not None else ()
    given: dict[str, Any] = {
        **asker(actor),
        "item_id": item.id,
        "client_id": client.id,
        "client_ids": [client.id],
        "project_id": item.project_id,
        "team_id": client.restricted_team_id,
        "manager_id": client.account_manager_id,
        "domains": list(sender),
        "since": presence.since(now),
    }
    asked = _asked(sees_all=actor.sees_all_clients, is_restricted=client.restricted_team_id is not None)
    found = asked.read(session, **given)
    set_committed_value(item, "tags", [made(ItemTag, row) for row in found["tags"]])
    _foresee(session, item, found)
    if found["counts"][0].agreements:
        books = {name: found[f"books_{name}"] for name in first_rows.rows_to_ask(with_rates=True)}
        foresee(session, "first rows", client.id, value=first_rows.rows_among(books, with_rates=True))
    if details is not None and sender:
        clients.foresee_names(session, domain_of(details.requester.email), found["owners"])
    return Around(
        assignable=found["assignable"],
        move_to=projects.choices_to_move(found["move_to"], item=item),
        came_as={row.message_id: row.inbound_message_id for row in found["came_as"]},
        files=[made(Attachment, row) for row in found["files"]],
        pictures=[made(RemotePicture, row) for row in found["pictures"]],
        sent=found["sent"],
        links=links_of(found["links"]),
        other_open=0 if client.is_internal else found["counts"][0].other_open,
        has_mailbox=bool(found["counts"][0].mailboxes),
        has_agreement=bool(found["counts"][0].agreements),
        hours=found["hours"],
        drafts=drafts_of(found["drafts"], found["draft_files"]),
        followers=found["followers"],
        present=presence.people_of(found["present"]),
        types=[(row.id, row.name) for row in found["types"]],
        teams=[(row.id, row.name) for row in found["teams"]],
        macros=found["macros"],
    )


def _foresee(session: Session, item: WorkItem, found: dict[str, list[Any]]) -> None:
    foresee(session, "participants", item.id, value=tickets.participants_of(found["people"]))
    foresee(session, "domains", item.project.client_id, value=frozenset(row.domain for row in found["domains"]))
    foresee(session, "own addresses", value=frozenset(row.address for row in found["own"]))
    foresee(session, "staff addresses", value=[row.email for row in found["staff"]])
    foresee(session, "rounding", value=found["rounding"])
    foresee(session, "due", item.id, value=next(iter(found["due"]), None))
    foresee(session, "work types", value=found["work_types"])


@cache
def _asked(*, sees_all: bool, is_restricted: bool) -> Together:
    seen = visible_to_asker(sees_all=sees_all)
    of_client = select(Project.id).where(Project.client_id == CLIENT)
    others = select(func.count()).select_from(WorkItem).where(text(OPEN_TICKET), WorkItem.project_id.in_(of_client))
    return Together(
        people=tickets.participants_to_make(ITEM),
        tags=select(*columns_of(ItemTag)).where(ItemTag.work_item_id == ITEM).order_by(ItemTag.tag),
        files=tickets.files_of(ITEM),
        pictures=tickets.pictures_of(ITEM),
        came_as=intake.effects_of(ITEM),
        sent=outbox.about("work_item", ITEM),
        links=links_asked(ITEM, seen),
        counts=select(
            others.where(WorkItem.id != ITEM).scalar_subquery().label("other_open"),
            outbox.active_count().scalar_subquery().label("mailboxes"),
            select(func.count(Agreement.id)).where(Agreement.client_id == CLIENT).scalar_subquery().label("agreements"),
        ),
        assignable=queries.assignable_to(is_restricted=is_restricted),
        move_to=projects.active_choices(seen),
        domains=clients.domains_asked(CLIENT),
        owners=clients.names_asked(bindparam("domains", expanding=True, type_=String())),
        own=outbox.addresses_asked(),
        staff=select(Person.email),
        rounding=select(*columns_of(RoundingPolicyRow)),
        due=select(*columns_of(TicketDue)).where(TicketDue.work_item_id == ITEM),
        hours=sla.working_hours(),
        drafts=select(*columns_of(Draft)).where(Draft.person_id == bindparam("person_id"), Draft.work_item_id == ITEM),
        draft_files=select(*columns_of(DraftFile)).where(
            DraftFile.person_id == bindparam("person_id"), DraftFile.work_item_id == ITEM
        ),
        followers=following.followers_asked(ITEM),
        present=presence.there_asked(ITEM),
        work_types=rates.work_type_choice(),
        types=types.choice_of(ITEM),
        teams=teams.choice_of(ITEM, is_restricted=is_restricted),
        **{f"books_{name}": query for name, query in first_rows.rows_to_ask(with_rates=True).items()},
        macros=automation.macro_choice(),
    )
