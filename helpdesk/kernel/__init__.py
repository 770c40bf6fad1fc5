"""Pure values that every slice shares: money, durations, periods, errors. No I/O, no clock, no framework."""
