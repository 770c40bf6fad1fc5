"""Routes of time: a week, its entries, and what waits for approval."""

from helpdesk.timekeeping.views import approvals, asking, entries, locks, timer, week
from helpdesk.timekeeping.views.blueprint import bp

__all__ = ["approvals", "asking", "bp", "entries", "locks", "timer", "week"]
