"""Clients, their domains and their contacts."""
