"""Clocks of a ticket and what they are measured by: pure values and functions."""
