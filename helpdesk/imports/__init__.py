"""Tables from other systems: read, previewed, imported line by line, and repeatable (docs/import.md)."""
