"""Routes of retainers: the board, one agreement in one month, its terms and hours, the tiers that we sell."""

from helpdesk.retainers.views import advice, agreements, board, hours, months, terms, tiers
from helpdesk.retainers.views.blueprint import bp

__all__ = ["advice", "agreements", "board", "bp", "hours", "months", "terms", "tiers"]
