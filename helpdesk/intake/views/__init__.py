"""Routes of the intake slice: the inbound log and its messages; mailboxes, rules, limits and senders."""

from helpdesk.intake.views import (
    blocking,
    floods,
    limits,
    log,
    mailbox,
    mailbox_oauth,
    mailboxes,
    message,
    rules,
    senders,
)
from helpdesk.intake.views.blueprint import bp

__all__ = [
    "blocking",
    "bp",
    "floods",
    "limits",
    "log",
    "mailbox",
    "mailbox_oauth",
    "mailboxes",
    "message",
    "rules",
    "senders",
]
