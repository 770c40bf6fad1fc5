"""Month-end by hand: thirty clients from submitted time to mailed invoices, each press of a button counted."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.doctor import examine
from helpdesk.infra import blobs, jobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process as invoicing
from helpdesk.invoicing import render
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.durations import format_hm
from helpdesk.outbox import gateway
from helpdesk.outbox import process as outbox
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import service as retainers
from helpdesk.retainers.models import Agreement, RetainerPeriod
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping.models import TimeEntry
from tests.browser.chromium import NARROW, PHONE_HEIGHT, Visitor
from tests.browser.site import Site
from tests.builders import PASSWORD
from tests.faults.closing import AFTER, NOVEMBER, furnish
from tests.smtp_sink import SmtpSink, running_smtp_sink

CLIENTS, MOST_CLICKS = 30, 12
BILLING = range(3, 8)
SUBMITTED = {
    "status": "submitted",
    "duration_only": True,
    "billable_seconds": None,
    "rate_minor": None,
    "rate_currency": None,
}
COUNT = """
  addEventListener("pointerdown", () => pressed(), true);
  addEventListener("keydown", (event) => event.key === "Enter" && pressed(), true);
"""


@dataclass
class Presses:
    """How often a button of the mouse, or Enter, went down on a page: the browser itself tells."""

    count: int = 0

    def watch(self, page: Page) -> None:
        page.expose_function("pressed", self._note)
        page.add_init_script(COUNT)

    def _note(self) -> None:
        self.count += 1


@pytest.fixture
def sink() -> Iterator[SmtpSink]:
    with running_smtp_sink() as running:
        yield running


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch, site: Site) -> list[Bell]:
    """What is rung while ``site`` is served, for `work` to answer; the printer is one that takes no time."""
    rung: list[Bell] = []

    def note(bell: Bell) -> bool:
        rung.append(bell)
        return True

    monkeypatch.setattr(jobs, "enqueue", note)
    monkeypatch.setattr(render, "to_pdf", lambda document: f"%PDF-1.7 of {document['number']}".encode())
    return rung


def work(bells: list[Bell], site: Site) -> None:
    """Do what workers do with the bells of invoices and mails, until none is left."""
    while bells:
        bell = bells.pop(0)
        if bell.job == "render_invoice":
            invoicing.render_and_send(int(bell.args[0]), unit_of_work, clock=site.clock)
        if bell.job == "deliver_outgoing":
            outbox.deliver(int(bell.args[0]), unit_of_work, send=gateway.send, store=blobs.store(), clock=site.clock)


def a_november_of_thirty(sink: SmtpSink, *, person_id: int, unpriced_id: int) -> list[int]:
    """Add clients with a retainer and four entries each, of which one waits for approval; return their ids.

    One entry of all has no note. One of another client, on the item ``unpriced_id``, has no price.
    """
    ids = furnish(clients=CLIENTS, entries=4, smtp_port=sink.port)
    with unit_of_work() as session:
        session.execute(update(Mailbox).values(smtp_host="127.0.0.1", smtp_port=sink.port, smtp_security="none"))
        agreed = set(session.scalars(select(Agreement.client_id)))
        for client_id in set(ids) - agreed:
            retainers.add_agreement(
                session,
                actor=SYSTEM,
                now=AFTER,
                client_id=client_id,
                name="Care",
                starts_on=date(2026, 11, 1),
                terms=NewTerms(allowance_seconds=1800, fee_minor=25_000, fee_timing="arrears"),
            )
        waits = entries_of(session, ids)
        session.execute(update(TimeEntry).where(TimeEntry.id.in_(waits)).values(**SUBMITTED, person_id=person_id))
        session.execute(update(TimeEntry).where(TimeEntry.id == waits[0]).values(note=""))
        session.add(
            TimeEntry(
                uuid="without a price",
                work_item_id=unpriced_id,
                person_id=person_id,
                started_at=AFTER - timedelta(days=7),
                ended_at=AFTER - timedelta(days=7, hours=-1),
                source="typed",
                status="approved",
                billable_seconds=3600,
                created_at=AFTER,
            )
        )
    return ids


def entries_of(session: Session, client_ids: Sequence[int]) -> list[int]:
    """Return of each client one entry."""
    query = (
        select(func.min(TimeEntry.id))
        .join(WorkItem, WorkItem.id == TimeEntry.work_item_id)
        .join(Project, Project.id == WorkItem.project_id)
        .where(Project.client_id.in_(client_ids))
        .group_by(Project.client_id)
    )
    return list(session.scalars(query.order_by(Project.client_id)))


def press(page: Page, control: Locator) -> None:
    """Press what is there once its page has come whole, as people do."""
    control.wait_for()
    page.wait_for_load_state()
    control.click()


def test_thirty_clients_are_closed_billed_and_mailed_in_less_than_twelve_clicks(
    visit: Callable[..., Visitor], fresh: Site, sink: SmtpSink, bells: list[Bell]
) -> None:
    fresh.clock.now = AFTER
    with fresh.app.app_context():
        who, what = int(fresh.ids["technician"]), int(fresh.ids["heron_task_id"])
        ids = a_november_of_thirty(sink, person_id=who, unpriced_id=what)
    visitor, presses = visit("anonymous"), Presses()
    presses.watch(visitor.page)
    page = visitor.goto("/sign-in")
    page.get_by_label("E-mail").fill("manager@halden-okoye.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    presses.count = 0

    press(page, page.get_by_role("link", name="Month-end"))
    press(page, page.get_by_role("button", name="without remarks"))
    press(page, page.get_by_role("button", name="Approve what is ticked"))
    press(page, page.get_by_role("link", name="Set a rate"))
    page.get_by_label("Amount").fill("95")
    press(page, page.get_by_role("button", name="Add rate"))
    press(page, page.get_by_role("button", name="Draft the invoices"))
    expect(page.locator(".dlt tr").last).to_be_visible()
    page.get_by_label("All reviewed").check()
    press(page, page.get_by_role("button", name="Issue the reviewed"))
    with fresh.app.app_context():
        work(bells, fresh)
    expect(page.locator("#mailed")).to_have_text(re.compile(r"^\s*(\d+) of \1 mailed\s*$"))

    assert visitor.watch.trouble == {}
    assert presses.count < MOST_CLICKS
    with fresh.app.app_context(), unit_of_work() as session:
        closed = session.scalars(
            select(Agreement.client_id)
            .join(RetainerPeriod, RetainerPeriod.agreement_id == Agreement.id)
            .where(RetainerPeriod.month == NOVEMBER.first_day, RetainerPeriod.reversed_at.is_(None))
        ).all()
        issued = session.scalars(select(Invoice).where(Invoice.month == NOVEMBER.first_day)).all()
        addresses = session.scalars(select(Client.invoice_email).where(Client.id.in_(ids))).all()
        assert {client_id: Counter(closed)[client_id] for client_id in ids} == dict.fromkeys(ids, 1)
        assert set(ids) <= {invoice.client_id for invoice in issued}
        assert {invoice.status for invoice in issued} == {"issued"}
        numbers = sorted(invoice.series_number or 0 for invoice in issued)
        assert numbers == list(range(numbers[0], numbers[0] + len(issued)))
        mailed = Counter(one.recipients[0] for one in sink.taken)
        assert {address: mailed[address] for address in addresses} == dict.fromkeys(addresses, 1)
        found = examine(session, store=blobs.store(), now=AFTER)
        assert [each for each in found if each.invariant in BILLING] == []


@pytest.mark.parametrize("width", ["wide", "phone"])
def test_an_account_manager_sees_the_hours_left_without_a_click(
    visit: Callable[..., Visitor], site: Site, width: str
) -> None:
    with site.app.app_context(), unit_of_work() as session:
        view = retainers.hours_left(
            session, client_id=int(site.ids["kuehn"]), project_id=int(site.ids["kuehn_project"]), now=site.clock()
        )
        assert view is not None
        left = format_hm(view.left_seconds)
    size = {"viewport": {"width": NARROW, "height": PHONE_HEIGHT}} if width == "phone" else {}

    page = visit("account_manager", **size).goto("/")

    cell = page.get_by_role("row", name="Kühn Präzision").get_by_role("cell", name=left, exact=True)
    expect(cell.first).to_be_in_viewport()
