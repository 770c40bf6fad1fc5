"""Mailbox identities and outgoing mail: signed reply addresses, rendering, and sending each message once."""
