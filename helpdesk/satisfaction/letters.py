"""The mail that asks whether somebody is content, in their language (docs/satisfaction.md rule 4)."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail, and in which language they are."""

    subject: str
    text: str
    language: str


def question(*, language: str, name: str, number: int, title: str, link: str, company: str) -> Letter:
    """Return the mail that asks about a ticket; there is one link in it, on which nothing is answered yet."""
    locale = letter_language(language)
    with force_locale(locale):
        subject = _("How was our help with #%(number)s?", number=number)
        text = _(
            "Hello %(name)s,\n\nwe closed your request #%(number)s, “%(title)s”. Were you content with our help?\n\n"
            "Please tell us here, no sign-in is needed:\n%(link)s\n\nIs something still open? Reply to this mail.\n\n"
            "%(company)s\n",
            name=name,
            number=number,
            title=title,
            link=link,
            company=company,
        )
        return Letter(subject, text, locale)


def link_of(token: str) -> str:
    """Return the address of a question's page as it stands in its mail; empty where we do not know our own."""
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    return f"{base_url}/rate/{token}" if base_url else ""
