"""From a mailbox to a ticket: reading mail, judging it, and deciding where it belongs (docs/mail.md)."""
