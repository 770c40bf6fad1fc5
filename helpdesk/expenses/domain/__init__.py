"""What an expense comes to, by pure functions (docs/billing.md rules E1 to E4)."""
