"""What people do with a client's time and its retainer, act by act, as hypothesis draws it.

Each act is a unit of its own; one that is refused leaves no trace. One that is killed leaves what was committed before.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flask import Flask
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from sqlalchemy import text, update
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.infra import failpoints
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.projects import fees
from helpdesk.projects import service as projects
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms, blocks, writing_off
from helpdesk.timekeeping import service as timekeeping
from tests.builders import Office
from tests.conftest import furnished_office

LATER, AT_LAST = datetime(2026, 12, 5, 9, 0, tzinfo=UTC), datetime(2027, 2, 5, 9, 0, tzinfo=UTC)
MONTHS, REST = (Month(2026, 10), Month(2026, 11)), (Month(2026, 12), Month(2027, 1))
DAYS = st.sampled_from(
    [date(2026, 10, 5), date(2026, 10, 6), date(2026, 10, 31), date(2026, 11, 2), date(2026, 11, 30)]
)
LENGTHS = st.sampled_from(["7", "20", "50m", "2h", "22:00-1:30", "9:00-10:40"])
BILLABLE = st.sampled_from(["billable", "billable", "billable", "no_charge"])
WORK = st.tuples(st.integers(0, 3), DAYS, LENGTHS, BILLABLE)
WHICH = st.integers(0, 20)
SOONER, SOONEST = date(2026, 1, 1), date(2025, 1, 1)
HOUR = 3600

TERMS = st.builds(
    NewTerms,
    allowance_seconds=st.sampled_from([0, HOUR, 4 * HOUR]),
    fee_minor=st.sampled_from([0, 9000, 33333]),
    fee_timing=st.sampled_from(["advance", "arrears"]),
    overage_rate_minor=st.sampled_from([12000, 9999]),
    overage_basis=st.sampled_from(["worked", "weighted"]),
    rollover_months=st.integers(0, 2),
    rollover_cap_seconds=st.sampled_from([None, HOUR]),
    draw_order=st.sampled_from(["earliest_expiry", "current_month"]),
    carry_deficit=st.booleans(),
    pool_months=st.sampled_from([1, 1, 3]),
    after_hours=st.sampled_from([None, {"factor": "1.5", "business_hours": {"mon": ["09:00", "17:00"]}}]),
)
ROUNDING = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["up", "nearest", "none"]),
        "step_minutes": st.sampled_from([1, 15]),
        "scope": st.sampled_from(["entry", "day", "ticket"]),
    }
)
CLIENT = st.fixed_dictionaries(
    {
        "tax_rounding": st.sampled_from(["company", "sum", "line"]),
        "price_basis": st.sampled_from(["company", "net", "gross"]),
        "tax_percent": st.sampled_from(["19", "9.975", "0"]),
        "invoice_group_by": st.sampled_from(["ticket", "entry", "day", "rate"]),
    }
)


class Killed(BaseException):
    """The process is gone; nobody handles that."""


@contextmanager
def attempt() -> Iterator[Session]:
    """Open a unit of work that may be refused, and leaves no trace then."""
    with suppress(Conflict, RuleViolation, NotFound), unit_of_work() as session:
        yield session


@contextmanager
def dying_at(passed: int | None) -> Iterator[None]:
    """Let what is done inside die where it passes a point of a close for the so-manieth time; None: it lives."""
    left, real = passed, failpoints.passing

    def pass_or_die(_point: str) -> None:
        nonlocal left
        if left is not None:
            left -= 1
            if left < 0:
                raise Killed

    failpoints.passing = pass_or_die  # type: ignore[assignment]
    try:
        with suppress(Killed):
            yield
    finally:
        failpoints.passing = real


class TimeActs(RuleBasedStateMachine):
    """Acme: a project with a retainer, one by the hour, and one at a fixed fee."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.office: Office = furnished_office(self.app)
        self.client_id = self.office.acme.id
        self.people = {name: self.office.actor(name) for name in ("technician", "manager", "admin")}
        self.keys = iter(range(10**6))

    @initialize(terms=TERMS, rounding=ROUNDING, client=CLIENT, work=st.lists(WORK, min_size=3, max_size=6))
    def acme_has_agreed_and_people_have_worked(
        self, terms: NewTerms, rounding: dict[str, Any], client: dict[str, Any], work: list[Any]
    ) -> None:
        who: dict[str, Any] = {"actor": SYSTEM, "now": LATER}
        with unit_of_work() as session:
            session.execute(update(Client).where(Client.id == self.client_id).values(**client))
            added = [
                projects.add_project(session, client_id=self.client_id, name=name, billing=billing, **who)
                for name, billing in (("Web", "hourly"), ("Site", "fixed_fee"))
            ]
            tasks = [projects.add_task(session, project_id=each.id, title=each.name, **who).id for each in added]
            self.items = [self.office.acme_ticket.id, self.office.acme_task.id, *tasks]
            self.site_id = added[1].id
            fees.set_whole(session, project_id=self.site_id, amount_minor=100_000, **who)
            rates.set_rate(session, amount="90.00", currency="EUR", effective_on=date(2026, 10, 6), **who)
            rates.set_rounding(session, effective_on=SOONER, **rounding, **who)
            self.agreement_id = retainers.add_agreement(
                session,
                client_id=self.client_id,
                name="Support",
                starts_on=MONTHS[0].first_day,
                terms=terms,
                project_ids=[self.office.acme_project.id],
                **who,
            ).id
        for each in work:
            self.somebody_works(each, 2)

    @rule(work=WORK, far=st.integers(0, 2))
    def somebody_works(self, work: Any, far: int) -> None:
        item, day, worked, billable = work
        what: dict[str, Any] = {"item_id": self.items[item], "day": day, "worked": worked, "billable": billable}
        with attempt() as session:
            entry = timekeeping.add_entry(session, actor=self.people["technician"], now=LATER, **what)
            for act in (timekeeping.submit, timekeeping.approve)[:far]:
                act(session, actor=self.people["manager"], now=LATER, entry_ids=[entry.id])

    @rule()
    def what_was_written_is_approved(self) -> None:
        ids = self._all("SELECT id FROM time_entries WHERE status IN ('draft', 'submitted')")
        with attempt() as session:
            timekeeping.submit(session, actor=self.people["manager"], now=LATER, entry_ids=ids)
            timekeeping.approve(session, actor=self.people["manager"], now=LATER, entry_ids=ids)

    @rule(which=WHICH)
    def time_is_reopened(self, which: int) -> None:
        self._with_entry(which, timekeeping.reopen, reason="Too early", to="draft")

    @rule(which=WHICH, day=DAYS, worked=LENGTHS, billable=BILLABLE)
    def time_is_corrected(self, which: int, day: date, worked: str, billable: str) -> None:
        facts: dict[str, Any] = {"day": day, "worked": worked, "billable": billable}
        self._with_entry(which, timekeeping.edit_entry, reason="Counted wrong", **facts)

    @rule(which=WHICH)
    def time_is_reversed(self, which: int) -> None:
        self._with_entry(which, timekeeping.reverse_entry, reason="Never done")

    @rule(which=WHICH)
    def late_time_is_written_off_or_not_after_all(self, which: int) -> None:
        gone = self._all("SELECT time_entry_id FROM charges WHERE kind = 'written_off' AND released_at IS NULL")
        entry_id = self._pick("SELECT id FROM time_entries WHERE status IN ('approved', 'locked') ORDER BY id", which)
        who: dict[str, Any] = {"actor": SYSTEM, "now": LATER, "agreement_id": self.agreement_id}
        with attempt() as session:
            if entry_id in gone:
                writing_off.take_back(session, entry_id=entry_id, **who)
            elif entry_id is not None:
                writing_off.write_off(session, entry_ids=[entry_id], reason="Our own mistake", **who)

    @rule(on=st.sampled_from([SOONER, date(2026, 11, 1)]), amount=st.sampled_from(["80.00", "33.33"]))
    def a_rate_is_set(self, on: date, amount: str) -> None:
        with attempt() as session:
            rates.set_rate(session, actor=SYSTEM, now=LATER, amount=amount, currency="EUR", effective_on=on)

    @rule(hours=st.sampled_from([1, 3]), on=DAYS, price=st.sampled_from([None, 20000]))
    def a_block_is_sold(self, hours: int, on: date, price: int | None) -> None:
        wanted = blocks.NewBlock(hours * HOUR, on, date(2026, 12, 31), price)
        with attempt() as session:
            blocks.add_block(
                session, actor=SYSTEM, now=LATER, agreement_id=self.agreement_id, wanted=wanted, key=self._key()
            )

    @rule(which=WHICH)
    def a_block_is_taken_back(self, which: int) -> None:
        block_id = self._pick("SELECT id FROM top_ups WHERE taken_back_at IS NULL ORDER BY id", which)
        if block_id is not None:
            with attempt() as session:
                who: dict[str, Any] = {"actor": SYSTEM, "now": LATER, "agreement_id": self.agreement_id}
                blocks.take_back(session, block_id=block_id, reason="Not paid", **who)

    @rule(percent=st.sampled_from(["33.3", "50"]), on=DAYS)
    def an_instalment_is_agreed(self, percent: str, on: date) -> None:
        with attempt() as session:
            fees.add_fee(
                session,
                actor=SYSTEM,
                now=LATER,
                project_id=self.site_id,
                text="Part",
                due_on=on,
                percent=Decimal(percent),
            )

    @rule(which=WHICH)
    def an_instalment_is_removed(self, which: int) -> None:
        fee_id = self._pick("SELECT id FROM fixed_fees WHERE removed_at IS NULL ORDER BY id", which)
        if fee_id is not None:
            with attempt() as session:
                fees.remove_fee(session, actor=SYSTEM, now=LATER, project_id=self.site_id, fee_id=fee_id)

    @rule()
    def the_next_month_is_closed(self) -> None:
        for month in MONTHS:
            with attempt() as session:
                who: dict[str, Any] = {"actor": SYSTEM, "now": LATER, "agreement_id": self.agreement_id}
                retainers.close_period(session, month=month, **who)
                return

    @rule()
    def the_last_month_is_reopened(self) -> None:
        for month in reversed(MONTHS):
            with attempt() as session:
                who: dict[str, Any] = {"actor": SYSTEM, "now": LATER, "agreement_id": self.agreement_id}
                retainers.reopen_period(session, month=month, reason="Late time", **who)
                return

    @rule(month=st.sampled_from(MONTHS), dies=st.none() | st.integers(0, 3))
    def a_month_end_is_done(self, month: Month, dies: int | None) -> None:
        with dying_at(dies):
            process.close(unit_of_work, actor=SYSTEM, clock=lambda: LATER, month=month, client_ids=[self.client_id])

    def _with_entry(self, which: int, act: Callable[..., Any], **more: Any) -> None:
        entry_id = self._pick("SELECT id FROM time_entries WHERE status IN ('approved', 'locked') ORDER BY id", which)
        if entry_id is not None:
            with attempt() as session:
                act(session, actor=self.people["manager"], now=LATER, entry_id=entry_id, **more)

    def _all(self, sql: str) -> list[int]:
        with unit_of_work() as session:
            return list(session.scalars(text(sql)))

    def _pick(self, sql: str, which: int) -> int | None:
        found = self._all(sql)
        return found[which % len(found)] if found else None

    def _key(self) -> str:
        return f"key {next(self.keys)}"
