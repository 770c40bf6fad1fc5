"""Use cases of expenses, each in one transaction (docs/billing.md rules E1 to E6)."""

from helpdesk.expenses.service.approval import approve, preview, reject, reopen, submit
from helpdesk.expenses.service.catalogue import (
    add_category,
    add_default_categories,
    add_rate,
    change_category,
    set_exchange_rate,
    set_rate_step,
)
from helpdesk.expenses.service.writing import add_expense, change_expense, delete_expense

__all__ = [
    "add_category",
    "add_default_categories",
    "add_expense",
    "add_rate",
    "approve",
    "change_category",
    "change_expense",
    "delete_expense",
    "preview",
    "reject",
    "reopen",
    "set_exchange_rate",
    "set_rate_step",
    "submit",
]
