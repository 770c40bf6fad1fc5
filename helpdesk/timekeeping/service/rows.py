"""Rows of a week: put in by hand, copied from the week before with or without hours, taken out again."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.dates import format_day
from helpdesk.kernel.durations import format_hms
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.timekeeping import limits
from helpdesk.timekeeping.domain import timesheet
from helpdesk.timekeeping.domain.timesheet import RowKey
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.models import TimeEntry, TimesheetRow
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import weeks
from helpdesk.timekeeping.service.approval import submit
from helpdesk.timekeeping.service.entries import add_entry
from helpdesk.timekeeping.service.ground import default_type, lock_owner, refuse_closed
from helpdesk.timekeeping.service.limits import refuse_unknown_type

Refused = (Conflict, Denied, NotFound, RuleViolation)


@dataclass(slots=True)
class Copied:
    """What copying a week did: how many rows and entries there are more, what was left out, with the reason.

    ``warnings`` say which projects have reached their limit of billable hours with them.
    """

    rows: int = 0
    entries: int = 0
    seconds: int = 0
    left_out: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def add_row(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    person_id: int,
    week: Week,
    item: WorkItem,
    work_type_id: int | None,
) -> RowKey:
    """Put a row into a person's week and return its key; a row that is there already stays as it is.

    Raises:
        RuleViolation: the item's project is closed, or there is no such work type.
    """
    visible = projects.get_item(session, actor=actor, item_id=item.id)
    refuse_closed(visible)
    refuse_unknown_type(session, work_type_id)
    lock_owner(session, person_id)
    key = RowKey(visible.number, work_type_id)
    if key not in _keys(session, person_id, week):
        session.add(
            TimesheetRow(
                person_id=person_id,
                monday=week.monday,
                work_item_id=visible.id,
                work_type_id=work_type_id,
                created_at=now,
            )
        )
        session.flush()
    return key


def usual_type(session: Session, *, person_id: int, week: Week, item: WorkItem) -> int | None:
    """Return the work type that a row for the item has in a person's week already, else the default one."""
    rows = sorted(_keys(session, person_id, week), key=str)
    return timesheet.usual_type(rows, item.number, default_type(session))


def remove_row(session: Session, *, person_id: int, week: Week, row: RowKey) -> bool:
    """Take a row without time out of a person's week and return whether there was one; time on it stays."""
    for found in weeks.rows(session, person_id=person_id, week=week):
        if RowKey(found.work_item.number, found.work_type_id) == row:
            session.delete(found)
            session.flush()
            return True
    return False


def copy_week(session: Session, *, actor: Actor, now: datetime, person_id: int, week: Week, with_hours: bool) -> Copied:
    """Copy the rows of the week before into ``week``, on wish with their hours as drafts, and return what was done.

    A cell that has time already stays as it is, so that copying twice doubles nothing. Hours are copied as lengths,
    with note and billing; days that are not here yet are left out.
    """
    lock_owner(session, person_id)
    done, before = Copied(), week.plus(-1)
    entries = queries.week(session, person_id=person_id, week=before)
    taken = _keys(session, person_id, week)
    items = {_row_of(entry): entry.work_item for entry in entries}
    items |= {_row_of(row): row.work_item for row in weeks.rows(session, person_id=person_id, week=before)}
    for key, item in items.items():
        if key not in taken:
            done.rows += _copied_row(session, actor, now, person_id, week, item, key, done)
    if with_hours:
        _copy_hours(session, actor, now, person_id, week, entries, done)
    return done


def submit_part(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    week: Week,
    days: Collection[date] = (),
    rows: Collection[RowKey] = (),
) -> list[TimeEntry]:
    """Submit the drafts of the actor's own week, of some days and rows only where any are named, and return them.

    Raises:
        RuleViolation: as `submit`.
    """
    wanted = [
        entry.id
        for entry in queries.week(session, person_id=actor.person_id or 0, week=week)
        if (not days or queries.day_of(entry) in days) and (not rows or _row_of(entry) in rows)
    ]
    return submit(session, actor=actor, now=now, entry_ids=wanted)


def _copied_row(
    session: Session,
    actor: Actor,
    now: datetime,
    person_id: int,
    week: Week,
    item: WorkItem,
    key: RowKey,
    done: Copied,
) -> bool:
    try:
        add_row(
            session,
            actor=actor,
            now=now,
            person_id=person_id,
            week=week,
            item=item,
            work_type_id=key.work_type_id,
        )
    except Refused as refusal:
        done.left_out.append(f"#{key.number}: {refusal}")
        return False
    return True


def _copy_hours(
    session: Session,
    actor: Actor,
    now: datetime,
    person_id: int,
    week: Week,
    entries: Iterable[TimeEntry],
    done: Copied,
) -> None:
    taken = {_cell(entry) for entry in queries.week(session, person_id=person_id, week=week)}
    billable: dict[int, TimeEntry] = {}
    for entry in entries:
        day, seconds = queries.day_of(entry) + timedelta(days=7), queries.worked_of(entry).seconds
        if (_row_of(entry), day) in taken or not seconds:
            continue
        try:
            with session.begin_nested():
                added = add_entry(
                    session,
                    actor=actor,
                    now=now,
                    item_id=entry.work_item_id,
                    day=day,
                    worked=format_hms(seconds),
                    note=entry.note,
                    billable=entry.billable,
                    work_type_id=entry.work_type_id,
                    person_id=person_id,
                )
        except Refused as refusal:
            done.left_out.append(f"#{entry.work_item.number}, {format_day(day, 'EEE d MMM', 'en')}: {refusal}")
        else:
            done.entries += 1
            done.seconds += seconds
            if added.billable == "billable":
                billable[added.work_item.project_id] = added
    done.warnings += limits.warnings_of(session, billable.values()).values()


def _keys(session: Session, person_id: int, week: Week) -> set[RowKey]:
    worked = map(_row_of, queries.week(session, person_id=person_id, week=week))
    return {*worked, *map(_row_of, weeks.rows(session, person_id=person_id, week=week))}


def _row_of(one: TimeEntry | TimesheetRow) -> RowKey:
    return RowKey(one.work_item.number, one.work_type_id)


def _cell(entry: TimeEntry) -> tuple[RowKey, date]:
    return _row_of(entry), queries.day_of(entry)
