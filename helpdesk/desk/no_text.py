"""What stands in the place of a mail's words where it has none."""

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.tickets.models import Message


def instead_of_text(message: Message) -> str:
    """Return a sentence on a message without words, with what it carries; empty where it has words.

    "This mail has no text. It carries 2 files and 1 picture from elsewhere."
    """
    if message.text.strip() or message.reply_text.strip():
        return ""
    carried = [words for count, words in _carried(message) if count]
    if not carried:
        return _("This mail has no text, and nothing else in it.")
    *first, last = carried
    listed = _("%(some)s and %(last)s", some=", ".join(first), last=last) if first else last
    return _("This mail has no text. It carries %(things)s.", things=listed)


def _carried(message: Message) -> tuple[tuple[int, str], ...]:
    shown = sum(file.inline for file in message.attachments)
    files, remote = len(message.attachments) - shown, len(message.blocked_images)
    return (
        (files, ngettext("%(num)s file", "%(num)s files", files)),
        (shown, ngettext("%(num)s picture", "%(num)s pictures", shown)),
        (remote, ngettext("%(num)s picture from elsewhere", "%(num)s pictures from elsewhere", remote)),
    )
