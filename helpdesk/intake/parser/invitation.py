"""What an invitation says, in a few lines that people can read (docs/mail.md rule 35, RFC 5545)."""

import re
from datetime import date, datetime, timedelta
from typing import Any

from helpdesk.intake.parser.charset import decode
from helpdesk.intake.parser.guard import attempt
from helpdesk.intake.parser.header_text import clean

_BYTES_LIMIT = 256 * 1024
_EVENTS_LIMIT = 3
_VALUE_LIMIT = 300
_ZONES = re.compile(r"^BEGIN:VTIMEZONE\b.*?^END:VTIMEZONE[^\n]*\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_METHODS = {"REQUEST": "Invitation", "CANCEL": "Cancelled", "REPLY": "Answer to an invitation", "PUBLISH": "Event"}
_ANSWERS = {"ACCEPTED": "accepted", "DECLINED": "declined", "TENTATIVE": "tentatively accepted"}


def summary(data: bytes, charset: str | None = None) -> str | None:
    """Return title, time, place and organiser of the first events; None when this is no calendar.

    The zones that a calendar defines are left out before it is read: working them out can take for ever. Times stand
    as the sender wrote them, with the name of their zone.
    """
    return attempt(_summary, decode(data, charset).text) if len(data) <= _BYTES_LIMIT else None


def _summary(text: str) -> str | None:
    from icalendar import Calendar  # noqa: PLC0415 - few mails need it

    found = Calendar.from_ical(_ZONES.sub("", text.replace("\r\n", "\n")))
    method = _METHODS.get(str(found.get("METHOD", "")).upper(), "Event")
    events = [_event(event, method) for event in found.walk("VEVENT")[:_EVENTS_LIMIT]]
    return "\n\n".join(filter(None, events)) or None


def _event(event: Any, method: str) -> str:  # noqa: ANN401 - a component of icalendar, which has no useful types
    lines = [
        (method, _value(event, "SUMMARY") or "no title"),
        ("When", _when(event)),
        ("Where", _value(event, "LOCATION")),
        ("Organiser", _person(event.get("ORGANIZER"))),
        ("Answer", _answer(event) if method == _METHODS["REPLY"] else ""),
    ]
    return "\n".join(f"{name}: {value}" for name, value in lines if value)


def _value(event: Any, name: str) -> str:  # noqa: ANN401 - as above
    value = event.get(name)
    return clean(str(value[0] if isinstance(value, list) else value))[:_VALUE_LIMIT] if value else ""


def _when(event: Any) -> str:  # noqa: ANN401 - as above
    begins, ends = _moment(event, "DTSTART"), _moment(event, "DTEND")
    if begins is None:
        return ""
    zone = clean(str(event["DTSTART"].params.get("TZID", "")))[:60]
    if not isinstance(begins, datetime):
        last = ends - timedelta(days=1) if ends is not None and not isinstance(ends, datetime) else begins
        return f"{begins:%Y-%m-%d}" if last <= begins else f"{begins:%Y-%m-%d} to {last:%Y-%m-%d}"
    named = zone or ("UTC" if begins.tzinfo is not None else "")
    text = f"{begins:%Y-%m-%d %H:%M}"
    if isinstance(ends, datetime):
        text += f" to {ends:%H:%M}" if ends.date() == begins.date() else f" to {ends:%Y-%m-%d %H:%M}"
    return f"{text} ({named})" if named else text


def _moment(event: Any, name: str) -> date | None:  # noqa: ANN401 - as above
    found = getattr(event.get(name), "dt", None)
    return found if isinstance(found, date) else None


def _person(value: Any) -> str:  # noqa: ANN401 - as above
    if isinstance(value, list):
        value = value[0] if value else None
    if value is None:
        return ""
    address = re.sub(r"^mailto:", "", clean(str(value)), flags=re.IGNORECASE)[:_VALUE_LIMIT]
    name = clean(str(getattr(value, "params", {}).get("CN", "")))[:_VALUE_LIMIT]
    return f"{name} <{address}>" if name and name != address else address


def _answer(event: Any) -> str:  # noqa: ANN401 - as above
    attendee = event.get("ATTENDEE")
    if isinstance(attendee, list):
        attendee = attendee[0] if attendee else None
    state = str(getattr(attendee, "params", {}).get("PARTSTAT", "")).upper()
    return f"{_person(attendee)} {_ANSWERS[state]}" if state in _ANSWERS else ""
