"""Routes of projects: the list, what one is set to, tasks, calendar. The page of a project belongs to the desk."""

from helpdesk.projects.views import fees, projects, tasks, templates
from helpdesk.projects.views.blueprint import bp

__all__ = ["bp", "fees", "projects", "tasks", "templates"]
