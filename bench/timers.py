"""Two devices of one person start timers at once, 1,000 each, on both databases: never two run, no second is lost.

``python bench/timers.py [STARTS]`` prints for each database how long it took, how many timers were ever seen running
at once by a third that keeps looking, and the sum of the entries' seconds beside the span on the wall. Each device is
a process of its own; their clocks say one start a second, the second half a second later, sent in a shuffled order and
every tenth one twice. A request that fails is sent again, and counted.
"""

import multiprocessing
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier, Event
from pathlib import Path

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, func, select, text
from sqlalchemy.exc import DBAPIError

from helpdesk.app import create_app
from helpdesk.infra.db import db, read_session, unit_of_work
from helpdesk.infra.policy import Actor
from helpdesk.infra.settings import load
from helpdesk.timekeeping import service
from helpdesk.timekeeping.domain.timer import NewEvent, Outcome
from helpdesk.timekeeping.models import TimeEntry, TimerEventRow
from tests.builders import Office
from tests.postgres import cluster

STARTS = 1000


def main() -> int:
    """Measure both databases; 1 where anything was lost, doubled or ran twice."""
    starts = int(sys.argv[1]) if len(sys.argv) > 1 else STARTS
    bad = 0
    for name in ("sqlite", "postgresql"):
        with _house(name) as environ:
            bad += _measure(name, environ, starts)
    return int(bool(bad))


@contextmanager
def _house(name: str) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory() as home:
        environ = {"HELPDESK_HOME": home, "REDIS_URL": f"unix://{home}/no-broker"}
        if name == "postgresql":
            with cluster() as url:
                with create_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT").connect() as connection:
                    connection.execute(text("DROP DATABASE IF EXISTS timers"))
                    connection.execute(text("CREATE DATABASE timers"))
                yield environ | {"DATABASE_URL": url.format(name="timers")}
        else:
            yield environ


def _measure(name: str, environ: dict[str, str], starts: int) -> int:
    app = _app(environ)
    begins = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=starts + 60)
    with app.app_context():
        upgrade(directory=str(Path(__file__).parents[1] / "migrations"))
        with unit_of_work() as session:
            office = Office.furnish(session, now=begins)
    actor, items = office.actor("technician"), [office.acme_ticket.number, office.acme_task.number]
    context = multiprocessing.get_context("spawn")
    together, over, most, again = context.Barrier(2), context.Event(), context.Value("i", 0), context.Value("i", 0)
    watcher = context.Process(target=_watch, args=(environ, over, most))
    devices = [
        context.Process(target=_device, args=(environ, together, actor, number, begins, starts, number_of, again))
        for number_of, number in enumerate(items)
    ]
    watcher.start()
    started = time.monotonic()
    for device in devices:
        device.start()
    for device in devices:
        device.join()
    seconds = time.monotonic() - started
    over.set()
    watcher.join()
    return _report(app, name, actor, begins, starts, seconds, most.value, again.value)


def _report(
    app: Flask, name: str, actor: Actor, begins: datetime, starts: int, seconds: float, most: int, again: int
) -> int:
    stop = begins + timedelta(seconds=starts + 30)
    with app.app_context(), unit_of_work() as session:
        event = NewEvent(uuid="the-last-stop", kind="stop", said_at=stop, device="bench")
        service.take_events(session, actor=actor, now=datetime.now(UTC), events=[event])
        entries = list(session.scalars(select(TimeEntry).order_by(TimeEntry.started_at)))
        events = session.scalar(select(func.count(TimerEventRow.id))) or 0
    total = sum(int((entry.ended_at - entry.started_at).total_seconds()) for entry in entries if entry.ended_at)
    running = sum(entry.ended_at is None for entry in entries)
    print(
        f"{name}: {2 * starts} starts ({starts // 10 * 2} of them twice) in {seconds:.1f} s with the start of two"
        f" processes, {again} sent again, {len(entries)} entries, {events} events,"
        f" at most {most} running at once, {running} at the end;"
        f" {total} s in entries, {int((stop - begins).total_seconds())} s on the wall"
    )
    good = (len(entries), events, running) == (2 * starts, 2 * starts + 1, 0) and most <= 1
    return int(not good or total != int((stop - begins).total_seconds()))


def _device(
    environ: dict[str, str],
    together: Barrier,
    actor: Actor,
    number: int,
    begins: datetime,
    starts: int,
    device: int,
    again: "multiprocessing.sharedctypes.Synchronized[int]",
) -> None:
    order = random.Random(device)  # noqa: S311 - a shuffle to repeat, no secret
    turns = [*range(starts), *range(0, starts, 10)]
    order.shuffle(turns)
    with _app(environ).app_context():
        together.wait()
        for turn in turns:
            at = begins + timedelta(seconds=turn + device / 2)
            event = NewEvent(
                uuid=f"device-{device}-{turn:05}", kind="start", said_at=at, number=number, device=f"device {device}"
            )
            while (outcome := _tell(actor, event)) is None:
                again.value += 1  # as a device does that got no answer: the same event once more
            if outcome.outcome == "refused":
                raise SystemExit(outcome.reason)


def _tell(actor: Actor, event: NewEvent) -> Outcome | None:
    try:
        with unit_of_work() as session:
            [outcome] = service.take_events(session, actor=actor, now=datetime.now(UTC), events=[event])
    except DBAPIError:
        return None
    return outcome


def _watch(environ: dict[str, str], over: Event, most: "multiprocessing.sharedctypes.Synchronized[int]") -> None:
    """Look again and again how many timers run, as somebody beside would see it."""
    with _app(environ).app_context():
        while not over.is_set():
            query = select(func.count(TimeEntry.id)).where(TimeEntry.ended_at.is_(None))
            running = read_session().scalar(query) or 0
            db.session.remove()
            most.value = max(most.value, running)
            time.sleep(0.005)


def _app(environ: dict[str, str]) -> Flask:
    os.environ.pop("DATABASE_URL", None)
    os.environ.update(environ)
    return create_app(load())


if __name__ == "__main__":
    raise SystemExit(main())
