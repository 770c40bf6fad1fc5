"""How the state and the priority of an item are drawn: made once for each, and looked up from then on."""

from functools import lru_cache

from babel import Locale
from markupsafe import Markup

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import reader_locale
from helpdesk.infra.links import icon, icons_url
from helpdesk.projects.words import status_names

SHAPES = {
    "new": "circle-dashed",
    "open": "circle",
    "in_progress": "circle-half-2",
    "waiting": "hourglass",
    "solved": "circle-check",
    "closed": "circle-check",
}
TONES = {"new": "new", "in_progress": "prog", "solved": "done", "closed": "done"}


def status(key: str) -> Markup:
    """Return the state of an item: a shape and a word, never a colour alone."""
    return _status(icons_url(), reader_locale(), key)


def status_label(key: str) -> str:
    """Return the word for the state of an item."""
    return status_names()[key]


def priority(key: str) -> Markup:
    """Return the priority of an item: a picture, with words for those who listen."""
    return _priority(icons_url(), reader_locale(), key)


@lru_cache(maxsize=256)
def _status(_icons: str, _locale: Locale | None, key: str) -> Markup:
    return Markup('<span class="st {}">{}{}</span>').format(TONES.get(key, ""), icon(SHAPES[key]), status_names()[key])


@lru_cache(maxsize=256)
def _priority(icons: str, _locale: Locale | None, key: str) -> Markup:
    labels = {
        "low": _("Priority low"),
        "normal": _("Priority normal"),
        "high": _("Priority high"),
        "urgent": _("Priority urgent"),
    }
    drawn = Markup('<svg class="prio {}" role="img" aria-label="{}"><use href="{}#i-p-{}"/></svg>')
    return drawn.format(key, labels[key], icons, key)
