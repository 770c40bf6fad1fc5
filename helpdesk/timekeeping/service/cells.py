"""The week grid, written cell by cell: what is right is saved, what is not says why (docs/billing.md rule 1)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import Conflict, Denied, NotFound, RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.projects import queries as projects
from helpdesk.timekeeping import limits
from helpdesk.timekeeping.domain.timesheet import (
    Act,
    Add,
    CellEntry,
    Change,
    Leave,
    Remove,
    RowKey,
    Typed,
    decide,
    overwritten,
)
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import weeks
from helpdesk.timekeeping.service.entries import add_entry, delete_entry, edit_entry
from helpdesk.timekeeping.service.ground import lock_owner


@dataclass(frozen=True, slots=True)
class CellEdit:
    """What somebody typed into one cell: its row, its day, and the text with what the cell showed then."""

    row: RowKey
    day: date
    typed: Typed


@dataclass(frozen=True, slots=True)
class SavedCell:
    """What became of one edit. ``problem`` is empty where it is saved; ``conflict`` where somebody was faster.

    ``overlaps`` are the numbers of the items on which the same time was worked too; ``warning`` says that the
    project's limit is reached.
    """

    edit: CellEdit
    changed: bool = False
    problem: str = ""
    conflict: bool = False
    overlaps: list[int] = field(default_factory=list)
    warning: str = ""


def save_cells(
    session: Session, *, actor: Actor, now: datetime, person_id: int, edits: Sequence[CellEdit]
) -> list[SavedCell]:
    """Put what was typed into a person's cells and return what became of each, in order; one bad cell stops no other.

    The person's row is locked first: of two that fill the same cell at once, the second sees the first.
    """
    lock_owner(session, person_id)
    return [_saved(session, actor, now, person_id, edit) for edit in edits]


def cell_entries(entries: Sequence[TimeEntry], row: RowKey, day: date, *, now: datetime) -> list[CellEntry]:
    """Return those of a person's entries that lie in one cell, as the cell knows them."""
    return [
        cell_entry(entry, now=now)
        for entry in entries
        if RowKey(entry.work_item.number, entry.work_type_id) == row and queries.day_of(entry) == day
    ]


def cell_entry(entry: TimeEntry, *, now: datetime) -> CellEntry:
    """Return an entry as its cell knows it."""
    return CellEntry(
        entry.id,
        entry.version,
        queries.worked_seconds(entry, now=now),
        None if entry.ended_at is None else queries.worked_of(entry),
        entry.note,
        entry.status,
    )


def _saved(session: Session, actor: Actor, now: datetime, person_id: int, edit: CellEdit) -> SavedCell:
    try:
        with session.begin_nested():
            entries = weeks.of_day(session, person_id=person_id, days=[edit.day])
            act = decide(cell_entries(entries, edit.row, edit.day, now=now), edit.typed)
            written = _carry_out(session, actor, now, person_id, edit, act, entries)
            overlaps = queries.overlapping(session, written) if written else []
            warning = limits.warning_of(session, written) if written else ""
    except Conflict as refusal:
        return SavedCell(edit, problem=str(refusal), conflict=True)
    except (Denied, NotFound, RuleViolation) as refusal:
        return SavedCell(edit, problem=str(refusal))
    return SavedCell(
        edit, changed=act != Leave(), overlaps=[other.work_item.number for other in overlaps], warning=warning
    )


def _carry_out(
    session: Session,
    actor: Actor,
    now: datetime,
    person_id: int,
    edit: CellEdit,
    act: Act,
    entries: Sequence[TimeEntry],
) -> TimeEntry | None:
    match act:
        case Add():
            return _add(session, actor, now, person_id, edit)
        case Change(entry_id):
            return _change(session, actor, now, edit, next(one for one in entries if one.id == entry_id))
        case Remove(entry_id):
            delete_entry(session, actor=actor, now=now, entry_id=entry_id)
    return None


def _add(session: Session, actor: Actor, now: datetime, person_id: int, edit: CellEdit) -> TimeEntry:
    item = projects.get_item(session, actor=actor, number=edit.row.number)
    return add_entry(
        session,
        actor=actor,
        now=now,
        item_id=item.id,
        day=edit.day,
        worked=edit.typed.text,
        billable=weeks.billable_of_row(session, person_id=person_id, row=edit.row, day=edit.day),
        work_type_id=edit.row.work_type_id,
        person_id=person_id,
    )


def _change(session: Session, actor: Actor, now: datetime, edit: CellEdit, entry: TimeEntry) -> TimeEntry:
    zone = zone_named(queries.client_of(entry).time_zone)
    return edit_entry(
        session,
        actor=actor,
        now=now,
        entry_id=entry.id,
        day=edit.day,
        worked=overwritten(queries.worked_of(entry), edit.typed.text, day=edit.day, zone=zone, now=now),
        note=entry.note,
        billable=entry.billable,
        work_type_id=entry.work_type_id,
    )
