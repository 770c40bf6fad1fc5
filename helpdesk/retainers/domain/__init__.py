"""The engine that turns approved time into covered, overage and hourly seconds. Pure: docs/billing.md rules 8 to 15."""
