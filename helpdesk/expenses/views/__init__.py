"""Routes of expenses: the list, one expense, what waits for approval, the lists that expenses are made from."""

from helpdesk.expenses.views import approving, catalogue, listing, receipts, writing
from helpdesk.expenses.views.blueprint import bp

__all__ = ["approving", "bp", "catalogue", "listing", "receipts", "writing"]
