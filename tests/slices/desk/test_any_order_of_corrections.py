"""Any order of work, approval, correction, move, lock, close and invoice: nothing is charged twice, nothing lost.

The checks know nothing of the engine: they read rows, and what the audit trail says of them.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.orm import Session

from helpdesk.desk import moving
from helpdesk.doctor import SQL_CHECKS, examine
from helpdesk.infra import blobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service as invoicing
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import Month
from helpdesk.projects import service as projects
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as queries
from tests.builders import Office
from tests.conftest import PostgresHouse, SqliteHouse, furnished_office
from tests.slices.desk.books import BROKEN, CHARGES, ENTRIES, FACTS, PRINTED, SETTLED, TRAIL, named, partition

LATER = datetime(2026, 12, 5, 9, 0, tzinfo=UTC)
MONTHS, REST = (Month(2026, 10), Month(2026, 11)), (Month(2026, 12), Month(2027, 1))
DAYS = st.sampled_from([date(2026, 10, 5), date(2026, 10, 6), date(2026, 11, 2), date(2026, 11, 30)])
LENGTHS = st.sampled_from(["20", "50m", "2h", "22:00-1:30", "9:00-10:40"])
WORK = st.tuples(st.booleans(), DAYS, LENGTHS, st.sampled_from(["billable", "billable", "billable", "no_charge"]))
WHICH = st.integers(0, 20)
EXAMPLES = {"sqlite": 2, "postgres": 2}
BEGINNING, AT_LAST = date(2025, 1, 1), datetime(2027, 2, 5, 9, 0, tzinfo=UTC)


@contextmanager
def attempt() -> Iterator[Session]:
    """Open a unit of work that may be refused, and leaves no trace then."""
    with suppress(Conflict, RuleViolation, NotFound), unit_of_work() as session:
        yield session


class Work(RuleBasedStateMachine):
    """Acme has a retainer of one hour for its first project, a second one by the hour, and time that is rounded up."""

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.office: Office = furnished_office(self.app)
        self.entries: dict[int, Any] = {}
        self.charges: set[tuple[int, bool]] = set()
        self.last_row = 0
        self.people = {name: self.office.actor(name) for name in ("technician", "manager", "admin")}

    @initialize(scope=st.sampled_from(["entry", "day", "ticket"]), basis=st.sampled_from(["worked", "weighted"]))
    def acme_has_a_retainer(self, scope: str, basis: str) -> None:
        with unit_of_work() as session:
            second = projects.add_project(session, actor=SYSTEM, now=LATER, client_id=self.office.acme.id, name="Web")
            rates.set_rate(
                session, actor=SYSTEM, now=LATER, amount="90.00", currency="EUR", effective_on=date(2026, 10, 6)
            )
            rates.set_rounding(
                session,
                actor=SYSTEM,
                now=LATER,
                effective_on=date(2026, 1, 1),
                mode="up",
                step_minutes=15,
                scope=scope,
            )
            agreement = retainers.add_agreement(
                session,
                actor=SYSTEM,
                now=LATER,
                client_id=self.office.acme.id,
                name="Support",
                starts_on=date(2026, 10, 1),
                terms=NewTerms(
                    allowance_seconds=3600,
                    fee_minor=9000,
                    overage_rate_minor=12000,
                    overage_basis=basis,
                    rollover_months=1,
                ),
                project_ids=[self.office.acme_project.id],
            )
            self.projects, self.agreement_id = (self.office.acme_project.id, second.id), agreement.id

    @initialize(work=st.lists(WORK, min_size=4, max_size=6))
    def people_have_worked(self, work: list[Any]) -> None:
        for each in work:
            self._work(each, [timekeeping.submit, timekeeping.approve])

    @rule(work=WORK, far=st.sampled_from([(), (timekeeping.submit,), (timekeeping.submit, timekeeping.approve)]))
    def somebody_works(self, work: Any, far: tuple[Any, ...]) -> None:
        self._work(work, far)

    @rule(which=WHICH, by=st.sampled_from(["technician", "manager"]))
    def it_is_submitted(self, which: int, by: str) -> None:
        self._act(which, {"draft"}, timekeeping.submit, by=by, many=True)

    @rule()
    def all_that_waits_is_approved(self) -> None:
        waiting = [one for one, row in self.entries.items() if row.status == "submitted"]
        with attempt() as session:
            timekeeping.approve(session, actor=self.people["manager"], now=LATER, entry_ids=waiting)

    @rule(which=WHICH)
    def it_is_rejected(self, which: int) -> None:
        self._act(which, {"submitted"}, timekeeping.reject, many=True, reason="Which printer?")

    @rule(which=WHICH, to=st.sampled_from(["draft", "submitted"]))
    def it_is_reopened(self, which: int, to: str) -> None:
        self._act(which, SETTLED, timekeeping.reopen, reason="Too early", to=to)

    @rule(which=WHICH, day=DAYS, worked=LENGTHS, billable=st.sampled_from(["billable", "billable", "not_billable"]))
    def it_is_corrected(self, which: int, day: date, worked: str, billable: str) -> None:
        more: dict[str, Any] = {"day": day, "worked": worked, "billable": billable, "reason": "Counted wrong"}
        self._act(which, SETTLED, timekeeping.edit_entry, **more)

    @rule(which=WHICH, day=DAYS, worked=LENGTHS)
    def its_person_edits_it(self, which: int, day: date, worked: str) -> None:
        open_ones = {"draft", "submitted", "rejected"}
        self._act(which, open_ones, timekeeping.edit_entry, by="technician", day=day, worked=worked)

    @rule(which=WHICH)
    def it_is_deleted(self, which: int) -> None:
        self._act(which, set(), timekeeping.delete_entry, reason="Never done")

    @rule(which=WHICH)
    def it_is_reversed(self, which: int) -> None:
        self._act(which, {"locked"}, timekeeping.reverse_entry, reason="Never done")

    @rule(to=st.integers(0, 1))
    def its_ticket_moves(self, to: int) -> None:
        where: dict[str, Any] = {"number": self.office.acme_ticket.number, "project_id": self.projects[to]}
        with attempt() as session:
            moving.move(session, actor=self.people["manager"], now=LATER, **where)

    @rule(to=st.integers(0, 2))
    def its_task_moves(self, to: int) -> None:
        where = [*self.projects, self.office.globex_project.id][to]
        with attempt() as session:
            number = self.office.acme_task.number
            moving.move(session, actor=self.people["manager"], now=LATER, number=number, project_id=where)

    @rule(through=st.sampled_from([None, None, date(2026, 10, 5), date(2026, 11, 2)]), only_acme=st.booleans())
    def days_are_locked_or_opened(self, through: date | None, only_acme: bool) -> None:  # noqa: FBT001 - drawn
        how: dict[str, Any] = {"client_id": self.office.acme.id if only_acme else None, "reason": "Books"}
        with attempt() as session:
            timekeeping.set_lock(session, actor=self.people["admin"], now=LATER, through=through, **how)

    @rule(on=st.sampled_from([date(2026, 1, 1), date(2026, 11, 1)]), amount=st.sampled_from(["80.00", "95.50"]))
    def a_rate_is_set(self, on: date, amount: str) -> None:
        with attempt() as session:
            rates.set_rate(session, actor=SYSTEM, now=LATER, amount=amount, currency="EUR", effective_on=on)

    @rule()
    def the_next_month_is_closed(self) -> None:
        for month in MONTHS:
            if self._close(month, LATER):
                break

    @rule()
    def the_last_month_is_reopened(self) -> None:
        for month in reversed(MONTHS):
            with attempt() as session:
                how: dict[str, Any] = {"agreement_id": self.agreement_id, "month": month, "reason": "Late time"}
                retainers.reopen_period(session, actor=SYSTEM, now=LATER, **how)
                break

    @rule(month=st.sampled_from(MONTHS))
    def what_can_be_billed_is_drafted(self, month: Month) -> None:
        with attempt() as session:
            invoicing.draft_month(session, actor=SYSTEM, now=LATER, client_id=self.office.acme.id, month=month)

    @rule(which=WHICH, act=st.sampled_from([invoicing.issue, invoicing.give_up, invoicing.give_up]))
    def an_invoice_is_issued_or_given_up(self, which: int, act: Callable[..., Any]) -> None:
        more = {} if act is invoicing.issue else {"reason": "Wrong address"}
        with attempt() as session:
            live = "SELECT id FROM invoices WHERE status IN ('draft', 'issued') ORDER BY id"
            ids = session.scalars(text(live)).all()
            if ids:
                act(session, actor=SYSTEM, now=LATER, invoice_id=ids[which % len(ids)], **more)

    @invariant()
    def nothing_is_charged_twice_and_the_trail_tells_of_every_change(self) -> None:
        with unit_of_work() as session:
            entries = {row.id: row for row in session.execute(text(ENTRIES))}
            charges = session.execute(text(CHARGES)).all()
            printed = {row.id: row for row in session.execute(text(PRINTED))}
            trail = list(session.execute(text(TRAIL), {"last": self.last_row}))
            broken = [SQL_CHECKS[number].says for number in session.scalars(text(BROKEN))]
        assert broken == []
        partition(entries, [charge for charge in charges if charge.released_at is None], printed)
        self._explain(
            entries, {(charge.id, charge.released_at is None): charge.time_entry_id for charge in charges}, trail
        )

    def _explain(self, entries: dict[int, Any], charges: dict[tuple[int, bool], int], trail: list[Any]) -> None:
        """Compare with what was there at the last look: each difference has a row of the trail, or a charge, for it."""
        said = defaultdict(list)
        for row in trail:
            said[row.object_id].append(row)
        charged = {charges[one] for one in charges.keys() - self.charges}
        for entry_id in entries.keys() | self.entries.keys():
            before, after = self.entries.get(entry_id), entries.get(entry_id)
            changed = {name for name in FACTS if getattr(before, name, None) != getattr(after, name, None)}
            if entry_id in charged and {getattr(before, "status", ""), getattr(after, "status", "")} <= SETTLED:
                changed.discard("status")
            told = {name for row in said[entry_id] for name in named(row)}
            assert changed <= told, (entry_id, before, after, changed - told, said[entry_id])
        self.entries, self.charges = entries, set(charges)
        self.last_row = max([row.id for row in trail], default=self.last_row)

    def finish(self) -> None:
        """Approve, close and bill all there is: then every second that bills is charged, and once."""
        for entry_id, row in self.entries.items():
            if row.status in {"draft", "rejected", "submitted"}:
                self._settle(entry_id, row)
        with unit_of_work() as session:
            rates.set_rate(session, actor=SYSTEM, now=LATER, amount="90.00", currency="EUR", effective_on=BEGINNING)
        for month in (*MONTHS, *REST):
            self._close(month, AT_LAST)
        for client, month in product((self.office.acme, self.office.globex), (*MONTHS, *REST)):
            with unit_of_work() as session:
                invoicing.draft_month(session, actor=SYSTEM, now=AT_LAST, client_id=client.id, month=month)
        with unit_of_work() as session:
            approved = {
                row.id: row.billable_seconds or 0 for row in session.execute(text(ENTRIES)) if row.status in SETTLED
            }
            charged: Counter[int] = Counter()
            for charge in session.execute(text(CHARGES)):
                if charge.released_at is None:
                    charged[charge.time_entry_id] += charge.to_second - charge.from_second
            assert {one: seconds for one, seconds in approved.items() if seconds} == charged
            assert examine(session, store=blobs.store(), now=AT_LAST) == []

    def _settle(self, entry_id: int, row: Any) -> None:
        with unit_of_work() as session:
            how: dict[str, Any] = {"actor": self.people["admin"], "now": LATER, "entry_ids": [entry_id]}
            if row.status == "rejected":
                entry = session.get_one(TimeEntry, entry_id)
                timekeeping.edit_entry(
                    session,
                    actor=self.people["admin"],
                    now=LATER,
                    entry_id=entry_id,
                    day=queries.day_of(entry),
                    worked=queries.worked_of(entry),
                    reason="The right one",
                )
            timekeeping.submit(session, **how, reason="At last")
            timekeeping.approve(session, **how)

    def _work(self, work: Any, far: Iterable[Callable[..., Any]]) -> None:
        task, day, worked, billable = work
        item = self.office.acme_task if task else self.office.acme_ticket
        what: dict[str, Any] = {"item_id": item.id, "day": day, "worked": worked, "billable": billable}
        with attempt() as session:
            entry = timekeeping.add_entry(session, actor=self.people["technician"], now=LATER, **what)
            for act in far:
                act(session, actor=self.people["manager"], now=LATER, entry_ids=[entry.id])

    def _close(self, month: Month, now: datetime) -> bool:
        closed = []
        with attempt() as session:
            period = retainers.close_period(session, actor=SYSTEM, now=now, agreement_id=self.agreement_id, month=month)
            closed.append(period.id)
        return bool(closed)

    def _act(
        self,
        which: int,
        statuses: set[str],
        act: Callable[..., Any],
        *,
        by: str = "manager",
        many: bool = False,
        **more: Any,
    ) -> None:
        """Do ``act`` with one entry, of those in ``statuses`` where there are any."""
        fit = [one for one, row in self.entries.items() if row.status in statuses] or list(self.entries)
        if fit:
            chosen = sorted(fit)[which % len(fit)]
            named_as = {"entry_ids": [chosen]} if many else {"entry_id": chosen}
            with attempt() as session:
                act(session, actor=self.people[by], now=LATER, **named_as, **more)


@pytest.mark.usefixtures("rung")
@pytest.mark.parametrize("kind", EXAMPLES)
def test_no_order_of_corrections_charges_a_second_twice_or_loses_one(
    request: pytest.FixtureRequest, kind: str, tmp_path: Path
) -> None:
    house: SqliteHouse | PostgresHouse = request.getfixturevalue(f"{kind}_house")

    class Fresh(Work):
        def __init__(self) -> None:
            self.app = house.renew(furnished=True)
            self.app.config["BLOB_ROOT"] = str(tmp_path / "files")
            self.context = self.app.app_context()
            self.context.push()
            super().__init__()

        def teardown(self) -> None:
            try:
                self.finish()
            finally:
                db.session.remove()
                db.engine.dispose()
                self.context.pop()

    run_state_machine_as_test(
        Fresh,
        settings=settings(
            max_examples=EXAMPLES[kind],
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
