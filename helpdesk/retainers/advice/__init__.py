"""Which tier would have fitted: past months replayed, what the page says, and the mail that offers it."""
