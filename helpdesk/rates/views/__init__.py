"""Routes of rates: prices in the order in which they are tried, rounding, work types, costs."""

from helpdesk.rates.views import cards, costs, rounding, work_types
from helpdesk.rates.views.blueprint import bp

__all__ = ["bp", "cards", "costs", "rounding", "work_types"]
