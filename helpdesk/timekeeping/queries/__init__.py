"""Reads of time, by what they answer."""
