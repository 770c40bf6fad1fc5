"""What becomes of each line of a file: the preview shows it, and the import does it (docs/import.md)."""

from helpdesk.imports.planning.plans import Planner, preview

__all__ = ["Planner", "preview"]
