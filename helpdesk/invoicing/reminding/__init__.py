"""Reminders of overdue invoices: when, by whom, what was sent, and what holds them (docs/billing.md rule M1)."""
