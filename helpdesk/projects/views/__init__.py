"""Routes of projects: the list by client and what a project is set to. The page of a project belongs to the desk."""

from helpdesk.projects.views import projects
from helpdesk.projects.views.blueprint import bp

__all__ = ["bp", "projects"]
