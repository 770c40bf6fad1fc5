"""Lines, totals, numbers and documents of invoices as pure values: docs/billing.md rules 16 to 20."""
