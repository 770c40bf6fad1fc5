"""What the pages say of a mailbox: its state, its alarms, hints and groups of its form."""

from typing import Any

from helpdesk.infra.i18n import gettext as _
from helpdesk.intake.domain.health import Probe, State

TONES = {
    State.PAUSED: ("", "player-pause"),
    State.WAITING: ("accent", "hourglass"),
    State.TROUBLE: ("danger", "alert-circle"),
    State.LIVE: ("ok", "circle-check"),
    State.POLLING: ("accent", "refresh"),
}


def state_label(state: State) -> str:
    """Return a state in a word."""
    return {
        State.PAUSED: _("Paused"),
        State.WAITING: _("Not read yet"),
        State.TROUBLE: _("Trouble"),
        State.LIVE: _("Live"),
        State.POLLING: _("Polling"),
    }[state]


def probe_text(probe: Probe) -> str:
    """Return what became of the mail to a plus address, as a sentence."""
    return {
        Probe.NEVER: _("Whether mail to a plus address arrives was not tried yet; it is taken for granted."),
        Probe.WAITING: _("Waiting for the mail to arrive."),
        Probe.ARRIVED: _("It arrived: each ticket has an answer address of its own."),
        Probe.LOST: _(
            "It did not arrive within 10 minutes: replies name the plain address, and answers are found by their "
            "Message-ID."
        ),
    }[probe]


def groups(*, is_new: bool) -> list[dict[str, Any]]:
    """Return the groups of the form's fields."""
    also = ["first_fetch", "first_days"] if is_new else []
    return [
        {
            "legend": _("Mailbox"),
            "names": ["name", *(["address"] if is_new else []), "language"],
            "hint": "",
        },
        {"legend": _("Sign-in"), "names": ["auth", "username", "password"], "hint": ""},
        {
            "legend": _("Reading (IMAP)"),
            "names": ["imap_host", "imap_port", "imap_tls", "imap_fingerprint", "folder"],
            "hint": ""
            if is_new
            else _(
                "After another server, user or folder the mail since the first day is read again; nothing is doubled."
            ),
        },
        {
            "legend": _("Sending (SMTP)"),
            "names": ["smtp_host", "smtp_port", "smtp_tls", "smtp_fingerprint", "smtp_username", "smtp_password"],
            "hint": _("User name and password only where they differ from those for reading."),
        },
        {
            "legend": _("What happens with its mail"),
            "names": ["project_id", "team_id", *also, "processed_folder", "authserv_id"],
            "hint": "",
        },
        {"legend": _("What it says"), "names": ["signature", "acknowledgement"], "hint": ""},
    ]


def hints(*, is_new: bool) -> dict[str, str]:
    """Return what is to be said below the fields."""
    unchanged = "" if is_new else " " + _("Leave it empty to keep the one that is stored.")
    certificate = _(
        "Only for a server with a certificate of its own making: the SHA-256 fingerprint that the test shows. "
        "No other certificate is accepted then."
    )
    return {
        "name": _("Clients see it as the sender's name."),
        "address": _("Clients write to it, and see it as the sender of our replies."),
        "language": _("In which a sender whom nobody knows is acknowledged."),
        "username": _("Often the address itself. For a shared mailbox of Microsoft 365: the address of that mailbox."),
        "password": _("Stored encrypted. Google, Yahoo, iCloud and others want an app password here.") + unchanged,
        "imap_fingerprint": certificate,
        "smtp_fingerprint": certificate,
        "folder": _("The folder that new mail arrives in; INBOX nearly everywhere."),
        "smtp_password": _("Empty: the one for reading.") if is_new else _("Empty: as it is."),
        "team_id": _("Gets the tickets that open here, whatever their project says."),
        "project_id": _("Senders whom nobody knows land here; known contacts go to their own client."),
        "first_days": _("Counts with “the last days” only."),
        "processed_folder": _(
            "Mail goes there once it is safe with us; it is made where it lacks. Empty: mail is marked as read, and "
            "stays. Nothing is ever deleted."
        ),
        "authserv_id": _(
            "Your mail server checks whether a sender is who they say, and writes what it found into each mail, with "
            "its own name in front: “Authentication-Results: mx.example.com; dmarc=pass …”. Enter that name and we "
            "believe it, and nobody else's. Empty: no such check is believed, and answers are trusted by their signed "
            "address alone."
        ),
        "signature": _("Stands below our replies, after “-- ”."),
        "acknowledgement": _(
            "Goes to whoever opens a ticket. {{name}}, {{number}} and {{subject}} are filled in. Empty: the standard "
            "text, in the contact's language."
        ),
    }
