"""Routes of retainers: the board, one agreement in one month, its terms, hours and blocks, the tiers that we sell."""

from helpdesk.retainers.views import advice, agreements, blocks, board, hours, months, terms, tiers
from helpdesk.retainers.views.blueprint import bp

__all__ = ["advice", "agreements", "blocks", "board", "bp", "hours", "months", "terms", "tiers"]
