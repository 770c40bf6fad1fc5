"""What a lock date leaves open: time before it that is not approved, and whose it is (docs/billing.md rule 2)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, and_, false, func, or_, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.kernel.periods import day_start, zone_named
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.models import TimeEntry

UNSUBMITTED = ("draft", "rejected")


@dataclass(frozen=True, slots=True)
class LeftOpen:
    """How many entries of a person on locked days are not submitted, and how many wait for approval."""

    person_name: str
    unsubmitted: int
    submitted: int


def left_open(session: Session, locks: Iterable[tuple[int | None, date]]) -> list[LeftOpen]:
    """Return by person what is open up to and with each lock's day: of a client, or of everybody where it is None.

    Days are those of each client. Two queries, however many locks and clients there are.
    """
    covered = _covered(session, list(locks))
    waits = TimeEntry.status == "submitted"
    query = (
        select(Person.name, func.count().filter(~waits).label("drafts"), func.count().filter(waits).label("waiting"))
        .select_from(TimeEntry)
        .join(Person, Person.id == TimeEntry.person_id)
        .join(WorkItem, WorkItem.id == TimeEntry.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(TimeEntry.status.in_((*UNSUBMITTED, "submitted")), TimeEntry.ended_at.is_not(None), covered)
        .group_by(Person.id, Person.name)
        .order_by(func.lower(Person.name))
    )
    return [LeftOpen(row.name, row.drafts, row.waiting) for row in session.execute(query)]


def _covered(session: Session, locks: list[tuple[int | None, date]]) -> ColumnElement[bool]:
    """Return the condition on entries of clients whose day is locked; a day ends in each client's own zone."""
    zones: dict[str, list[int]] = {}
    for client_id, zone in session.execute(select(Client.id, Client.time_zone)) if locks else ():
        zones.setdefault(zone, []).append(client_id)
    found = []
    for zone, ids in zones.items():
        for locked_id, through in locks:
            if locked_id is None or locked_id in ids:
                whose = Client.time_zone == zone if locked_id is None else Client.id == locked_id
                end = day_start(through + timedelta(days=1), zone_named(zone))
                found.append(and_(whose, TimeEntry.started_at < end))
    return or_(false(), *found)
