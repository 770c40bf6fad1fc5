"""Routes of the accounts slice: the door, and who may go through it."""

from helpdesk.accounts.views import door, hours, keys, staff
from helpdesk.accounts.views.blueprint import bp

__all__ = ["bp", "door", "hours", "keys", "staff"]
