"""What a page of the queue shows beside its tickets: whom they can be given to, saved views, mail, our hours."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.automation import queries as automation
from helpdesk.clients.models import Client
from helpdesk.clients.queries import MESSAGE, asker, visible_to_asker
from helpdesk.desk import saved_views
from helpdesk.desk.frame import AWAKE, seen_by_asker
from helpdesk.desk.narrowing import Asked
from helpdesk.desk.saved_views import SavedLine
from helpdesk.infra.policy import DESK, Actor
from helpdesk.infra.together import Together
from helpdesk.intake import queries as intake
from helpdesk.intake.models import InboundMessage
from helpdesk.kernel.business_time import Calendar
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import presence, types
from helpdesk.projects.models import ItemTag, Project
from helpdesk.projects.presence import Present
from helpdesk.sla import queries as sla

MOST_TAGS = 7


@dataclass(frozen=True)
class Beside:
    """That for one reader; ``client_name`` is empty but in the view of a client.

    ``people``, ``teams``, ``projects`` and ``types`` are (id, name); projects are those of the client of whom tickets
    are asked for.
    """

    people: list[tuple[int, str]]
    saved: list[SavedLine]
    last_mail_at: datetime | None
    working_time: Calendar
    has_mailbox: bool
    client_name: str
    projects: list[tuple[int, str]]
    presence: dict[int, list[Present]]
    types: list[tuple[int, str]]
    teams: list[tuple[int, str]]
    macros: Sequence[Any]
    tags: list[tuple[str, int]]
    """Those that most open tickets have, with how many, the most used first."""


def read(session: Session, *, actor: Actor, now: datetime, asked: Asked, zone: ZoneInfo) -> Beside:
    """Return what stands beside what is asked for, in one query; hours of work are on the clock of ``zone``.

    Raises:
        NotFound: no such client, or not for this actor.
    """
    of_client, sees_all = asked.client_id is not None, actor.sees_all_clients
    given: dict[str, Any] = {**asker(actor), "client_id": asked.of_client_id, "since": presence.since(now)}
    found = _asked(of_client=asked.of_client_id is not None, sees_all=sees_all).read(session, **given)
    if of_client and not found["client"]:
        raise NotFound(MESSAGE)
    return Beside(
        people=[(row.id, row.name) for row in found["people"]],
        saved=saved_views.lines(found["saved"], actor=actor),
        last_mail_at=next((row.received_at for row in found["mail"]), None),
        working_time=sla.calendar_asked(found["hours"], zone=zone),
        has_mailbox=bool(found["mailboxes"][0].count),
        client_name=found["client"][0].name if of_client else "",
        projects=[(row.id, row.name) for row in found.get("projects", ())],
        presence=presence.by_number(found["presence"]),
        types=[(row.id, row.name) for row in found["types"]],
        teams=[(row.id, row.name) for row in found["teams"]],
        macros=found["macros"],
        tags=[(row.tag, row.count) for row in found["tags"]],
    )


@cache
def _asked(*, of_client: bool, sees_all: bool) -> Together:
    parts: dict[str, Any] = {
        "people": accounts.choice_of(DESK),
        "saved": saved_views.listed(sees_all=sees_all),
        "mail": select(InboundMessage.received_at).order_by(InboundMessage.id.desc()).limit(1),
        "hours": sla.working_hours(),
        "mailboxes": intake.source_count(),
        "presence": presence.everywhere_asked(sees_all=sees_all),
        "types": types.choice(),
        "teams": accounts.team_choice(),
        "macros": automation.macro_choice(),
        "tags": _tags(sees_all=sees_all),
    }
    if of_client:
        known = (Client.id == bindparam("client_id", type_=Integer()), visible_to_asker(sees_all=sees_all))
        projects = select(Project.id, Project.name).join(Client, Client.id == Project.client_id).where(*known)
        parts["client"] = select(Client.name).where(*known)
        parts["projects"] = projects.order_by(Project.name, Project.id)
    return Together(**parts)


def _tags(*, sees_all: bool) -> Select[str, int]:
    """Return the question for the tags of open tickets that are awake, most used first."""
    query = (
        select(ItemTag.tag, func.count().label("count"))
        .join(AWAKE, AWAKE.c.id == ItemTag.work_item_id)
        .group_by(ItemTag.tag)
        .order_by(func.count().desc(), ItemTag.tag)
        .limit(MOST_TAGS)
    )
    return query if sees_all else seen_by_asker(query)
