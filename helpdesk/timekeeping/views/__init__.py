"""Routes of time: a week and its sheet, entries, the timer and what it asks, what waits for approval, locks."""

from helpdesk.timekeeping.views import approvals, asking, cell, entries, locks, pocket, sheet, timer, week
from helpdesk.timekeeping.views.blueprint import bp

__all__ = ["approvals", "asking", "bp", "cell", "entries", "locks", "pocket", "sheet", "timer", "week"]
