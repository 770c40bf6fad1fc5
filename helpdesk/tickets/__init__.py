"""Conversations on work items: ticket details, participants, messages, attachments."""
