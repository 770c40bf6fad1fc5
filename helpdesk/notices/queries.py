"""Reads of notices."""

from typing import Any

from sqlalchemy import ColumnElement

from helpdesk.notices.models import Notice

MOST_COUNTED = 100


def unread(person_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return the condition on ``Notice`` for what somebody has in their list and has not read."""
    return (Notice.person_id == person_id) & Notice.read_at.is_(None) & Notice.in_app
