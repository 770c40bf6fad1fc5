"""The week grid: what a cell says, and what typing into it does. Pure (docs/billing.md rule 1)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from helpdesk.kernel.durations import MINUTE, format_hm, format_hms, parse_typed_duration
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.timekeeping.domain.worked import Worked, read_worked

SETTLED = ("approved", "locked")
NOTHING = frozenset({"", "0", "0:00"})


@dataclass(frozen=True, order=True, slots=True)
class RowKey:
    """A row of the grid: a work item by its number, and a work type; ``str`` gives ``4871.2``, or ``4871.0``."""

    number: int
    work_type_id: int | None

    def __str__(self) -> str:
        return f"{self.number}.{self.work_type_id or 0}"

    @classmethod
    def parse(cls, text: str) -> "RowKey":
        """Return the row that ``4871.2`` names.

        Raises:
            RuleViolation: two whole numbers were not what was written.
        """
        number, _dot, work_type = text.partition(".")
        if not all(part.isascii() and part.isdigit() and len(part) < 10 for part in (number, work_type)):  # noqa: PLR2004 - fits 32 bits
            message = f"{text!r} is no row of the timesheet."
            raise RuleViolation(message)
        return cls(int(number), int(work_type) or None)


@dataclass(frozen=True, slots=True)
class CellEntry:
    """One entry as its cell knows it; ``worked`` is None while the timer runs, ``seconds`` are those up to now."""

    id: int
    version: int
    seconds: int
    worked: Worked | None
    note: str
    status: str


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed into a cell that showed ``shown`` and held the entries that ``seen`` stands for."""

    text: str
    shown: str
    seen: str


@dataclass(frozen=True, slots=True)
class Leave:
    """Nothing is to be done."""


@dataclass(frozen=True, slots=True)
class Add:
    """A new entry of what was typed."""


@dataclass(frozen=True, slots=True)
class Change:
    """The only entry of the cell becomes what was typed."""

    entry_id: int


@dataclass(frozen=True, slots=True)
class Remove:
    """The only entry of the cell goes; it holds nothing but a duration."""

    entry_id: int


Act = Leave | Add | Change | Remove


def usual_type(rows: Iterable[RowKey], number: int, default_type_id: int | None) -> int | None:
    """Return the work type of the row that an item has among ``rows``; of several the default one, else the first.

    An item without a row has the default: whoever adds one and says nothing of types has no second row in mind.
    """
    types = [row.work_type_id for row in rows if row.number == number]
    return types[0] if types and default_type_id not in types else default_type_id


def cell_text(entries: Sequence[CellEntry]) -> str:
    """Return what stands in a cell: the sum, ``1:30``, with seconds only below a minute; empty where nobody worked."""
    seconds = sum(entry.seconds for entry in entries)
    if not entries:
        return ""
    return format_hm(seconds) if seconds >= MINUTE or seconds == 0 else format_hms(seconds)


def stamp(entries: Sequence[CellEntry]) -> str:
    """Return what tells two states of a cell apart: ids and versions of its entries, ``17.3,18.1``."""
    return ",".join(f"{entry.id}.{entry.version}" for entry in sorted(entries, key=lambda entry: entry.id))


def decide(entries: Sequence[CellEntry], typed: Typed) -> Act:
    """Return what ``typed`` does to the cell that holds ``entries`` now.

    What was not touched, or says what the cell says already, changes nothing, so that sending it again is harmless.

    Raises:
        Conflict: the cell changed since it was shown; it says what it says now.
        RuleViolation: the cell is not one duration that can be typed over; it says what to do.
    """
    text = typed.text.strip()
    if (
        text == typed.shown
        or text == cell_text(entries)
        or 0 < sum(entry.seconds for entry in entries) == _length(text)
    ):
        return Leave()
    if stamp(entries) != typed.seen:
        raise Conflict(_changed(entries, text))
    if not entries:
        return Leave() if text in NOTHING else Add()
    if len(entries) > 1:
        message = f"{cell_text(entries)} is the sum of {len(entries)} entries; open the cell and change one of them."
        raise RuleViolation(message)
    return _to_one(entries[0], text)


def overwritten(before: Worked, text: str, *, day: date, zone: ZoneInfo, now: datetime) -> Worked:
    """Return what an entry becomes whose cell was typed over: a length keeps the time of day at which work began.

    9:15-10:40 overwritten with ``2:00`` is 9:15-11:15; with ``9:00-9:30`` it is that; a length stays a length.

    Raises:
        RuleViolation: as `read_worked`.
    """
    read = read_worked(text, day=day, zone=zone, now=now)
    if before.duration_only or not read.duration_only:
        return read
    ends = before.started_at + timedelta(seconds=parse_typed_duration(text))
    if ends > now:
        message = (
            f"Work began at {before.started_at.astimezone(zone):%H:%M}, so that {format_hm(read.seconds)} would end "
            "later than now; open the cell to change when it began."
        )
        raise RuleViolation(message)
    return Worked(before.started_at, ends, duration_only=False)


def _length(text: str) -> int | None:
    """Return the seconds that ``text`` is the length of; None for a range, and for what is neither."""
    try:
        return parse_typed_duration(text)
    except RuleViolation:
        return None


def _changed(entries: Sequence[CellEntry], text: str) -> str:
    now_says = f"says {cell_text(entries)}" if entries else "is empty"
    return (
        f"This cell was changed meanwhile and {now_says} now. Your {text or 'empty cell'} is not saved: save it "
        "again to put it there."
    )


def _to_one(entry: CellEntry, text: str) -> Act:
    if entry.worked is None:
        message = "The timer runs in this cell; stop it first."
        raise RuleViolation(message)
    if entry.status in SETTLED:
        message = f"{format_hm(entry.seconds)} is approved; open the cell to change it nevertheless."
        raise RuleViolation(message)
    if text not in NOTHING:
        return Change(entry.id)
    if entry.note or not entry.worked.duration_only:
        message = f"{format_hm(entry.seconds)} holds {_details(entry)}; open the cell to delete it."
        raise RuleViolation(message)
    return Remove(entry.id)


def _details(entry: CellEntry) -> str:
    return (
        f"the note \N{LEFT DOUBLE QUOTATION MARK}{entry.note}\N{RIGHT DOUBLE QUOTATION MARK}"
        if entry.note
        else ("times of day")
    )
