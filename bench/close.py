"""A month-end of 200 clients with 20,000 entries, a retainer for every other one, with PDFs and mails to an SMTP sink.

``python bench/close.py [--clients N] [--entries N] [--postgresql]`` (entries of each client) prints how long each part
takes and the most memory of the process that does it. Month, draft and issue are done in order by one process, as the
page does them; PDFs and mails by two beside each other, as two workers do. Wanted: 120 s in all and 300 MB a process,
on two cores.
"""

import argparse
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import func, select

from helpdesk.app import create_app
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process
from helpdesk.invoicing.models import Invoice
from helpdesk.outbox import gateway
from helpdesk.outbox import process as outbox
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.timekeeping.models import TimeEntry
from tests.builders import Office
from tests.conftest import settings_for
from tests.faults.closing import AFTER, NOVEMBER, all_at_once, faults_of, foreseen, furnish
from tests.postgres import cluster
from tests.smtp_sink import running_smtp_sink

WORKERS = 2
WANTED_SECONDS, WANTED_MB = 120, 300


def main() -> int:
    """Measure; 1 where it is slower or larger than wanted, or where anything lacks."""
    parser = argparse.ArgumentParser(prog="close", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--entries", type=int, default=100, help="of each client")
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL instead of SQLite")
    given = parser.parse_args()
    with ExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{home / 'helpdesk.sqlite3'}"
        if given.postgresql:
            url = ends.enter_context(cluster()).format(name="postgres")
        app = create_app(settings_for(home, url))
        sink = ends.enter_context(running_smtp_sink())
        ends.enter_context(app.app_context())
        upgrade(str(Path(__file__).parents[1] / "migrations"))
        with unit_of_work() as session:
            Office.furnish(session, now=AFTER)
        ids = furnish(clients=given.clients, entries=given.entries, smtp_port=sink.port)
        expected = foreseen(ids)
        with unit_of_work() as session:
            count = session.scalar(select(func.count()).select_from(TimeEntry))
        _say(f"{given.clients} clients, {count} entries, {'PostgreSQL' if given.postgresql else 'SQLite'}")
        parts = [
            _part("month and draft", [lambda: _close(ids)]),
            _part("issue", [_issue]),
            _part("PDF", [lambda at=at: _print(at) for at in range(WORKERS)]),
            _part("mail", [lambda at=at: _send(at) for at in range(WORKERS)]),
        ]
        faults = faults_of(expected, sink.taken)
    took, largest = sum(seconds for seconds, _ in parts), max(size for _, size in parts)
    _say(f"{'together':>16} {took:7.1f} s {largest:5.0f} MB; wanted {WANTED_SECONDS} s, {WANTED_MB} MB")
    _say("\n".join(faults) or "one invoice, number, PDF and mail each")
    return int(bool(faults) or took > WANTED_SECONDS or largest > WANTED_MB)


def _part(name: str, works: Sequence[Callable[[], object]]) -> tuple[float, float]:
    """Do something in processes of its own; return the seconds and the most memory of one so far."""
    began = time.monotonic()
    all_at_once(works)
    took = time.monotonic() - began
    size = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    _say(f"{name:>16} {took:7.1f} s {size:5.0f} MB")
    return took, size


def _close(ids: Sequence[int]) -> None:
    process.close(unit_of_work, actor=SYSTEM, clock=lambda: AFTER, month=NOVEMBER, client_ids=ids)


def _issue() -> None:
    with unit_of_work() as session:
        drafts = session.scalars(select(Invoice.id).order_by(Invoice.id)).all()
    process.issue_reviewed(unit_of_work, actor=SYSTEM, clock=lambda: AFTER, invoice_ids=drafts)


def _print(at: int) -> None:
    with unit_of_work() as session:
        issued = session.scalars(select(Invoice.id).where(Invoice.id % WORKERS == at).order_by(Invoice.id)).all()
    for invoice_id in issued:
        process.render_and_send(invoice_id, unit_of_work, clock=lambda: AFTER)


def _send(at: int) -> None:
    with unit_of_work() as session:
        mails = session.scalars(select(OutgoingMessage.id).where(OutgoingMessage.id % WORKERS == at)).all()
    for mail_id in mails:
        outbox.deliver(mail_id, unit_of_work, send=gateway.send, store=blobs.store(), clock=lambda: AFTER)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
