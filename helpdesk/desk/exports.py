"""The queue and the workload as tables."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.desk import queries
from helpdesk.desk.narrowing import Asked
from helpdesk.desk.queries import QueueRow
from helpdesk.desk.workload_page import Workload
from helpdesk.infra.export.columns import AT_ONCE, Column, Sheet, hours, instant, number, pages, text
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.projects.domain.workload import Load
from helpdesk.projects.words import priority_names, status_names


@dataclass(frozen=True)
class PersonWeek:
    """One cell of the workload."""

    name: str
    week: str
    load: Load


def queue_sheet(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    asked: Asked,
    name: str,
    found_ids: Collection[int] = (),
) -> Sheet[QueueRow]:
    """Return the tickets of a view of the queue, in its order; ``found_ids`` are what the search in it finds."""

    def read(key: str | None) -> tuple[Sequence[QueueRow], str | None]:
        page = queries.queue(
            session,
            actor=actor,
            now=now,
            asked=asked,
            before=key,
            limit=AT_ONCE,
            found_ids=found_ids,
        )
        return page.rows, page.older_key

    statuses, priorities = status_names(), priority_names()
    columns: list[Column[QueueRow]] = [
        number(_("Number"), lambda row: row.number),
        text(_("Subject"), lambda row: row.title),
        text(_("Status"), lambda row: statuses[row.status]),
        text(_("Priority"), lambda row: priorities[row.priority]),
        text(_("Type"), lambda row: row.type_name or ""),
        text(_("Client"), lambda row: row.client_name),
        text(_("Requester"), lambda row: row.requester_name),
        text(_("Assigned to"), lambda row: row.assignee_name),
        text(_("Team"), lambda row: row.team_name or ""),
        number(_("Attachments"), lambda row: row.attachment_count),
        number(_("Held mail"), lambda row: row.held_count),
        instant(_("Changed"), lambda row: row.changed_at),
    ]
    return Sheet(f"tickets {name}", columns, pages(read))


def workload_sheet(found: Workload) -> Sheet[PersonWeek]:
    """Return the workload with a row for each person and week; what is nobody's comes last."""
    weeks = [str(week) for week in found.wanted.weeks]
    shown = [*found.rows, *([found.nobody] if found.nobody else [])]
    columns: list[Column[PersonWeek]] = [
        text(_("Person"), lambda cell: cell.name),
        text(_("Week"), lambda cell: cell.week),
        hours(_("Booked"), lambda cell: cell.load.booked_seconds),
        hours(_("Capacity"), lambda cell: cell.load.capacity_seconds),
        number(_("Percent"), lambda cell: cell.load.percent),
    ]
    rows = (
        PersonWeek(row.name or _("Nobody"), week, load)
        for row in shown
        for week, load in zip(weeks, row.loads, strict=True)
    )
    return Sheet(f"workload {found.wanted.first}", columns, rows)
