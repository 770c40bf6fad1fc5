"""What the frame around every page shows: sections, counts, the running timer. A constant handful of queries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import g, has_request_context
from flask_login import current_user
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.company.models import Company
from helpdesk.desk import frame
from helpdesk.desk.narrowing import PROMISED
from helpdesk.desk.places import Place, places
from helpdesk.desk.view_words import view_names
from helpdesk.infra.db import read_session
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import ACCOUNT_MANAGER, ADMIN, BOOKKEEPER, DESK, MANAGER, TECHNICIAN, Actor
from helpdesk.intake.render import alarm_text
from helpdesk.intake.service import health as mailbox_health
from helpdesk.kernel.periods import local_month, zone_named
from helpdesk.timekeeping.domain.worked import seconds_between
from helpdesk.timekeeping.queries import rights
from helpdesk.timekeeping.queries.entries import RecentItem

WORKING = frozenset({"desk", "time", "expenses", "projects", "clients"})
ACCOUNTS = WORKING | {"retainers", "invoices", "rates"}
MANAGING = ACCOUNTS | {"approvals", "close", "inbound"}
SECTIONS: dict[str, frozenset[str]] = {
    TECHNICIAN: WORKING,
    ACCOUNT_MANAGER: ACCOUNTS,
    BOOKKEEPER: frozenset({"expenses", "invoices", "close", "clients"}),
    MANAGER: MANAGING,
    ADMIN: MANAGING | {"settings"},
}
VIEWS = (*frame.COUNTED_VIEWS, "closed", "spam")


@dataclass(frozen=True)
class View:
    """One view of the queue, what it is called, and how many tickets it has; 0 where that is not counted."""

    key: str
    label: str
    count: int


@dataclass(frozen=True)
class Me:
    """Who is signed in."""

    id: int | None
    name: str
    role_name: str


@dataclass(frozen=True)
class Timer:
    """The running timer, or the one that is paused; ``asks`` why its person has to decide about it."""

    entry_id: int
    number: int
    title: str
    client_name: str
    started_at: datetime
    elapsed_seconds: int
    is_paused: bool
    note: str
    billable: str
    work_type_id: int | None
    asks: str


@dataclass(frozen=True)
class MailAlarm:
    """What an administrator must hear of on every page: a mailbox that does not fare well."""

    mailbox_id: int
    address: str
    text: str


@dataclass(frozen=True)
class Focus:
    """What the page in view is about; a view says so with :func:`look_at`."""

    view: str | None = None
    client_id: int | None = None
    item_number: int | None = None


@dataclass(frozen=True)
class Shell:
    """All that layout.html reads as ``shell``."""

    company_name: str
    person: Me
    places: dict[str, Place]
    sections: frozenset[str]
    counts: dict[str, int]
    views: list[View]
    open_clients: tuple[frame.ClientCount, ...]
    close_month: str
    timer: Timer | None
    work_types: list[tuple[int, str]]
    asking: int
    recent_items: list[RecentItem]
    current_view: str | None
    current_client_id: int | None
    timer_item_number: int | None
    alarms: list[MailAlarm]
    live_id: int
    notes_reading: bool
    keys: Mapping[str, str]
    single_keys: bool
    unread: int
    newest_notice: int


def look_at(*, view: str | None = None, client_id: int | None = None, item_number: int | None = None) -> None:
    """Tell the frame which view of the queue, client or work item this page is about."""
    g.focus = Focus(view, client_id, item_number)


def context(now: datetime) -> dict[str, object]:
    """Return the variables that ``layout.html`` reads: ``shell`` for staff, for strangers only the company's name.

    Outside a request (a document that a job renders) there is no frame, and nothing is asked.
    """
    if not has_request_context():
        return {}
    session = read_session()
    found = company.find_company(session)
    name = found.name if found else ""
    actor: Actor | None = g.get("actor")
    if actor is None or found is None:
        return {"company_name": name}
    return {"company_name": name, "shell": _shell(session, actor, now, found)}


def queue_counts(session: Session, actor: Actor, now: datetime) -> frame.QueueCounts:
    """Return what the frame counts of the queue, for a page without a work item: the frame asks no second time."""
    read = g.frame = frame.read(session, actor=actor, now=now, recent=True)
    return read.queue


def close_month(session: Session, now: datetime) -> str:
    """Return the month that month-end would close now: the one that ended last where our company is."""
    zone = zone_named(company.get_company(session).time_zone)
    return str(local_month(now, zone).previous)


def _shell(session: Session, actor: Actor, now: datetime, house: Company) -> Shell:
    focus: Focus = g.get("focus", Focus())
    month = close_month(session, now)
    read: frame.Frame = g.pop("frame", None) or frame.read(session, actor=actor, now=now, recent=not focus.item_number)
    waits, counts = read.waits, read.queue
    names = view_names()
    timer = _timer(read.timer, now) if read.timer else None
    left_out = {*(() if waits.promises else PROMISED), *(() if actor.team_ids else ("my_teams",))}
    return Shell(
        company_name=house.name,
        person=Me(actor.person_id, actor.name, role_names()[actor.role]),
        places=places(close_month=month),
        sections=sections(session, actor),
        counts={"desk": counts.all, "approvals": waits.time_to_approve, "expenses": waits.expenses_to_approve},
        views=[
            View(key, names[key], getattr(counts, key) if key in frame.COUNTED_VIEWS else 0)
            for key in VIEWS
            if key not in left_out
        ],
        open_clients=counts.clients,
        close_month=month,
        timer=timer,
        work_types=list(read.work_types) if timer else [],
        asking=waits.asking,
        recent_items=list(read.recent) if timer is None else [],
        current_view=focus.view,
        current_client_id=focus.client_id,
        timer_item_number=focus.item_number,
        alarms=[
            MailAlarm(mailbox_id, address, alarm_text(alarm, now=now))
            for mailbox_id, address, alarm in mailbox_health.alarms(read.mailboxes, now=now)
        ],
        live_id=waits.live_id,
        notes_reading=house.notes_reading and current_user.notes_reading,
        keys=current_user.keys,
        single_keys=current_user.single_keys,
        unread=waits.unread,
        newest_notice=waits.newest_notice,
    )


def sections(session: Session, actor: Actor) -> frozenset[str]:
    """Return what the actor may see: by role, and approvals where a project or client is theirs to approve."""
    approves = actor.is_one_of(DESK) and rights.approves_any(session, actor)
    return SECTIONS[actor.role] | ({"approvals"} if approves else frozenset())


def role_names() -> dict[str, str]:
    """Return the roles in the reader's language."""
    return {
        ADMIN: _("Administrator"),
        MANAGER: _("Manager"),
        ACCOUNT_MANAGER: _("Account manager"),
        BOOKKEEPER: _("Bookkeeper"),
        TECHNICIAN: _("Technician"),
    }


def _timer(entry: Any, now: datetime) -> Timer:  # noqa: ANN401 - a row of the database
    return Timer(
        entry_id=entry.id,
        number=entry.number,
        title=entry.title,
        client_name=entry.client_name,
        started_at=entry.started_at,
        elapsed_seconds=seconds_between(entry.started_at, entry.ended_at or now),
        is_paused=entry.ended_at is not None,
        note=entry.note,
        billable=entry.billable,
        work_type_id=entry.work_type_id,
        asks=entry.asks,
    )
