"""What clients read of the time of a call or a visit: it stands on invoices and proofs of work in their language."""

from flask_babel import force_locale

from helpdesk.clients.models import Client
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language


def note_of(channel: str, *, whom: str, client: Client) -> str:
    """Return the note of a time entry: "Call with Ann Berg"; of the way to a visit: "Travel to Acme"."""
    with force_locale(letter_language(client.language)):
        if channel == "travel":
            return _("Travel to %(client)s", client=client.name)
        return _("Call with %(name)s", name=whom) if channel == "call" else _("Visit with %(name)s", name=whom)
