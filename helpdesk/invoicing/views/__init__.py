"""Routes of invoices, credit notes and the month-end close."""

from helpdesk.invoicing.views import (
    account,
    close,
    credit_notes,
    days,
    drafts,
    invoices,
    numbers,
    payments,
    proof,
    reminders,
    templates,
    what_if,
    why,
)
from helpdesk.invoicing.views.blueprint import bp

__all__ = [
    "account",
    "bp",
    "close",
    "credit_notes",
    "days",
    "drafts",
    "invoices",
    "numbers",
    "payments",
    "proof",
    "reminders",
    "templates",
    "what_if",
    "why",
]
