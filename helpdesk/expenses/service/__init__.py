"""Use cases of expenses, each in one transaction (docs/billing.md rules E1 to E9)."""

from helpdesk.expenses.service.approval import approve, preview, reject, reopen, submit
from helpdesk.expenses.service.catalogue import (
    add_category,
    add_default_categories,
    add_rate,
    change_category,
    set_exchange_rate,
    set_rate_step,
)
from helpdesk.expenses.service.moving import billing_in, carry, holders_on, on_items, refuse_held
from helpdesk.expenses.service.receipts import add_receipts, remove_receipt
from helpdesk.expenses.service.writing import add_expense, change_expense, delete_expense

__all__ = [
    "add_category",
    "add_default_categories",
    "add_expense",
    "add_rate",
    "add_receipts",
    "approve",
    "billing_in",
    "carry",
    "change_category",
    "change_expense",
    "delete_expense",
    "holders_on",
    "on_items",
    "preview",
    "refuse_held",
    "reject",
    "remove_receipt",
    "reopen",
    "set_exchange_rate",
    "set_rate_step",
    "submit",
]
