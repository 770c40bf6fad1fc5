"""Routes of the desk: its pages with the acts on an item, projects, and what is decided about mail on a ticket."""

from helpdesk.desk.views import (
    board,
    bulk,
    canned,
    conversation,
    drafts,
    forwards,
    kinds,
    live,
    moving,
    pages,
    plan,
    prices,
    project,
    search,
    snooze,
    spam,
    workload,
)
from helpdesk.desk.views.blueprint import bp

__all__ = [
    "board",
    "bp",
    "bulk",
    "canned",
    "conversation",
    "drafts",
    "forwards",
    "kinds",
    "live",
    "moving",
    "pages",
    "plan",
    "prices",
    "project",
    "search",
    "snooze",
    "spam",
    "workload",
]
