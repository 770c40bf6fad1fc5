"""Words for people: gettext with types. Texts that are read at import time (labels of forms) are lazy.

Pages speak English so far; what goes out to clients has a catalogue for each language (translations/babel.cfg).
"""

from functools import cache
from pathlib import Path
from typing import cast

import flask_babel
from babel import Locale, UnknownLocaleError

TRANSLATIONS = Path(__file__).parents[1] / "translations"
SOURCE_LANGUAGE = "en"


def gettext(text: str, **values: object) -> str:
    """Return ``text`` in the reader's language, ``%(name)s`` filled from ``values``."""
    return str(flask_babel.gettext(text, **values))


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """Return the form that fits ``count``, which fills ``%(num)s``, in the reader's language."""
    return str(flask_babel.ngettext(singular, plural, count, **values))


def lazy_gettext(text: str, **values: object) -> str:
    """Return a text that is translated each time it is shown; to all who look it is a string."""
    return cast("str", flask_babel.lazy_gettext(text, **values))


def letter_language(language: str) -> str:
    """Return the locale in which a letter to a reader of ``language`` is written, words and dates alike.

    That is the language itself where there is a catalogue for it, with its country if it names one: ``de`` gives
    ``de``, ``de-AT`` gives ``de_AT``. Any other gives ``en``, the language of the sources, so that English words
    never stand between dates and amounts of another language.
    """
    try:
        wanted = Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return SOURCE_LANGUAGE
    return str(wanted) if wanted.language in _written() else SOURCE_LANGUAGE


@cache
def _written() -> frozenset[str]:
    """Return the languages in which letters can be written."""
    return frozenset({SOURCE_LANGUAGE} | {path.parents[1].name for path in TRANSLATIONS.glob("*/LC_MESSAGES/*.mo")})
