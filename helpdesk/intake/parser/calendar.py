"""The events of a calendar file as plain values, for whoever looks at the file (docs/desk.md rule 66, RFC 5545)."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from helpdesk.intake.parser.charset import decode
from helpdesk.intake.parser.header_text import clean

EVENTS_LIMIT = 20
PEOPLE_LIMIT = 50
_VALUE_LIMIT, _TEXT_LIMIT = 300, 4000
_ZONES = re.compile(r"^BEGIN:VTIMEZONE\b.*?^END:VTIMEZONE[^\n]*\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_MAILTO = re.compile(r"^mailto:", re.IGNORECASE)
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_SIMPLE = {"FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "WKST"}


def read_calendar(data: bytes) -> dict[str, Any]:
    """Return ``events``, the first twenty, and ``count``, how many there are.

    An instant has ``at`` in UTC (None where the sender's zone is not known), ``local`` as the sender wrote it, and
    ``zone``. Zones that the file defines itself are left out before it is read: working them out can take for ever.

    Raises:
        ValueError: it is no calendar.
    """
    from icalendar import Calendar  # noqa: PLC0415 - few files need it

    text = decode(data, None).text.lstrip("\ufeff").replace("\r\n", "\n")
    found = Calendar.from_ical(_ZONES.sub("", text))
    events = found.walk("VEVENT")
    method = str(found.get("METHOD", "")).upper()
    return {"events": [_event(event, method) for event in events[:EVENTS_LIMIT]], "count": len(events)}


def _event(event: Any, method: str) -> dict[str, Any]:  # noqa: ANN401 - a component of icalendar, which has no types
    begins, ends = _date(event, "DTSTART"), _date(event, "DTEND")
    duration = getattr(event.get("DURATION"), "dt", None)
    if begins is not None and ends is None and isinstance(duration, timedelta):
        ends = begins + duration
    is_all_day = begins is not None and not isinstance(begins, datetime)
    if is_all_day and begins is not None and ends is not None:
        ends = max(begins, ends - timedelta(days=1))  # a calendar tells the day after the last one
    people = event.get("ATTENDEE") or []
    return {
        "method": method,
        "is_cancelled": method == "CANCEL" or str(event.get("STATUS", "")).upper() == "CANCELLED",
        "title": _value(event, "SUMMARY"),
        "where": _value(event, "LOCATION"),
        "text": _text(event),
        "organiser": _person(_first(event.get("ORGANIZER")))["who"],
        "people": [_person(one) for one in (people if isinstance(people, list) else [people])[:PEOPLE_LIMIT]],
        "is_all_day": is_all_day,
        "begins": _moment(event, "DTSTART", begins),
        "ends": _moment(event, "DTEND" if "DTEND" in event else "DTSTART", ends),
        "repeats": _repeats(event.get("RRULE")),
    }


def _first(value: Any) -> Any:  # noqa: ANN401 - as above
    return (value[0] if value else None) if isinstance(value, list) else value


def _value(event: Any, name: str) -> str:  # noqa: ANN401 - as above
    value = _first(event.get(name))
    return clean(str(value))[:_VALUE_LIMIT] if value else ""


def _text(event: Any) -> str:  # noqa: ANN401 - as above
    lines = str(_first(event.get("DESCRIPTION")) or "")[:_TEXT_LIMIT].splitlines()
    return "\n".join(clean(line) for line in lines).strip()


def _person(value: Any) -> dict[str, str]:  # noqa: ANN401 - as above
    if value is None:
        return {"who": "", "answer": ""}
    address = _MAILTO.sub("", clean(str(value)))[:_VALUE_LIMIT]
    parameters = getattr(value, "params", {})
    name = clean(str(parameters.get("CN", "")))[:_VALUE_LIMIT]
    who = f"{name} <{address}>" if name and name != address else address
    return {"who": who, "answer": str(parameters.get("PARTSTAT", "")).upper()}


def _date(event: Any, name: str) -> date | None:  # noqa: ANN401 - as above
    found = getattr(_first(event.get(name)), "dt", None)
    return found if isinstance(found, date) else None


def _moment(event: Any, name: str, value: date | None) -> dict[str, str | None] | None:  # noqa: ANN401 - as above
    if value is None:
        return None
    if not isinstance(value, datetime):
        return {"at": None, "local": value.isoformat(), "zone": ""}
    zone = clean(str(getattr(_first(event.get(name)), "params", {}).get("TZID", "")))[:60]
    is_known = value.tzinfo is not None
    return {
        "at": value.astimezone(UTC).isoformat() if is_known else None,
        "local": f"{value:%Y-%m-%dT%H:%M}",
        "zone": zone or ("UTC" if is_known else ""),
    }


def _repeats(rule: Any) -> dict[str, Any] | None:  # noqa: ANN401 - as above
    """Return a rule of recurrence; ``is_simple`` where every, on which days, how often and until when are all of it."""
    rule = _first(rule)
    if not rule:
        return None
    days = [str(day).upper() for day in _many(rule.get("BYDAY"))]
    every, until = str(_first(rule.get("FREQ")) or "").upper(), _first(rule.get("UNTIL"))
    return {
        "is_simple": set(rule) <= _SIMPLE
        and every in {"DAILY", "WEEKLY", "MONTHLY", "YEARLY"}
        and (not days or (every == "WEEKLY" and set(days) <= set(_WEEKDAYS))),
        "every": every,
        "interval": int(_first(rule.get("INTERVAL")) or 1),
        "days": [_WEEKDAYS.index(day) for day in days if day in _WEEKDAYS],
        "count": int(_first(rule.get("COUNT")) or 0),
        "until": f"{until:%Y-%m-%d}" if isinstance(until, date) else "",
        "rule": clean(rule.to_ical().decode())[:_VALUE_LIMIT],
    }


def _many(value: Any) -> list[Any]:  # noqa: ANN401 - as above
    return value if isinstance(value, list) else [] if value is None else [value]
