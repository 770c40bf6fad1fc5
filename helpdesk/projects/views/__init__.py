"""Routes of projects: the list, what one is set to, tasks, calendar. The page of a project belongs to the desk."""

from helpdesk.projects.views import projects, tasks, templates
from helpdesk.projects.views.blueprint import bp

__all__ = ["bp", "projects", "tasks", "templates"]
