"""Work of several steps and transactions: fetch from a mailbox, handle one message, sweep what stands still."""
