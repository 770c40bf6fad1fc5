"""Words of service levels."""

from datetime import datetime
from zoneinfo import ZoneInfo

from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.dates import format_day

TARGET_NAMES = {
    "first_answer": _l("First answer"),
    "next_answer": _l("Next answer"),
    "resolution": _l("Solution"),
}
_TOLD = {
    ("first_answer", "met"): "first answer in time",
    ("first_answer", "missed"): "first answer overdue",
    ("next_answer", "met"): "answer in time",
    ("next_answer", "missed"): "answer overdue",
    ("resolution", "met"): "solved in time",
    ("resolution", "missed"): "solution overdue",
}


def told_line(target: str, told: str) -> str:
    """Return the line of a ticket's history that says how a target went; in English, like all of them."""
    return _TOLD[target, told]


def local_words(instant: datetime, zone: ZoneInfo) -> str:
    """Return day and time of an instant on the clock of a zone: ``Fri 27 Nov 2026, 16:30``."""
    local = instant.astimezone(zone)
    return f"{format_day(local.date(), 'EEE d MMM y', 'en')}, {local:%H:%M}"
