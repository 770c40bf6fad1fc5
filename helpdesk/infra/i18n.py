"""Words for people: gettext with types. Texts that are read at import time (labels of forms) are lazy."""

from typing import cast

import flask_babel


def gettext(text: str, **values: object) -> str:
    """Return ``text`` in the reader's language, ``%(name)s`` filled from ``values``."""
    return str(flask_babel.gettext(text, **values))


def ngettext(singular: str, plural: str, count: int, **values: object) -> str:
    """Return the form that fits ``count``, which fills ``%(num)s``, in the reader's language."""
    return str(flask_babel.ngettext(singular, plural, count, **values))


def lazy_gettext(text: str, **values: object) -> str:
    """Return a text that is translated each time it is shown; to all who look it is a string."""
    return cast("str", flask_babel.lazy_gettext(text, **values))
