"""The order in which time arrives makes no difference to a closed month (docs/billing.md rule 10)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.infra.counters import take_next
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.periods import Month
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office

MONTHS = (Month(2026, 3), Month(2026, 4))
AFTER = datetime(2026, 6, 1, tzinfo=UTC)
FIRST = datetime(2026, 3, 1, 8, tzinfo=UTC)
HOUR = 3600
FIGURES = (
    "SELECT p.month, p.granted_seconds, p.carried_in_seconds, p.used_seconds, p.expired_seconds, p.carried_out_seconds,"
    " p.overage_seconds FROM retainer_periods p WHERE p.agreement_id = :id AND p.reversed_at IS NULL ORDER BY p.month"
)
POSTINGS = (
    "SELECT p.month, r.position, r.kind, r.seconds, substr(e.uuid, 1, 3), r.from_second, r.to_second, r.price_minor"
    " FROM ledger_rows r JOIN retainer_periods p ON p.id = r.period_id"
    " LEFT JOIN time_entries e ON e.id = r.time_entry_id"
    " WHERE p.agreement_id = :id AND p.reversed_at IS NULL ORDER BY p.month, r.position"
)
CHARGED = (
    "SELECT substr(e.uuid, 1, 3), c.from_second, c.to_second, c.burn_seconds, e.billable_seconds FROM charges c"
    " JOIN time_entries e ON e.id = c.time_entry_id JOIN work_items w ON w.id = e.work_item_id"
    " WHERE w.project_id = :project AND c.released_at IS NULL ORDER BY 1, 2"
)


@dataclass(frozen=True)
class Worked:
    """Time of a person on one of two tickets, so many minutes after the first instant."""

    after_minutes: int
    minutes: int
    ticket: int


TERMS = st.builds(
    NewTerms,
    allowance_seconds=st.sampled_from([0, HOUR, 3 * HOUR]),
    overage_rate_minor=st.just(12_000),
    overage_basis=st.sampled_from(["worked", "weighted"]),
    rollover_months=st.integers(0, 2),
    draw_order=st.sampled_from(["earliest_expiry", "current_month"]),
    carry_deficit=st.booleans(),
    after_hours=st.sampled_from([None, {"factor": "1.5", "business_hours": {"sun": ["08:00", "12:00"]}}]),
)
WORK = st.lists(
    st.builds(
        Worked,
        after_minutes=st.integers(0, 120) | st.integers(0, 60 * 24 * 60),
        minutes=st.integers(1, 200),
        ticket=st.integers(0, 1),
    ),
    min_size=2,
    max_size=6,
)
SCOPES = st.sampled_from(["entry", "day", "ticket"])


@dataclass
class Contract:
    """A client of its own with a retainer, and two tickets."""

    name: str
    project_id: int
    item_ids: Sequence[int]
    agreement_id: int

    @classmethod
    def agree(cls, session: Session, name: str, terms: NewTerms, scope: str) -> "Contract":
        client = Client(name=name, currency="EUR", time_zone="Europe/Berlin", created_at=FIRST)
        session.add(client)
        session.flush()
        project = Project(client_id=client.id, name="Support", created_at=FIRST)
        session.add(project)
        session.flush()
        tickets = [
            WorkItem(
                number=take_next(session, "work_items"),
                kind="ticket",
                project_id=project.id,
                title="Ticket",
                status="open",
                created_at=FIRST,
                updated_at=FIRST,
            )
            for _ in range(2)
        ]
        session.add_all(tickets)
        session.flush()
        who: dict[str, Any] = {"actor": SYSTEM, "now": AFTER, "client_id": client.id}
        rates.set_rounding(session, effective_on=date(2026, 1, 1), mode="up", step_minutes=15, scope=scope, **who)
        agreement = retainers.add_agreement(session, name="Support", starts_on=date(2026, 3, 1), terms=terms, **who)
        return cls(name, project.id, [ticket.id for ticket in tickets], agreement.id)

    def take(self, office: Office, work: Sequence[tuple[int, Worked]]) -> None:
        """Let time arrive, submitted, and be approved; ``work`` has the place of each in the order of uuids."""
        with unit_of_work() as session:
            entries = [
                TimeEntry(
                    uuid=f"{place:03}-{self.name}",
                    work_item_id=self.item_ids[each.ticket],
                    person_id=office.technician.id,
                    started_at=FIRST + timedelta(minutes=each.after_minutes),
                    ended_at=FIRST + timedelta(minutes=each.after_minutes + each.minutes),
                    source="typed",
                    status="submitted",
                    created_at=AFTER,
                )
                for place, each in work
            ]
            session.add_all(entries)
            session.flush()
            timekeeping.approve(
                session, actor=office.actor("manager"), now=AFTER, entry_ids=[entry.id for entry in entries]
            )

    def close(self) -> None:
        for month in MONTHS:
            with unit_of_work() as session:
                who: dict[str, Any] = {"actor": SYSTEM, "now": AFTER, "agreement_id": self.agreement_id}
                retainers.close_period(session, month=month, **who)

    def reopen(self) -> None:
        for month in reversed(MONTHS):
            with unit_of_work() as session:
                who: dict[str, Any] = {"actor": SYSTEM, "now": AFTER, "agreement_id": self.agreement_id}
                retainers.reopen_period(session, month=month, reason="Late time", **who)

    def books(self) -> dict[str, list[tuple[Any, ...]]]:
        """Return what the closed months are: figures, postings and charges, without ids."""
        with unit_of_work() as session:
            asked = (
                (FIGURES, {"id": self.agreement_id}),
                (POSTINGS, {"id": self.agreement_id}),
                (CHARGED, {"project": self.project_id}),
            )
            return {sql: [tuple(row) for row in session.execute(text(sql), named)] for sql, named in asked}


@settings(max_examples=8, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(terms=TERMS, scope=SCOPES, work=WORK, data=st.data())
def test_a_closed_month_is_the_same_whatever_order_its_time_arrived_in(office, terms, scope, work, data):
    placed = list(enumerate(work))
    shuffled = data.draw(st.permutations(placed))
    cut = data.draw(st.integers(0, len(placed)))
    at_once, one_by_one, late = contracts(terms, scope)

    at_once.take(office, placed)
    for each in shuffled:
        one_by_one.take(office, [each])
    late.take(office, shuffled[:cut])
    late.close()
    late.reopen()
    late.take(office, shuffled[cut:])
    for contract in (at_once, one_by_one, late):
        contract.close()

    assert one_by_one.books() == at_once.books()
    assert late.books() == at_once.books()


def contracts(terms: NewTerms, scope: str) -> list[Contract]:
    """Return three clients that agreed on the same."""
    with unit_of_work() as session:
        count = session.scalar(text("SELECT COUNT(*) FROM clients"))
        return [Contract.agree(session, f"{name} {count}", terms, scope) for name in ("A", "B", "C")]
