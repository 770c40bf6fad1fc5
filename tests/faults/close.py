"""The long form: a month-end of many clients whose processes are killed at every step, and a table of what it cost.

``python -m tests.faults.close --clients 200 --seed 7 [--postgresql]``; exit code 1 where the end is not that of an
undisturbed run, or where a point was struck less often than planned.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from flask_migrate import upgrade

from helpdesk.app import create_app
from helpdesk.infra.db import unit_of_work
from tests.builders import Office
from tests.conftest import settings_for
from tests.faults.closing import AFTER, POINTS, MonthEnd, faults_of, foreseen, furnish, plan
from tests.postgres import cluster
from tests.smtp_sink import running_smtp_sink


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print the table."""
    parser = argparse.ArgumentParser(prog="close", description="Kill a month-end at every step, and compare.")
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--entries", type=int, default=10, help="of each client")
    parser.add_argument("--kills", type=int, default=5, help="at each point")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL instead of SQLite")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with ExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hdclose-")))
        url = f"sqlite:///{home / 'helpdesk.sqlite3'}"
        if given.postgresql:
            url = ends.enter_context(cluster()).format(name="postgres")
        app = create_app(settings_for(home, url))
        sink = ends.enter_context(running_smtp_sink())
        ends.enter_context(app.app_context())
        upgrade(str(Path(__file__).parents[2] / "migrations"))
        with unit_of_work() as session:
            Office.furnish(session, now=AFTER)
        (home / "orders").mkdir()
        ids = furnish(clients=given.clients, entries=given.entries, smtp_port=sink.port)
        expected = foreseen(ids)
        work = MonthEnd(home / "orders", ids)
        for point in plan(given.kills, seed=given.seed):
            work.run(point)
        while not work.run():
            pass
        faults = faults_of(expected, sink.taken)
        repeats = len(sink.taken) - len({str(one.message["Message-ID"]) for one in sink.taken})
    database = "PostgreSQL" if given.postgresql else "SQLite"
    took = time.monotonic() - began
    _say(f"seed {given.seed}, {database}: {given.clients} clients, {work.runs} processes, {took:.0f} s")
    for point in POINTS:
        _say(f"{point:>18} {work.struck[point]:>4} kills")
    _say(f"{len(sink.taken)} mails taken, {repeats} of them twice (killed between the server's yes and our note)")
    _say("the end is that of an undisturbed run" if not faults else "\n".join(faults))
    return 1 if faults or min(work.struck[point] for point in POINTS) < given.kills else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
