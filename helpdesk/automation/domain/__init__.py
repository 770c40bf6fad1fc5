"""Which rules fit what happened, and since when a ticket waits: pure values."""
