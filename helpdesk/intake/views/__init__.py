"""Routes of the intake slice: the inbound log, its messages, and the mailboxes that are read."""

from helpdesk.intake.views import blocking, limits, log, mailbox, mailboxes, message, rules
from helpdesk.intake.views.blueprint import bp

__all__ = ["blocking", "bp", "limits", "log", "mailbox", "mailboxes", "message", "rules"]
