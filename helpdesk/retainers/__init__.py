"""Retainers: agreements, the allowance ledger, burn-down, overage and the close of a period."""
