"""Days as people of a language write them: patterns name the parts in our order, each language joins them its way."""

import re
from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date


@lru_cache(maxsize=4096)
def format_day(day: date, pattern: str, locale: Locale | str) -> str:
    """Return the day by a CLDR pattern with the day before the month, joined as ``locale`` does it.

    ``d MMMM y`` is ``1 November 2026`` for ``en``, ``1. November 2026`` for ``de``, ``1 de noviembre de 2026`` for
    ``es``, ``1er novembre 2026`` for ``fr`` and ``1 de novembro de 2026`` for ``pt``.
    """
    written = Locale.parse(locale)
    return str(format_date(day, _joined(pattern, day, written.language), locale=written))


def day_words(day: date) -> str:
    """Return the day as refusals write it, as pages do: ``1 Nov 2026``."""
    return format_day(day, "d MMM y", "en")


def instant_words(instant: datetime, zone: ZoneInfo) -> str:
    """Return day and time of an instant on the clock of a zone: ``Fri 27 Nov 2026, 16:30``."""
    local = instant.astimezone(zone)
    return f"{format_day(local.date(), 'EEE d MMM y', 'en')}, {local:%H:%M}"


def _joined(pattern: str, day: date, language: str) -> str:
    if language == "de":
        return re.sub(r"\bd\b", "d.", pattern)
    if language == "fr" and day.day == 1:
        return re.sub(r"\bd\b", "d'er'", pattern)
    if language == "pt" or (language == "es" and "MMMM" in pattern):
        return re.sub(r"(?<=d) (?=M)|(?<=M) (?=y)", " 'de' ", pattern)
    return pattern
