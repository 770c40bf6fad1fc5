"""Routes of imports: the list with its upload, one import on its way, and what was refused."""

from helpdesk.imports.views import acts, pages
from helpdesk.imports.views.blueprint import bp

__all__ = ["acts", "bp", "pages"]
