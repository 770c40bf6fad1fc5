"""The statement of a closed month: its postings, its PDF, and the mail that carries it."""
