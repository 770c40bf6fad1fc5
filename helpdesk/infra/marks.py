"""Small marks that lists repeat for each row: who, and when. As functions, for a macro takes ten times as long."""

from datetime import datetime
from functools import lru_cache

from babel.units import format_unit
from markupsafe import Markup, escape

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import reader_locale
from helpdesk.infra.links import icon
from helpdesk.infra.web import zone
from helpdesk.kernel.dates import format_day


def avatar(name: str | None, ours: bool = False, large: bool = False) -> Markup:  # noqa: FBT001, FBT002 - as templates call it
    """Return two letters of a person in a circle, the whole name for those who hover or listen; ``ours`` is staff."""
    words = name.split() if name else []
    if not words:
        label = escape(_("Unassigned"))
        return _marked(f'<span class="av none" role="img" aria-label="{label}" title="{label}">{icon("user-question")}')
    label = escape(name)
    letters = escape((words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper())
    style = f"av{' us' if ours else ''}{' lg' if large else ''}"
    return _marked(f'<span class="{style}" role="img" aria-label="{label}" title="{label}">{letters}')


def moment(instant: datetime, shape: str = "datetime", *, now: datetime, **attributes: str) -> Markup:
    """Return an instant on the reader's clock; ``shape`` is time, date, datetime or ago.

    static/app.js writes it again as it grows older. How long ago it is stands there from the start: a row would jump.
    """
    local = instant.astimezone(zone())
    locale = reader_locale() or "en"
    if shape == "time":
        words = f"{local:%H:%M}"
    elif shape == "ago":
        words = _ago(max(0, int((now - instant).total_seconds())), str(locale))
    elif shape == "date":
        words = format_day(local.date(), "EEE d MMM", locale)
    else:
        words = f"{format_day(local.date(), 'd MMM y', locale)}, {local:%H:%M}"
    style = f' class="{escape(attributes["class"])}"' if attributes.get("class") else ""
    return Markup(f'<time{style} datetime="{instant.isoformat()}" data-local="{shape}">{escape(words)}</time>')  # noqa: S704 - all escaped


def _ago(seconds: int, locale: str) -> str:
    """Return how long ago that was in its greatest whole unit, as static/app.js does: ``5m``, ``3h``, ``12d``."""
    unit, size = next(((unit, size) for unit, size in _UNITS if seconds >= size), _UNITS[-1])
    return _counted(seconds // size, unit, locale)


_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


@lru_cache(maxsize=2048)
def _counted(count: int, unit: str, locale: str) -> str:
    return str(format_unit(count, f"duration-{unit}", "narrow", locale=locale))


def tag(text: object, tone: str = "", icon_name: str | None = None) -> Markup:
    """Return a word in a coloured box, with an icon before it where one is named."""
    return _marked(f'<span class="tag {tone}">{icon(icon_name) if icon_name else ""}{escape(text)}')


def _marked(html: str) -> Markup:
    return Markup(f"{html}</span>")  # noqa: S704 - our own, with what is not ours escaped
