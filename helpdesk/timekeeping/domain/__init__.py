"""Rules of time: pure functions and values."""
