"""What the printed document reads, and the templates that say how it looks."""
