"""Stories of retainers: an agreement with Acme, approved time by day and hours."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.periods import Month
from helpdesk.retainers import service
from helpdesk.retainers.models import Agreement, LedgerRow, RetainerPeriod
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office

JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def hours(text: str) -> int:
    return round(float(text) * 3600)


@dataclass
class Story:
    """Acme's retainer, in one session that sees everything at once."""

    session: Session
    office: Office
    agreement: Agreement | None = None

    def agree(self, *, per_month: str, starts_on: date = date(2026, 3, 1), **more: Any) -> Agreement:
        project_ids = more.pop("project_ids", ())
        self.agreement = service.add_agreement(
            self.session,
            actor=SYSTEM,
            now=JUNE,
            client_id=int(more.pop("client_id", self.office.acme.id)),
            name=str(more.pop("name", "Support")),
            starts_on=starts_on,
            ends_on=more.pop("ends_on", None),
            project_ids=project_ids,
            terms=NewTerms(allowance_seconds=hours(per_month), **more),
        )
        return self.agreement

    def log(self, worked: str, on: str, *, status: str = "approved", rate_minor: int | None = 10000) -> TimeEntry:
        """Add time on Acme's ticket from 09:00 in Berlin on; longer than a day runs on."""
        starts = datetime.fromisoformat(f"{on}T09:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
        approved = status == "approved"
        entry = TimeEntry(
            uuid=str(uuid.uuid4()),
            work_item_id=self.office.acme_ticket.id,
            person_id=self.office.technician.id,
            started_at=starts,
            ended_at=starts + timedelta(seconds=hours(worked)),
            source="typed",
            status=status,
            billable_seconds=hours(worked) if approved else None,
            rate_minor=rate_minor if approved else None,
            rate_currency="EUR" if approved and rate_minor is not None else None,
            created_at=JUNE,
        )
        self.session.add(entry)
        self.session.flush()
        return entry

    def close(self, month: str, *, now: datetime = JUNE) -> RetainerPeriod:
        assert self.agreement is not None
        return service.close_period(
            self.session, actor=SYSTEM, now=now, agreement_id=self.agreement.id, month=Month.parse(month)
        )

    def ledger(self, period: RetainerPeriod) -> list[tuple[str, int]]:
        query = select(LedgerRow).where(LedgerRow.period_id == period.id).order_by(LedgerRow.id)
        return [(row.kind, row.seconds) for row in self.session.scalars(query)]


@pytest.fixture
def story(office: Office) -> Iterator[Story]:
    with unit_of_work() as session:
        yield Story(session, office)
