"""Words of months, quarters and grants that the pages of retainers share, in the reader's language."""

from collections.abc import Iterable
from datetime import date

from babel.dates import format_date
from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import Month
from helpdesk.retainers.advice.words import hours_words
from helpdesk.retainers.domain.grants import GrantDrawn
from helpdesk.retainers.domain.spans import MONTHLY, Span


def label_of(month: Month, pattern: str = "LLLL y") -> str:
    """Return the month in words of the reader's language: November 2026."""
    return format_date(month.first_day, pattern, locale=get_locale())


def label_of_day(day: date) -> str:
    """Return the day in short words: 30 Nov."""
    return format_date(day, "d MMM", locale=get_locale())


def label_of_span(span: Span, pattern: str = "LLLL y") -> str:
    """Return the months that share hours in words: November 2026, or October to December 2026 for a quarter."""
    if not span.is_quarter:
        return label_of(span.first, pattern)
    first = pattern.removesuffix(" y") if span.first.year == span.last.year else pattern
    return _("%(first)s to %(last)s", first=label_of(span.first, first), last=label_of(span.last, pattern))


def plan_words(allowance_seconds: int, pool_months: int) -> str:
    """Return the hours of terms as one says them, those of a month given: ``10 h a month``, ``30 h a quarter``."""
    if pool_months == MONTHLY:
        return _("%(hours)s h a month", hours=hours_words(allowance_seconds))
    return _("%(hours)s h a quarter", hours=hours_words(allowance_seconds * pool_months))


def grant_text(drawn: GrantDrawn) -> str:
    """Return what a grant is called on pages: ``allowance of March 2026``, ``block from 5 Mar``."""
    if drawn.source.span is not None:
        return _("allowance of %(month)s", month=label_of_span(drawn.source.span))
    if drawn.source.day is not None:
        return _("block from %(day)s", day=format_date(drawn.source.day, "d MMM y", locale=get_locale()))
    return drawn.grant


def grants_text(drawn: Iterable[GrantDrawn], known: dict[str, str] | None = None) -> str:
    """Return which grants paid how much: ``allowance of March 2026 1:30, block from 5 Mar 2026 0:30``.

    ``known`` keeps what each is called, for the many rows of a page that name the same two or three.
    """
    names = {} if known is None else known
    parts = []
    for each in drawn:
        if each.grant not in names:
            names[each.grant] = grant_text(each)
        parts.append(f"{names[each.grant]} {format_hm(each.seconds)}")
    return ", ".join(parts)
