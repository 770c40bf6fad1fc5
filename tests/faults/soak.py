"""The long form: many mails, many kills spread over all processes and all steps, and a table of what it cost.

``python -m tests.faults.soak --mails 10000 --kills 200 --seed 7``; exit code 1 where anything was lost, doubled or
left behind, or where a point or a process was struck less often than planned. The same seed gives the same mails and
the same order of kills; when they strike is up to the machine.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade

from helpdesk.app import create_app
from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.failpoints import POINTS
from tests.builders import Office
from tests.conftest import settings_for
from tests.dovecot import PASSWORD, running_dovecot
from tests.faults.desk import Desk, running_desk
from tests.faults.load import Sent, load, opening
from tests.faults.toll import Toll
from tests.postgres import cluster
from tests.slices.conftest import connect
from tests.smtp_sink import running_smtp_sink
from tests.waiting import eventually

PROCESSES = ("watcher", "worker", "reader", "horse", "web", "scheduler")
VICTIMS = (*POINTS, *PROCESSES)
OF_EACH = 5
BACKLOG = 200
"""Mail is held back while so much of it waits, so that kills strike from the first to the last."""
PATIENCE_SECONDS = 300.0


def plan(kills: int, *, seed: int) -> list[str]:
    """Return what is killed, in order: each point and process five times as far as that goes, then by chance."""
    dice = random.Random(seed)  # noqa: S311 - the same seed is the same plan
    certain = [victim for _ in range(OF_EACH) for victim in dice.sample(VICTIMS, len(VICTIMS))][:kills]
    planned = [*certain, *dice.choices(VICTIMS, k=kills - len(certain))]
    dice.shuffle(planned)
    return planned


def fewest(kills: int) -> int:
    """Return how often each point and process is struck at least, by the plan of so many kills."""
    return min(OF_EACH, kills // len(VICTIMS))


def strike(desk: Desk, victim: str, rest: Iterator[Sent]) -> str | None:
    """Lay down the order at a point, or kill the process; return what was struck.

    What a worker starts is there only while there is work: mails of ``rest`` are delivered until it is.

    The order before is obeyed by then, and no mail waits that was struck twice.
    """
    for point in desk.armed():
        desk.struck(point, within_seconds=PATIENCE_SECONDS)
    desk.forgiven(within_seconds=PATIENCE_SECONDS)
    if victim in POINTS:
        desk.arm(victim)
        return victim
    eventually(lambda: _killed(desk, victim, rest), within_seconds=PATIENCE_SECONDS)
    return victim


def _killed(desk: Desk, victim: str, rest: Iterator[Sent]) -> bool:
    if desk.kill(victim) is not None:
        return True
    if desk.unfinished() == 0:
        desk.deliver(*islice(rest, 3))
    return False


def run(desk: Desk, *, mails: int, kills: int, seed: int) -> Counter[str]:
    """Deliver everything with the kills spread over it, wait until all is settled, and return the kills."""
    first = opening(max(4, mails // 100), seed=seed)
    desk.deliver(*first)
    desk.settle(within_seconds=PATIENCE_SECONDS)
    struck: Counter[str] = Counter()
    rest = load(mails - len(first), seed=seed, answering=first)
    planned = plan(kills, seed=seed)
    a_part = max(1, (mails - len(first)) // (len(planned) + 1))
    for number, victim in enumerate(planned, start=1):
        _deliver(desk, rest, a_part)
        struck[str(strike(desk, victim, rest))] += 1
        if number % 10 == 0:
            _say(f"{number} kills, {len(desk.delivered)} mails delivered, {desk.unfinished()} unfinished")
    _deliver(desk, rest, mails)
    desk.settle(within_seconds=PATIENCE_SECONDS)
    for point in desk.armed():
        struck[point] -= 1
        struck[f"{point} (never passed)"] += 1
    return struck


def _deliver(desk: Desk, rest: Iterator[Sent], count: int) -> None:
    part = list(islice(rest, count))
    for start in range(0, len(part), BACKLOG // 2):
        desk.deliver(*part[start : start + BACKLOG // 2])
        eventually(lambda: desk.unfinished() < BACKLOG, within_seconds=PATIENCE_SECONDS)


def table(struck: Counter[str], toll: Toll, *, doctor: Sequence[str]) -> str:
    """Return the table: kills of each kind, and what they cost."""
    lines = [f"  {'killed at or killed':28} {'times':>5}"]
    lines += [f"  {name:28} {times:>5}" for name, times in sorted(struck.items()) if times]
    costs = {
        "lost": toll.lost,
        "doubled": toll.doubled,
        "other outcome than due": toll.surprises,
        "orphan files": toll.orphans,
        "missing files": toll.missing_files,
        "answers not sent": toll.unsent,
        "repeats beyond claim→sent": toll.bad_repeats,
        "findings of the doctor": doctor,
        "repeats within claim→sent": toll.repeats,
    }
    lines.append("")
    for name, rows in costs.items():
        lines.append(f"  {name:28} {len(rows):>5}")
        lines += [f"      {row}" for row in rows[:10] if rows is not toll.repeats]
    return "\n".join(lines)


@contextmanager
def a_desk(*, postgresql: bool) -> Iterator[Desk]:
    """Yield a desk in a fresh home, between a real IMAP server and a sink for what it sends."""
    with ExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hdsoak-")))
        url = f"sqlite:///{home / 'helpdesk.sqlite3'}"
        if postgresql:
            url = ends.enter_context(cluster()).format(name="postgres")
        app = create_app(settings_for(home, url))
        account = ends.enter_context(running_dovecot()).account()
        sink = ends.enter_context(running_smtp_sink())
        ends.enter_context(app.app_context())
        _furnish(app)
        connect(imap_port=account.port, smtp_port=sink.port, user=account.user, password=PASSWORD, start_from="all")
        yield ends.enter_context(running_desk(app, home, account, sink))


def _furnish(app: Flask) -> None:
    upgrade(str(Path(__file__).parents[2] / "migrations"))
    with unit_of_work() as session:
        Office.furnish(session, now=clock.now())
    db.engine.dispose()
    assert app.config["BLOB_ROOT"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the soak and print its table; return 1 where anything went wrong."""
    parser = argparse.ArgumentParser(prog="soak", description="Kill processes while mail comes in, and count.")
    parser.add_argument("--mails", type=int, default=10_000)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--postgresql", action="store_true", help="on a private PostgreSQL instead of SQLite")
    given = parser.parse_args(arguments)
    began = time.monotonic()
    with a_desk(postgresql=given.postgresql) as desk:
        struck = run(desk, mails=given.mails, kills=given.kills, seed=given.seed)
        toll = desk.toll()
        with unit_of_work() as session:
            findings = [finding.message for finding in examine(session, store=blobs.store(), now=clock.now())]
        copies = sum(sent.copies for sent in desk.delivered)
        answers = len(desk.sink.taken)
    took = time.monotonic() - began
    database = "PostgreSQL" if given.postgresql else "SQLite"
    _say(f"seed {given.seed}, {database}: {len(desk.delivered)} mails in {copies} copies, {answers} answers taken,")
    least = min(struck[victim] for victim in VICTIMS)
    _say(f"{sum(struck.values())} kills, at least {least} of each, {took:.0f} s")
    _say(table(struck, toll, doctor=findings))
    return 1 if toll.faults() or findings or least < fewest(given.kills) else 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
