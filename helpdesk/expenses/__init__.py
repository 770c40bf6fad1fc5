"""Expenses: what somebody paid for the work, with receipt, approval, and what of it goes on an invoice."""
