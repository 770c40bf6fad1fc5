"""What people change of a draft before it is issued (docs/billing.md rules 18 and 20)."""
