"""Automation: what happens by itself on tickets, by rules that managers write (docs/automation.md)."""
