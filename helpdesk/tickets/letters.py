"""What clients read of a ticket that somebody opened for them, in their language."""

from flask_babel import force_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language


def confirmation(*, language: str, name: str, number: int, title: str, noted: str) -> str:
    """Return the text by which a ticket is confirmed to whoever asks; ``noted`` is what was noted that is for them."""
    words = {"name": name, "number": f"#{number}", "subject": title}
    with force_locale(letter_language(language)):
        begins = _(
            "Hello %(name)s,\n\nwe have noted what you told us as “%(subject)s”. Its number is %(number)s.", **words
        )
        ends = _("To add something, or to correct it, just answer this mail.")
    return "\n\n".join(filter(None, (begins, noted.strip(), ends)))
