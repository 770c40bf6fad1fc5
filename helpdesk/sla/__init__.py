"""What we promise: within which working time a ticket is answered and solved (docs/sla.md)."""
