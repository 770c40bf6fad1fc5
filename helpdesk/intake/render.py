"""The acknowledgement of a new ticket, in the language of whoever wrote."""

import re

from flask_babel import force_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.tickets.domain import subject_of

_PLACEHOLDER = re.compile(r"\{\{\s*(name|number|subject)\s*\}\}")


def acknowledgement(*, language: str, name: str, number: int, title: str, own_text: str) -> tuple[str, str]:
    """Return subject and text of the acknowledgement.

    ``own_text`` is the mailbox's own wording, where ``{{name}}``, ``{{number}}`` and ``{{subject}}`` are replaced and
    nothing else happens; without one the standard text goes out in ``language``, or in English.
    """
    words = {"name": name, "number": f"#{number}", "subject": title}
    if own_text.strip():
        text = _PLACEHOLDER.sub(lambda found: words[found[1]], own_text.strip())
    else:
        text = _standard(language, words)
    return subject_of(number, title), f"{text}\n"


def _standard(language: str, words: dict[str, str]) -> str:
    with force_locale(letter_language(language)):
        return _(
            "Hello %(name)s,\n\n"
            "we have received your message “%(subject)s”. Its number is %(number)s.\n"
            "You need not do anything; to add something, just answer this mail.",
            **words,
        )
