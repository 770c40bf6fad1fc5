"""What we answer by ourselves, in the language of whoever wrote: a new ticket, and mail that is too large."""

import re
from datetime import datetime

from flask import current_app
from flask_babel import force_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language, ngettext
from helpdesk.intake.domain.health import Alarm, AlarmKind
from helpdesk.kernel.durations import format_hm
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


def too_large(
    *, language: str, name: str, number: int, title: str, megabytes: int, largest_megabytes: int
) -> tuple[str, str]:
    """Return subject and text of the answer to a mail of which only the headers were fetched (docs/mail.md rule 11)."""
    with force_locale(letter_language(language)):
        text = _(
            "Hello %(name)s,\n\n"
            "your message “%(subject)s” has reached us, but it is too large: it has %(size)s MB, and we can take "
            "%(limit)s MB. We see that you wrote and what it is about, but neither the text nor the files.\n"
            "Please answer this mail with a link to the files, or with smaller ones. Your message has the number "
            "%(number)s.",
            name=name,
            subject=title,
            size=megabytes,
            limit=largest_megabytes,
            number=f"#{number}",
        )
    return subject_of(number, title), f"{text}\n"


def _standard(language: str, words: dict[str, str]) -> str:
    with force_locale(letter_language(language)):
        return _(
            "Hello %(name)s,\n\n"
            "we have received your message “%(subject)s”. Its number is %(number)s.\n"
            "You need not do anything; to add something, just answer this mail.",
            **words,
        )


def notification(
    *,
    language: str,
    author: str,
    number: int,
    title: str,
    text: str,
    answers_reach: str,
) -> tuple[str, str]:
    """Return subject and text of the mail that tells a colleague of an answer on a ticket of theirs.

    ``answers_reach`` names the requester whom an answer to this mail reaches; empty where it becomes a note.
    """
    with force_locale(letter_language(language)):
        head = _("%(author)s wrote on ticket #%(number)s, %(title)s:", author=author, number=number, title=title)
        after = (
            _("Answer this mail, and %(name)s gets your answer.", name=answers_reach)
            if answers_reach
            else _("An answer to this mail becomes an internal note.")
        )
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"{base_url}/items/{number}\n" if base_url else ""
    return subject_of(number, title), f"{head}\n\n{text.strip()}\n\n{after}\n{link}"


def alarm_text(alarm: Alarm, *, now: datetime) -> str:
    """Return an alarm as a sentence or two: what is, and what to do."""
    match alarm.kind:
        case AlarmKind.TOKEN:
            return _("The sign-in could not be renewed %(count)s times: %(why)s", count=alarm.count, why=alarm.detail)
        case AlarmKind.GAP:
            return ngettext(
                "%(num)s mail on the server could not be fetched. It stays there, and is tried again every hour.",
                "%(num)s mails on the server could not be fetched. They stay there, and are tried again every hour.",
                alarm.count,
            )
        case AlarmKind.SILENT if alarm.since is None:
            return _("Its mail was never read so far. %(why)s", why=alarm.detail).strip()
        case AlarmKind.SILENT:
            seconds = int((now - alarm.since).total_seconds()) if alarm.since else 0
            return _("No mail was read for %(time)s. %(why)s", time=format_hm(seconds), why=alarm.detail).strip()
