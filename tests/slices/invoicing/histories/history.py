"""A history of one client's billing: acts in any order, a look at the books after each, and all billed at the end."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import invariant
from sqlalchemy import text

from helpdesk.doctor import examine
from helpdesk.infra import blobs, jobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import crediting, render
from helpdesk.invoicing import service as invoicing
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.money import accounts, settling
from helpdesk.rates import service as rates
from helpdesk.retainers import service as retainers
from helpdesk.timekeeping import service as timekeeping
from tests.conftest import PostgresHouse, SqliteHouse
from tests.slices.invoicing.histories.books import CHARGES, ENTRIES, Books, everything_is_billed
from tests.slices.invoicing.histories.money_acts import ISSUED, MoneyActs
from tests.slices.invoicing.histories.time_acts import AT_LAST, LATER, MONTHS, REST, SOONEST, attempt

FOR_A_REASON = (
    "SELECT e.id, p.billing FROM time_entries e JOIN work_items w ON w.id = e.work_item_id"
    " JOIN projects p ON p.id = w.project_id WHERE p.billing = 'fixed_fee'"
)


class History(MoneyActs):
    """Any order of acts; the books hold after each of them."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()

    @invariant()
    def the_books_hold(self) -> None:
        with unit_of_work() as session:
            self.books.look(session)

    def finish(self) -> None:
        """Approve, close and bill all there is: then every second that bills is charged, and the accounts agree."""
        waiting = self._all("SELECT id FROM time_entries WHERE status IN ('draft', 'submitted')")
        with unit_of_work() as session:
            rates.set_rate(session, actor=SYSTEM, now=LATER, amount="90.00", currency="EUR", effective_on=SOONEST)
            for act in (timekeeping.submit, timekeeping.approve):
                act(session, actor=self.people["manager"], now=LATER, entry_ids=waiting)
        for month in (*MONTHS, *REST):
            with attempt() as session:
                who: dict[str, Any] = {"actor": SYSTEM, "now": AT_LAST, "agreement_id": self.agreement_id}
                retainers.close_period(session, month=month, **who)
        for month in (*MONTHS, *REST):
            with unit_of_work() as session:
                invoicing.draft_month(session, actor=SYSTEM, now=AT_LAST, client_id=self.client_id, month=month)
        with unit_of_work() as session:
            self.books.look(session)
            entries = {row.id: row for row in session.execute(text(ENTRIES))}
            reasons = {row.id: row.billing for row in session.execute(text(FOR_A_REASON))}
            everything_is_billed(entries, session.execute(text(CHARGES)).all(), reasons)
            who = {"client_id": self.client_id, "currency": "EUR"}
            last = accounts.statement(session, first=SOONEST, last=AT_LAST.date(), **who)
            assert last.closing_minor == accounts.open_of(session, **who) - settling.credit_of(session, **who)
            found = examine(session, store=blobs.store(), now=AT_LAST)
            assert found == [], found
        self._credit_all()

    def _credit_all(self) -> None:
        """Credit whatever is left of every invoice, those first that take deposits off: then nobody owes anything."""
        for invoice_id in reversed(self._all(ISSUED)):
            with unit_of_work() as session:
                invoice = session.get_one(Invoice, invoice_id)
                if crediting.can_credit(invoice, crediting.standing_of(session, invoice)):
                    wishes = {line.id: crediting.Wish(whole=True) for line in invoice.lines}
                    more: dict[str, Any] = {"wishes": wishes, "reason": "All wrong", "key": self._key()}
                    invoicing.credit(session, actor=SYSTEM, now=LATER, invoice_id=invoice_id, **more)
        with unit_of_work() as session:
            self.books.look(session)
            assert accounts.open_of(session, client_id=self.client_id, currency="EUR") == 0


def on(house: SqliteHouse | PostgresHouse, files: Path) -> type[History]:
    """Return histories that begin in the furnished office of ``house`` each, and are billed to their end."""

    class Fresh(History):
        def __init__(self) -> None:
            self.app = house.renew(furnished=True)
            files.mkdir(exist_ok=True)
            self.app.config["BLOB_ROOT"] = tempfile.mkdtemp(dir=files)
            self.context = self.app.app_context()
            self.context.push()
            self.patch = pytest.MonkeyPatch()
            self.patch.setattr(jobs, "enqueue", lambda _bell: True)
            self.patch.setattr(render, "to_pdf", lambda document: f"%PDF-1.7 of {document['number']}".encode())
            super().__init__()

        def teardown(self) -> None:
            try:
                self.finish()
            finally:
                self.patch.undo()
                db.session.remove()
                db.engine.dispose()
                self.context.pop()

    return Fresh
