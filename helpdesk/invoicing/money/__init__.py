"""What becomes of an issued invoice: payments, credit, refunds, the account of a client, and what is overdue."""
