"""Helpdesk: mail becomes a ticket, work becomes time, approved time becomes an invoice."""

__version__ = "0.1.0"
