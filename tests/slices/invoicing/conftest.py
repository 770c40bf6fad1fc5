"""Stories of invoices: Acme's time and retainer, each act committed, as months go by."""

import uuid
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from helpdesk.clients.models import Client
from helpdesk.company.letter_texts import Wording
from helpdesk.company.models import Company
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import invoice_letters, process, service
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.process import ClosedClient
from helpdesk.kernel.periods import Month
from helpdesk.outbox import service as outbox
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import WorkItem
from helpdesk.retainers import service as retainers
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping.models import Charge, TimeEntry
from tests.builders import Office

DECEMBER = datetime(2026, 12, 1, 8, 0, tzinfo=UTC)
NOVEMBER = Month(2026, 11)


def hours(text: str) -> int:
    return int(Decimal(text) * 3600)


@dataclass
class Story:
    """Acme in November 2026, looked back at from 1 December. Every act is a unit of its own, committed."""

    office: Office
    now: datetime = DECEMBER

    def log(
        self,
        worked: str,
        on: str = "2026-11-16",
        *,
        item: WorkItem | None = None,
        status: str = "approved",
        rate: str | None = "100",
        billable: str = "billable",
        **more: object,
    ) -> TimeEntry:
        """Add hours of the technician, at 9:00 in Berlin, priced as they would be by an approval."""
        starts = datetime.fromisoformat(f"{on}T09:00").replace(tzinfo=ZoneInfo("Europe/Berlin"))
        approved, bills = status == "approved", billable == "billable"
        seconds = hours(worked)
        entry = TimeEntry(
            uuid=str(uuid.uuid4()),
            work_item_id=(item or self.office.acme_ticket).id,
            person_id=self.office.technician.id,
            started_at=starts,
            ended_at=starts + timedelta(seconds=seconds),
            source="typed",
            note="Checked the cables",
            status=status,
            billable=billable,
            billable_seconds=(seconds if bills else 0) if approved else None,
            rate_minor=int(Decimal(rate) * 100) if approved and bills and rate else None,
            rate_currency="EUR" if approved and bills and rate else None,
            rate_reason="company" if rate else "no rate in EUR",
            created_at=starts,
        )
        for name, value in more.items():
            setattr(entry, name, value)
        with unit_of_work() as session:
            session.add(entry)
        return entry

    def ticket(self, title: str, *, kind: str = "ticket") -> WorkItem:
        with unit_of_work() as session:
            count = len(session.scalars(select(WorkItem.id)).all())
            item = WorkItem(
                number=1000 + count,
                kind=kind,
                project_id=self.office.acme_project.id,
                title=title,
                status="open",
                created_at=self.now,
                updated_at=self.now,
            )
            session.add(item)
        return item

    def agree(self, *, per_month: str, fee: str = "0", overage: str | None = None, **more: Any) -> Agreement:
        with unit_of_work() as session:
            return retainers.add_agreement(
                session,
                actor=SYSTEM,
                now=self.now,
                client_id=self.office.acme.id,
                name="Managed workplace",
                starts_on=date(2026, 11, 1),
                terms=NewTerms(
                    allowance_seconds=hours(per_month),
                    fee_minor=int(Decimal(fee) * 100),
                    fee_timing=str(more.pop("fee_timing", "arrears")),
                    overage_rate_minor=None if overage is None else int(Decimal(overage) * 100),
                    **more,
                ),
            )

    def close(self, month: Month = NOVEMBER, **more: Any) -> dict[str, ClosedClient]:
        done = process.close(unit_of_work, actor=SYSTEM, clock=lambda: self.now, month=month, **more)
        return {each.client_name: each for each in done}

    def draft(self, month: Month = NOVEMBER) -> Invoice | None:
        with unit_of_work() as session:
            made = service.draft_month(session, actor=SYSTEM, now=self.now, client_id=self.office.acme.id, month=month)
        return None if made is None else self.invoice(made.id)

    def drafted(self, month: Month = NOVEMBER) -> Invoice:
        made = self.draft(month)
        assert made is not None
        return made

    def issue(self, invoice: Invoice) -> Invoice:
        with unit_of_work() as session:
            service.issue(session, actor=SYSTEM, now=self.now, invoice_id=invoice.id)
        return self.invoice(invoice.id)

    def print_and_send(self, invoice: Invoice) -> Invoice:
        process.render_and_send(invoice.id, unit_of_work, clock=lambda: self.now)
        return self.invoice(invoice.id)

    def invoice(self, invoice_id: int) -> Invoice:
        with unit_of_work() as session:
            query = select(Invoice).where(Invoice.id == invoice_id)
            return session.scalars(query.options(selectinload(Invoice.lines), selectinload(Invoice.client))).one()

    def charges(self) -> list[tuple[str, int, str]]:
        """Return holder kind, seconds and state of every live charge, in order."""
        with unit_of_work() as session:
            rows = session.scalars(select(Charge).where(Charge.released_at.is_(None)).order_by(Charge.id))
            return [(row.kind, row.to_second - row.from_second, row.state) for row in rows]

    def mailbox(self) -> Mailbox:
        with unit_of_work() as session:
            return outbox.add_mailbox(
                session,
                actor=SYSTEM,
                now=self.now,
                address="help@halden-okoye.example",
                name="Halden & Okoye",
                smtp_host="localhost",
                smtp_port=2525,
            )

    def change_client(self, **values: object) -> None:
        with unit_of_work() as session:
            client = session.get_one(Client, self.office.acme.id)
            for name, value in values.items():
                setattr(client, name, value)

    def change_company(self, **values: object) -> None:
        with unit_of_work() as session:
            company = session.get_one(Company, 1)
            for name, value in values.items():
                setattr(company, name, value)


@pytest.fixture
def story(office: Office) -> Story:
    return Story(office)


def printed(invoice: Invoice) -> list[tuple[str, str | None, str, int]]:
    """Return kind, minutes, price and amount of each line."""
    return [(line.kind, line.minutes, line.unit_price, line.amount_minor) for line in invoice.lines]


def mail_of(document: dict[str, Any]) -> Wording:
    """Return the mail that carries a document."""
    with unit_of_work() as session:
        return invoice_letters.letter(session, document)
