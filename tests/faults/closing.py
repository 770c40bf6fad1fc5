"""A month-end to be killed: clients with time and retainers, whose steps are done by processes that may die anywhere.

A process is a fork of the test, so that hundreds of them start in no time; it takes up what the one before it left.
"""

import os
import random
import traceback
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock, failpoints, pdf
from helpdesk.infra.counters import take_next
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.periods import Month
from helpdesk.outbox import gateway
from helpdesk.outbox import process as outbox
from helpdesk.outbox import service as outbox_service
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import Project, WorkItem
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping.models import TimeEntry
from tests.smtp_sink import Taken

NOVEMBER = Month(2026, 11)
AFTER = datetime(2026, 12, 1, 8, tzinfo=UTC)
SENDING = ("outbox_claimed", "outbox_sent", "outbox_recorded")
POINTS = (*failpoints.CLOSE_POINTS, *SENDING)


@dataclass(frozen=True)
class Bill:
    """What an invoice comes to, and how often it is there as a document, a file and a mail."""

    client: str
    total_minor: int
    numbers: int = 1
    files: int = 1
    mails: int = 1


@dataclass
class MonthEnd:
    """The month of some clients; ``runs`` is how many processes worked on it, each an hour after the one before."""

    orders: Path
    client_ids: Sequence[int]
    runs: int = 0
    struck: Counter[str] = field(default_factory=Counter)

    def run(self, point: str | None = None) -> bool:
        """Let a process do what is left, with an order to die at ``point``; return whether it came to the end."""
        if point is not None:
            (self.orders / point).write_text("kill")
        self.runs += 1
        now = AFTER + timedelta(hours=self.runs)
        died = in_a_fork(lambda: _do_all(self.client_ids, now), orders=self.orders)
        if point is not None and not (self.orders / point).exists():
            self.struck[point] += 1
        elif point is not None:
            (self.orders / point).unlink()
        return not died


def furnish(*, clients: int, entries: int, smtp_port: int) -> list[int]:
    """Add clients with a ticket and approved time each, every other one with a retainer; return their ids."""
    pdf.get_ready()  # or each fork loads the printer anew
    with unit_of_work() as session:
        outbox_service.add_mailbox(
            session,
            actor=SYSTEM,
            now=AFTER,
            address="accounts@halden-okoye.example",
            name="Halden & Okoye",
            smtp_host="127.0.0.1",
            smtp_port=smtp_port,
            smtp_security="none",
        )
        person = session.scalars(select(TimeEntry.person_id).limit(1)).one_or_none() or 1
        return [_client(session, number, entries, person) for number in range(clients)]


def _client(session: Session, number: int, entries: int, person_id: int) -> int:
    began = datetime(2026, 11, 2, 8, tzinfo=UTC)
    client = Client(
        name=f"Client {number:04}",
        address="Kajen 12\n20459 Hamburg",
        country="DE",
        currency="EUR",
        time_zone="Europe/Berlin",
        tax_percent="19",
        invoice_email=f"accounts@client{number:04}.example",
        created_at=began,
    )
    session.add(client)
    session.flush()
    project = Project(client_id=client.id, name="Support", created_at=began)
    session.add(project)
    session.flush()
    items = [
        WorkItem(
            number=take_next(session, "work_items"),
            kind="ticket",
            project_id=project.id,
            title=f"Ticket {at}",
            status="open",
            created_at=began,
            updated_at=began,
        )
        for at in range(max(1, entries // 10))
    ]
    session.add_all(items)
    session.flush()
    for at in range(entries):
        start = began + timedelta(days=at % 26, minutes=37 * (at // 26))
        seconds = 60 * (7 + (at * 13 + number * 7) % 90)
        session.add(
            TimeEntry(
                uuid=str(uuid.uuid5(uuid.NAMESPACE_OID, f"{number}.{at}")),
                work_item_id=items[at % len(items)].id,
                person_id=person_id,
                started_at=start,
                ended_at=start + timedelta(seconds=seconds),
                source="typed",
                note="Looked after it",
                status="approved",
                billable_seconds=seconds,
                rate_minor=9500,
                rate_currency="EUR",
                rate_reason="company",
                created_at=start,
            )
        )
    if number % 2 == 0:
        terms = NewTerms(allowance_seconds=3600, fee_minor=50_000, fee_timing="arrears", overage_rate_minor=12_000)
        retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=began,
            client_id=client.id,
            name="Care",
            starts_on=date(2026, 11, 1),
            terms=terms,
        )
    return client.id


def in_a_fork(work: Callable[[], object], *, orders: Path | None = None) -> bool:
    """Do something in a process of its own; return whether it was killed.

    Raises:
        RuntimeError: it failed in another way.
    """
    status = _joined(_forked(work, orders))
    if os.WIFSIGNALED(status):
        return True
    if os.waitstatus_to_exitcode(status):
        message = "the process failed; what it said stands above"
        raise RuntimeError(message)
    return False


def all_at_once(works: Iterable[Callable[[], object]]) -> None:
    """Do many things beside each other, each in a process of its own."""
    pids = [_forked(work, None) for work in works]
    failed = [pid for pid in pids if os.waitstatus_to_exitcode(_joined(pid))]
    assert failed == []


def _forked(work: Callable[[], object], orders: Path | None) -> int:
    db.session.remove()
    db.engine.dispose()
    pid = os.fork()
    if pid:
        return pid
    try:
        failpoints._folder = str(orders) if orders else None  # noqa: SLF001 - what the environment says to a new process
        work()
        os._exit(0)
    except BaseException:  # noqa: BLE001 - nothing of the child may reach the test
        traceback.print_exc()
    os._exit(1)


def _joined(pid: int) -> int:
    return os.waitpid(pid, 0)[1]


def _do_all(client_ids: Sequence[int], now: datetime) -> None:
    """Take each client through its month-end, from the retainer to the mail; what is done is left alone."""
    for client_id in client_ids:
        process.close(unit_of_work, actor=SYSTEM, clock=lambda: now, month=NOVEMBER, client_ids=[client_id])
        with unit_of_work() as session:
            drafts = session.scalars(_of(client_id).where(Invoice.status == "draft")).all()
        process.issue_reviewed(unit_of_work, actor=SYSTEM, clock=lambda: now, invoice_ids=drafts)
        with unit_of_work() as session:
            left = session.scalars(_of(client_id).where(Invoice.outgoing_message_id.is_(None))).all()
        for invoice_id in left:
            process.render_and_send(invoice_id, unit_of_work, clock=lambda: now)
        with unit_of_work() as session:
            waiting = select(OutgoingMessage.id).where(OutgoingMessage.state != "sent")
            mails = session.scalars(waiting.order_by(OutgoingMessage.id)).all()
        for mail_id in mails:
            outbox.deliver(mail_id, unit_of_work, send=gateway.send, store=blobs.store(), clock=lambda: now)


def _of(client_id: int) -> Select[int]:
    return select(Invoice.id).where(Invoice.client_id == client_id).order_by(Invoice.id)


def foreseen(client_ids: Sequence[int]) -> list[Bill]:
    """Return what an undisturbed run makes of each client: computed in the same way, and undone."""
    done = process.close(
        unit_of_work, actor=SYSTEM, clock=lambda: AFTER, month=NOVEMBER, client_ids=client_ids, dry_run=True
    )
    return sorted((Bill(each.client_name, each.total_minor) for each in done), key=lambda bill: bill.client)


def found(taken: Sequence[Taken]) -> list[Bill]:
    """Return what is there of each client; one mail is one Message-ID, however often its server was told."""
    mailed = Counter(str(one.recipients[0]) for one in {str(one.message["Message-ID"]): one for one in taken}.values())
    with unit_of_work() as session:
        rows = session.execute(
            select(Client.name, Client.invoice_email, func.sum(Invoice.total_minor), func.count(Invoice.number))
            .add_columns(func.count(Invoice.pdf_sha256))
            .join(Invoice, Invoice.client_id == Client.id)
            .group_by(Client.id)
            .order_by(Client.name)
        ).all()
    return [Bill(name, int(total), numbers, files, mailed[email]) for name, email, total, numbers, files in rows]


def faults_of(expected: list[Bill], taken: Sequence[Taken]) -> list[str]:
    """Return what is not as an undisturbed run leaves it: amounts, numbers, files, mails, and what doctor finds."""
    there = found(taken)
    said = [f"{want} is {have}" for want, have in zip(expected, there, strict=False) if want != have]
    said += [] if len(expected) == len(there) else [f"{len(expected)} invoices wanted, {len(there)} there"]
    with unit_of_work() as session:
        numbers = sorted(
            session.scalars(select(func.coalesce(Invoice.series_number, 0)).where(Invoice.number.is_not(None)))
        )
        store = blobs.store()
        store.sweep(lambda digests: blobs.known(session, digests), now=clock.now() + 2 * blobs.ORPHAN_AGE)
        said += [finding.message for finding in examine(session, store=store, now=AFTER + timedelta(days=1))]
        known = set(session.scalars(select(Invoice.pdf_sha256)))
    said += [] if numbers == list(range(1, len(numbers) + 1)) else [f"numbers with gaps: {numbers}"]
    files = {path.name for path in store.root.glob("??/*")}
    return said + [f"a file that no invoice has: {name}" for name in files - known]


def plan(of_each: int, *, seed: int) -> list[str]:
    """Return where processes are killed, in order: at each point so many times, shuffled."""
    planned = [point for point in POINTS for _ in range(of_each)]
    random.Random(seed).shuffle(planned)  # noqa: S311 - the same seed is the same plan
    return planned
