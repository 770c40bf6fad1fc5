"""The inbound log in words: what became of a message, and how its ticket was found."""

from flask_babel import gettext as _

from helpdesk.intake.domain.standing import MatchedBy
from helpdesk.intake.models import InboundMessage

TONES = {"quarantined": "danger", "held": "warn", "done": "ok", "processing": "accent", "received": "accent"}
ICONS = {
    "quarantined": "alert-circle",
    "held": "hourglass",
    "done": "check",
    "ignored": "ban",
    "processing": "refresh",
    "received": "hourglass",
}


def outcome_label(inbound: InboundMessage) -> str:
    """Return what became of the message, in a few words."""
    if inbound.state in ("received", "processing", "quarantined"):
        states: dict[str, str] = {
            "received": _("Waiting"),
            "processing": _("Being read"),
            "quarantined": _("Quarantine"),
        }
        return states[inbound.state]
    words: dict[str, str] = {
        "ticket": _("New ticket"),
        "reply": _("Reply"),
        "held": _("Held on its ticket"),
        "capped": _("Held: too many at once"),
        "automatic": _("Automatic"),
        "note": _("Internal note"),
        "bounce": _("Bounce"),
        "duplicate": _("Duplicate"),
        "loop": _("Our own mail"),
        "spam": _("Spam"),
        "probe": _("Test of the mailbox"),
        "rule": _("by a rule"),
        "set_aside": _("by a person"),
    }
    word = words.get(inbound.outcome, inbound.outcome.replace("_", " "))
    return _("Ignored: %(why)s", why=word) if inbound.state == "ignored" else word


def matched_by(inbound: InboundMessage) -> str:
    """Return by what the ticket was found, as a sentence; empty where none was sought or found."""
    if not inbound.matched_by:
        return ""
    known = MatchedBy.__members__.get(inbound.matched_by.upper())
    return known.sentence if known is not None else inbound.matched_by.replace("_", " ")


def decision(key: str) -> str:
    """Return what a person decided about the message."""
    words: dict[str, str] = {
        "not_automatic": _("a person wrote it, no machine"),
        "open_ticket": _("it becomes a ticket whatever it is"),
        "by_headers": _("only its headers are read; the mail itself is attached"),
        "not_spam": _("it is no spam"),
    }
    return words.get(key, key.replace("_", " "))
