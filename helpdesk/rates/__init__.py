"""Rates: what an hour costs, which card says so and why, and how worked time is rounded."""
