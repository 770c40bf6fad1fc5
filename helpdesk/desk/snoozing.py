"""Until when a ticket sleeps: what is offered to choose from, and what was chosen (docs/desk.md rules 10 and 11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.queries import zone_of
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.policy import Actor
from helpdesk.kernel.business_time import Calendar
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day, wall_clock
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets

MORNING = time(6)
"""Where work goes on through the night, a day begins at this time."""
LATER = timedelta(hours=3)
LAST_HOUR = timedelta(hours=1)
STEP = timedelta(minutes=30)
_DAY = timedelta(days=1)
_MONDAY = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """One instant that is offered, and what it is called."""

    label: str
    at: datetime


def choices(calendar: Calendar, now: datetime) -> list[Choice]:
    """Return what is offered to a reader on whose clock the calendar is, what comes first on top."""
    labels = {
        "today": _("Later today"),
        "tomorrow": _("Tomorrow morning"),
        "monday": _("Monday morning"),
        "next": _("Next working day"),
        "week": _("In a week"),
    }
    found = wake_times(calendar, now)
    return [Choice(labels[key], at) for key, at in sorted(found.items(), key=lambda one: one[1])]


def wake_times(calendar: Calendar, now: datetime) -> dict[str, datetime]:
    """Return the instants that are offered: today, tomorrow, monday, next and week, as far as each is working time.

    ``today`` is in three hours, rounded up to half an hour, or an hour before the end of work where that is sooner;
    with less than half an hour to go there is none. ``next`` is the next day of work where that is neither tomorrow
    nor Monday. With hours of Mon-Fri 9:00-17:00, at 10:10 of a Wednesday they are Wednesday 13:30, and 9:00 of
    Thursday, Monday and Wednesday; no instant is offered twice.
    """
    today = local_day(now, calendar.zone)
    monday = today + _DAY * (7 - today.weekday())
    wanted = {
        "today": _later_today(calendar, now, today),
        "tomorrow": _opening(calendar, today + _DAY),
        "monday": _opening(calendar, monday),
        "next": _first(calendar, today + _DAY),
        "week": _first(calendar, today + 7 * _DAY),
    }
    found: dict[str, datetime] = {}
    for key, at in wanted.items():
        if at is not None and at not in found.values():
            found[key] = at
    return found


def read(value: str, *, zone: ZoneInfo) -> datetime:
    """Return the instant of a choice (ISO, with its offset), or of day and time on the clock of ``zone``.

    Raises:
        RuleViolation: it is neither.
    """
    try:
        typed = datetime.fromisoformat(value)
        return wall_clock(typed.date(), typed.time(), zone) if typed.tzinfo is None else typed.astimezone(UTC)
    except (ValueError, OverflowError):  # no instant, or one at the very ends of time
        message = "Choose a day and a time."
        raise RuleViolation(message) from None


def snooze(session: Session, *, actor: Actor, now: datetime, item: WorkItem, value: str) -> datetime:
    """Put a ticket to sleep until what was chosen, on the clock of whoever does it, and return that instant.

    Raises:
        NotFound: not for this actor.
        RuleViolation: no instant, one that is over or more than a year away; the ticket is done, or a task.
    """
    person_id = actor.person_id
    zone = zone_of(session, None if person_id is None else accounts.get_person(session, person_id))
    until = read(value, zone=zone)
    tickets.snooze(session, actor=actor, now=now, item_id=item.id, until=until, zone=zone)
    return until


def _later_today(calendar: Calendar, now: datetime, today: date) -> datetime | None:
    ends = [end for _begin, end in _windows_of(calendar, now, today)]
    if not ends:
        return None
    at = _first_instant(calendar, min(_rounded(now + LATER), ends[-1] - LAST_HOUR))
    return at if at - now >= STEP and local_day(at, calendar.zone) == today else None


def _windows_of(calendar: Calendar, start: datetime, day: date) -> Iterator[tuple[datetime, datetime]]:
    for begin, end in calendar.windows(start):
        if local_day(begin, calendar.zone) != day:
            return
        yield begin, end


def _opening(calendar: Calendar, day: date) -> datetime | None:
    """Return when work begins on a day; None where nothing is worked."""
    at = _first(calendar, day)
    return at if local_day(at, calendar.zone) == day else None


def _first(calendar: Calendar, day: date) -> datetime:
    """Return when work begins on a day, or on the next one with work."""
    return _first_instant(calendar, wall_clock(day, MORNING, calendar.zone))


def _first_instant(calendar: Calendar, start: datetime) -> datetime:
    return next(calendar.windows(start))[0]


def _rounded(instant: datetime) -> datetime:
    """Return the next full or half hour, in zones with an odd offset by the clock of UTC."""
    beyond = timedelta(minutes=instant.minute % 30, seconds=instant.second, microseconds=instant.microsecond)
    return instant + (STEP - beyond if beyond else timedelta())
