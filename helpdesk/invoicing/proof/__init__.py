"""Proof of work: a page for the client of each issued invoice, by a link, with a field for questions (rules W1, W2)."""
