"""Routes of retainers: the board, one agreement in one month, what is done with its months, the tiers that we sell."""

from helpdesk.retainers.views import advice, agreements, board, hours, months, tiers
from helpdesk.retainers.views.blueprint import bp

__all__ = ["advice", "agreements", "board", "bp", "hours", "months", "tiers"]
