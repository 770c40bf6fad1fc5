"""20 closes of one month at once, and 1,000 invoices issued by many at once, on both databases.

``python bench/close_races.py [INVOICES]`` prints for each database how long it took. Every process closes every client,
and tries to issue every draft in an order of its own. One invoice a client, numbers without a gap, no second charged
twice: anything else is printed, and the exit code is 1.
"""

import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

from flask_migrate import upgrade
from sqlalchemy import func, select

from helpdesk.app import create_app
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import process
from helpdesk.invoicing.models import Invoice
from helpdesk.timekeeping.models import Charge
from tests.builders import Office
from tests.conftest import settings_for
from tests.faults.closing import AFTER, NOVEMBER, all_at_once, furnish
from tests.postgres import cluster

INVOICES, CLOSES, ISSUERS, CLOSED_BY_ALL = 1000, 20, 4, 20


def main() -> int:
    """Race on both databases; 1 where anything is there twice, or lacks."""
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else INVOICES
    faults = [*_race(wanted, postgresql=False), *_race(wanted, postgresql=True)]
    return int(bool(faults))


def _race(wanted: int, *, postgresql: bool) -> list[str]:
    with ExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory()))
        url = f"sqlite:///{home / 'helpdesk.sqlite3'}"
        if postgresql:
            url = ends.enter_context(cluster()).format(name="postgres")
        app = create_app(settings_for(home, url))
        ends.enter_context(app.app_context())
        upgrade(str(Path(__file__).parents[1] / "migrations"))
        with unit_of_work() as session:
            Office.furnish(session, now=AFTER)
        ids = furnish(clients=wanted, entries=2, smtp_port=25)
        _say(f"{'PostgreSQL' if postgresql else 'SQLite'}, {wanted} clients")
        some, rest = ids[:CLOSED_BY_ALL], ids[CLOSED_BY_ALL:]
        _timed(f"{CLOSES} closes of {len(some)} clients at once", [lambda: _close(some)] * CLOSES)
        _timed(f"one close of the other {len(rest)}", [lambda: _close(rest)])
        issuers = [lambda seed=seed: _issue(seed) for seed in range(ISSUERS)]
        _timed(f"{wanted} invoices issued by {ISSUERS} at once", issuers)
        found = _faults(wanted)
    _say("\n".join(found) or "one invoice each, numbers without gaps, no second charged twice")
    return found


def _close(ids: Sequence[int]) -> None:
    process.close(unit_of_work, actor=SYSTEM, clock=lambda: AFTER, month=NOVEMBER, client_ids=ids)


def _issue(seed: int) -> None:
    with unit_of_work() as session:
        drafts = list(session.scalars(select(Invoice.id).order_by(Invoice.id)))
    random.Random(seed).shuffle(drafts)  # noqa: S311 - an order, no secret
    process.issue_reviewed(unit_of_work, actor=SYSTEM, clock=lambda: AFTER, invoice_ids=drafts)


def _faults(wanted: int) -> list[str]:
    with unit_of_work() as session:
        numbers = sorted(session.scalars(select(func.coalesce(Invoice.series_number, 0))))
        clients = session.scalars(select(Invoice.client_id)).all()
        query = select(Charge.time_entry_id, Charge.from_second, Charge.to_second).where(Charge.released_at.is_(None))
        charges = session.execute(query.order_by(Charge.time_entry_id, Charge.from_second)).all()
    said = [] if numbers == list(range(1, wanted + 1)) else [f"numbers: {numbers}"]
    said += [] if len(clients) == len(set(clients)) == wanted else [f"{len(clients)} invoices"]
    twice = [one for one, two in pairwise(charges) if one[0] == two[0] and two[1] < one[2]]
    return said + ([f"charged twice: {twice}"] if twice else [])


def _timed(name: str, works: Sequence[Callable[[], object]]) -> None:
    began = time.monotonic()
    all_at_once(works)
    _say(f"  {name}: {time.monotonic() - began:.1f} s")


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
