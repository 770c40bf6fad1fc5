"""Time by plain rows, for tests that begin where somebody has worked."""

from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.outbox.models import Mailbox
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office

LogTime = Callable[..., TimeEntry]
MORNING = datetime(2026, 11, 16, 8, 0, tzinfo=UTC)  # a Monday, 9:00 in Berlin


@pytest.fixture
def log_time(request: pytest.FixtureRequest, office: Office) -> LogTime:
    """Add an entry of the technician on Acme's ticket: ``log_time(minutes=70, status="approved")``.

    A test with a ``session`` has it there; any other has it committed.
    """
    joined = request.getfixturevalue("session") if "session" in request.fixturenames else None

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
        entry = TimeEntry(**row)
        with nullcontext(joined) if joined else unit_of_work() as session:
            session.add(entry)
            session.flush()
        return entry

    return log


@pytest.fixture
def mailbox(office: Office) -> None:
    """The mailbox that notices go out from."""
    with unit_of_work() as session:
        session.add(
            Mailbox(
                address="support@halden-okoye.example", name="Support", smtp_host="h", smtp_port=25, created_at=MORNING
            )
        )
