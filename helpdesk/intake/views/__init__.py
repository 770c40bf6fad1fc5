"""Routes of the intake slice: the inbound log, its messages, and the mailboxes that are read."""

from helpdesk.intake.views import log, mailboxes, message
from helpdesk.intake.views.blueprint import bp

__all__ = ["bp", "log", "mailboxes", "message"]
