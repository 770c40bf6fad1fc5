"""Use cases of intake, each in one transaction: sources and their cursor, the log, and the effect of a mail."""
