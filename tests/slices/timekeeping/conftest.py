"""Time by plain rows, for tests that begin where somebody has worked."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office

LogTime = Callable[..., TimeEntry]
MORNING = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)  # a Monday, 9:00 in Berlin


@pytest.fixture
def log_time(office: Office) -> LogTime:
    """Add an entry of the technician on Acme's ticket and commit it: ``log_time(minutes=70, status="approved")``."""

    def log(minutes: float = 60, **more: object) -> TimeEntry:
        start = cast("datetime", more.pop("started_at", MORNING))
        worked = timedelta(minutes=minutes)
        row = {
            "uuid": str(uuid4()),
            "work_item_id": office.acme_ticket.id,
            "person_id": office.technician.id,
            "started_at": start,
            "ended_at": start + worked,
            "source": "typed",
            "created_at": start,
            **more,
        }
        if row.get("status") == "approved":
            row.setdefault("billable_seconds", int(worked.total_seconds()))
        with unit_of_work() as session:
            entry = TimeEntry(**row)
            session.add(entry)
        return entry

    return log
