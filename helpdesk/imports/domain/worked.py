"""When somebody worked, from whatever a line says of start, end and length. Pure (docs/import.md rules 9 and 10)."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from helpdesk.imports.domain.columns import LENGTHS
from helpdesk.imports.domain.lines import Values
from helpdesk.kernel.durations import MINUTE, format_hm
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import wall_clock
from helpdesk.timekeeping.domain.worked import Worked

NOON = time(12)


@dataclass(frozen=True, slots=True)
class Said:
    """What a line says: the instant or wall-clock time of the start, of the end, and the length, as far as it does."""

    start: datetime | None
    end: datetime | None
    day: date
    seconds: int | None


def worked_of(values: Values, *, zone: ZoneInfo, home: ZoneInfo) -> Worked:
    """Return the interval that a line says, times of day by clocks in ``zone``.

    With a start and a length the end follows; with both ends the length has to fit, and a shorter one (a break, or
    time that was rounded down) counts from the start. A length alone begins at noon of its day at the client's
    (``home``), as typed time does. Seconds are kept.

    Raises:
        RuleViolation: nothing says how long it took, the end is before the start, or more is said than lies between.
    """
    said = _said(values, zone)
    if said.start is None:
        if said.seconds is None:
            message = "Neither a duration nor start and end: how long did it take?"
            raise RuleViolation(message)
        begin = wall_clock(said.day, NOON, home)
        return Worked(begin, begin + timedelta(seconds=said.seconds), duration_only=True)
    if said.end is None and said.seconds is None:
        message = "There is a start, but neither an end nor a duration."
        raise RuleViolation(message)
    if said.end is not None:
        between = int((said.end - said.start).total_seconds())
        if between < 0:
            message = "It ends before it starts."
            raise RuleViolation(message)
        if said.seconds is None or abs(said.seconds - between) <= MINUTE:
            return Worked(said.start, said.end, duration_only=False)
        if said.seconds > between:
            message = f"It says {format_hm(said.seconds)}, but between start and end are {format_hm(between)}."
            raise RuleViolation(message)
    return Worked(said.start, said.start + timedelta(seconds=said.seconds or 0), duration_only=False)


def is_cut(values: Values, worked: Worked, *, zone: ZoneInfo) -> bool:
    """Return whether the line has an end that lies later than its length says."""
    end = _said(values, zone).end
    return end is not None and (end - worked.ended_at).total_seconds() > MINUTE


def _said(values: Values, zone: ZoneInfo) -> Said:
    day = _day(values)
    start = _at(values, "start", day, zone)
    end = _at(values, "end", values.get("end_date") or day, zone)
    if start is not None and end is not None and end < start and not _says_end_day(values):
        end = _at(values, "end", day + timedelta(days=1), zone)  # over midnight
    return Said(start, end, day, next((values[name] for name in LENGTHS if values.get(name) is not None), None))


def _day(values: Values) -> date:
    start = values.get("start")
    if isinstance(start, datetime):
        return start.date()
    found = start[0] if isinstance(start, tuple) else values.get("start_date")
    if not isinstance(found, date):
        message = "The day is missing."
        raise RuleViolation(message)
    return found


def _says_end_day(values: Values) -> bool:
    return isinstance(values.get("end"), (datetime, tuple)) or values.get("end_date") is not None


def _at(values: Values, edge: str, day: date, zone: ZoneInfo) -> datetime | None:
    whole = values.get(edge)
    if isinstance(whole, datetime):
        return whole
    if isinstance(whole, tuple):
        return wall_clock(whole[0], whole[1], zone)
    clock = whole or values.get(f"{edge}_time")
    return wall_clock(day, clock, zone) if isinstance(clock, time) else None
