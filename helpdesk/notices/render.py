"""Notices in words: a sentence each, on pages and in mails alike."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.kernel.dates import format_day
from helpdesk.notices.models import Notice


def sentence(notice: Notice) -> str:
    """Return what a notice tells."""
    words = {"author": notice.author or "Helpdesk", "title": notice.title}
    said = {
        "assigned": lambda: _("%(author)s assigned %(title)s to you", **words),
        "team": lambda: _("%(author)s gave %(title)s to a team of yours", **words),
        "mentioned": lambda: _("%(author)s mentioned you on %(title)s", **words),
        "reply": lambda: _("%(author)s wrote on %(title)s", **words),
        "undelivered": lambda: _("Mail of ours did not arrive: %(title)s", **words),
        "at_risk": lambda: _("Service level of %(title)s", **words),
        "rejected": lambda: _("%(author)s rejected %(title)s", **words),
        "new_ticket": lambda: _("New ticket %(title)s", **words),
    }
    return said[notice.kind]() if notice.kind in said else notice.title


def excerpt(notice: Notice) -> str:
    """Return the words that a notice has with it: somebody's own, or ours of a promise in the reader's language."""
    ours = {
        "The first answer is at risk.": _("The first answer is at risk."),
        "The first answer is overdue.": _("The first answer is overdue."),
        "The next answer is at risk.": _("The next answer is at risk."),
        "The next answer is overdue.": _("The next answer is overdue."),
        "The solution is at risk.": _("The solution is at risk."),
        "The solution is overdue.": _("The solution is overdue."),
    }
    return ours.get(notice.excerpt, notice.excerpt) if notice.kind == "at_risk" else notice.excerpt


def pushed(notice: Notice) -> str:
    """Return what a screen that may be locked shows: the kind and the number, and nothing of a client."""
    words = {"number": notice.path.removeprefix("/items/").partition("#")[0]}
    said = {
        "assigned": lambda: _("#%(number)s is assigned to you", **words),
        "team": lambda: _("#%(number)s is for a team of yours", **words),
        "mentioned": lambda: _("You are mentioned on #%(number)s", **words),
        "reply": lambda: _("There is an answer on #%(number)s", **words),
        "undelivered": lambda: _("Mail on #%(number)s did not arrive", **words),
        "at_risk": lambda: _("A promised time on #%(number)s is at risk", **words),
        "rejected": lambda: _("Time or an expense of yours came back"),
        "retainer": lambda: _("Hours that you look after run out"),
        "new_ticket": lambda: _("New ticket #%(number)s", **words),
    }
    return said[notice.kind]()


def bundled(told: Sequence[Notice], *, now: datetime, zone: ZoneInfo) -> str:
    """Return what a screen shows of several at once: how many, and since when on the clock of ``zone``."""
    first = min(notice.created_at for notice in told).astimezone(zone)
    is_today = first.date() == now.astimezone(zone).date()
    since = f"{first:%H:%M}" if is_today else f"{format_day(first.date(), 'EEE', get_locale())} {first:%H:%M}"
    return ngettext("%(num)s thing since %(since)s", "%(num)s things since %(since)s", len(told), since=since)
