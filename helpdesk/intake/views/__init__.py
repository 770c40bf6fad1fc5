"""Routes of the intake slice: the inbound log, its messages, rules, limits, and the mailboxes that are read."""

from helpdesk.intake.views import blocking, floods, limits, log, mailbox, mailboxes, message, rules
from helpdesk.intake.views.blueprint import bp

__all__ = ["blocking", "bp", "floods", "limits", "log", "mailbox", "mailboxes", "message", "rules"]
