"""Whether clients are content: a question after a ticket is solved, its answer, and what they come to."""
