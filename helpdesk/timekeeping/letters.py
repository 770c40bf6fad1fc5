"""What time writes to colleagues: a timer that seems forgotten, and time that came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_datetime
from flask import current_app
from flask_babel import force_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language, ngettext
from helpdesk.infra.web import day_filter
from helpdesk.kernel.durations import format_hm
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail."""

    subject: str
    text: str


def asking_letter(entry: TimeEntry, *, reason: str, until: datetime, now: datetime, zone: ZoneInfo) -> Letter:
    """Return the mail that asks a person about a timer, on the clock of ``zone``.

    Nothing is billed before they have answered.
    """
    item, person = entry.work_item, entry.person
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    language = letter_language(person.language)
    last = format_datetime(until.astimezone(zone), "d MMM y, HH:mm", locale=language)
    with force_locale(language):
        what = f"#{item.number} {item.title}, {item.project.client.name}"
        length = format_hm(queries.worked_seconds(entry, now=now))
        says = _("It runs for %(time)s now.", time=length) if reason == "long" else _("You have been away for a while.")
        subject = _("Is your timer on #%(number)s still right?", number=item.number)
        text = _(
            "Your timer runs on %(what)s. %(says)s\nYour last activity was on %(last)s.\n\n"
            "Keep the time, trim it to your last activity, or discard it. Nothing of it is billed before you answer.\n",
            what=what,
            says=says,
            last=last,
        )
    return Letter(subject, text + (f"\n{base_url}/time/asking\n" if base_url else ""))


def rejection_letter(entries: Sequence[TimeEntry], *, language: str, by: str, reason: str) -> Letter:
    """Return the mail that tells a colleague which of their time came back, and why."""
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"\n\n{base_url}/time/entries/{entries[0].id}" if base_url else ""
    with force_locale(letter_language(language)):
        subject = ngettext("%(num)s time entry came back", "%(num)s time entries came back", len(entries))
        head = _("%(who)s rejected time of yours:", who=by)
        lines = "\n".join(f"- {_line(entry)}" for entry in entries)
        tail = _("Change it and submit it again.")
    return Letter(subject, f"{head}\n\n{lines}\n\n{reason}\n\n{tail}{link}\n")


def _line(entry: TimeEntry) -> str:
    item, note = entry.work_item, f": {entry.note}" if entry.note else ""
    length = format_hm(queries.worked_of(entry).seconds)
    return f"{day_filter(queries.day_of(entry))}, {length}, #{item.number} {item.title}{note}"
