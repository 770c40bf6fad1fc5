"""Pure rules of proposed time: what acts and reading without time suggest (docs/billing.md, "Nothing slips")."""
