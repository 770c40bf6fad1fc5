"""Routes of retainers: the board, one agreement in one month, what is done with its months."""

from helpdesk.retainers.views import agreements, board, hours, months
from helpdesk.retainers.views.blueprint import bp

__all__ = ["agreements", "board", "bp", "hours", "months"]
