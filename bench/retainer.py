"""Measure the pages that say how many hours are left, for a client with 100,000 entries of ten years, and of one.

    python bench/retainer.py [--entries 100000] [--years 10] [--rounds 40] [--database sqlite] [--only WORDS]

One client has one retainer and the same pace of work in every month; all months but the running one are closed by the
service that people close them with. Each page is asked for by a manager through the whole application (Flask's test
client); what this process computed of it is told apart, as a busy machine disturbs that less. The house is measured
twice, with its newest year alone and with all of them. It fails where the median of a page is above the limit in
milliseconds, or a page does not answer 200.
"""

import argparse
import gc
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from flask import Flask
from flask.testing import FlaskClient
from flask_migrate import upgrade
from sqlalchemy import create_engine, insert, select, text
from tools.worked import PASSWORD

from helpdesk.accounts import service as accounts
from helpdesk.app import create_app
from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.infra import clock
from helpdesk.infra.child import collect_seldom
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import MANAGER, SYSTEM
from helpdesk.infra.settings import load as load_settings
from helpdesk.kernel.periods import Month
from helpdesk.projects import first_run
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.retainers import service as retainers
from helpdesk.retainers.service import NewTerms
from helpdesk.timekeeping.models import TimeEntry
from tests.postgres import cluster

OK = 200
WARM_UP = 5
ITEMS_A_MONTH = 30
PAGES = {
    "retainer": "/retainers/{agreement}",
    "month before": "/retainers/{agreement}?month={before}",
    "board": "/retainers",
    "client": "/clients/{client}",
    "ticket": "/items/{item}",
    "which tier fits": "/retainers/{agreement}/advice",
}
UNLIMITED = {"which tier fits"}  # replays a year eight times over, on a page of its own


def main() -> None:
    """Seed, measure and print for each database and length of history; exit with 1 where a page is too slow."""
    options = _options()
    wrong: list[str] = []
    for database in options.database or ("sqlite", "postgresql"):
        for years in options.length or (1, options.years):
            began = time.perf_counter()
            with _house(postgresql=database == "postgresql") as app:
                names = _furnish(app, entries=options.entries * years // options.years, months=12 * years)
                took = time.perf_counter() - began
                print(f"{database}: {years} years, seeded and closed in {took:.0f} s", flush=True)
                wrong += [f"{database}, {years} years: {each}" for each in _measure(app, names, options)]
    sys.exit("\n".join(wrong) if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--entries", type=int, default=100_000, help="entries of all the years (default 100000)")
    parser.add_argument("--years", type=int, default=10, help="years of history (default 10)")
    parser.add_argument("--rounds", type=int, default=40, help="how often each page is asked for (default 40)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append", help="one only; else both")
    parser.add_argument("--only", default="", help="only the pages whose name has these letters")
    parser.add_argument("--length", type=int, action="append", help="years of history; else 1 and all, one by one")
    parser.add_argument("--limit", type=float, default=60.0, help="the most milliseconds of a median (default 60)")
    return parser.parse_args()


@contextmanager
def _house(*, postgresql: bool) -> Iterator[Flask]:
    """Yield the application on an empty database."""
    with ExitStack() as ends:
        home = Path(ends.enter_context(tempfile.TemporaryDirectory(prefix="hdbench-")))
        environ = {**os.environ, "HELPDESK_HOME": str(home), "REDIS_URL": f"unix://{home}/nobody.sock"}
        environ.pop("DATABASE_URL", None)
        if postgresql:
            url = ends.enter_context(cluster(durable=True))
            maintenance = create_engine(url.format(name="postgres"), isolation_level="AUTOCOMMIT")
            with maintenance.connect() as connection:
                connection.execute(text("CREATE DATABASE bench"))
            maintenance.dispose()
            environ["DATABASE_URL"] = url.format(name="bench")
        app = create_app(load_settings(environ))
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            upgrade()
        yield app
        with app.app_context():
            db.engine.dispose()


def _furnish(app: Flask, *, entries: int, months: int) -> dict[str, str]:
    """Seed a client whose months up to the running one are closed; return what the paths name."""
    now = clock.now().replace(microsecond=0)
    this = Month.of(now.date())
    every = [this.plus(at - months + 1) for at in range(months)]
    with app.app_context():
        names, item_ids, person_id, type_id = _people_and_work(now, every)
        chance = random.Random(7)  # noqa: S311 - the same rows in every run
        for month, items in zip(every, item_ids, strict=True):
            rows = _rows(chance, month, items, entries // months, person_id, type_id, now)
            with unit_of_work() as session:
                session.execute(insert(TimeEntry), rows)
            if month != this:
                with unit_of_work() as session:
                    retainers.close_period(
                        session, actor=SYSTEM, now=now, agreement_id=int(names["agreement"]), month=month
                    )
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("ANALYZE")  # as autovacuum and the hourly job do
    return names | {"before": str(this.previous)}


def _people_and_work(now: datetime, months: list[Month]) -> tuple[dict[str, str], list[list[int]], int, int]:
    with unit_of_work() as session:
        first_run.set_up(
            session,
            now=now,
            token=first_run.make_first_run_token(session, now=now),
            company_name="Desk & Sons",
            currency="EUR",
            time_zone="Europe/Berlin",
            name="Ada Admin",
            email="admin@desk.example",
            password=PASSWORD,
        )
        manager = accounts.add_person(
            session,
            actor=SYSTEM,
            now=now,
            name="Mona Manager",
            email="manager@desk.example",
            password=PASSWORD,
            role=MANAGER,
            time_zone="Europe/Berlin",
        )
        kind = WorkType(name="Remote support", is_default=True)
        session.add(kind)
        profile = ClientProfile(name="Busy", currency="EUR", time_zone="Europe/Berlin")
        client = clients.add_client(session, actor=SYSTEM, now=now, profile=profile)
        project = projects.add_project(session, actor=SYSTEM, now=now, client_id=client.id, name="Support")
        agreement = retainers.add_agreement(
            session,
            actor=SYSTEM,
            now=now,
            client_id=client.id,
            name="Support",
            starts_on=months[0].first_day,
            terms=NewTerms(430 * 3600, 3_400_000, overage_rate_minor=9_500, rollover_months=2),
        )
        numbers = range(1000, 1000 + ITEMS_A_MONTH * len(months))
        session.execute(insert(WorkItem), [_item(number, project.id, now) for number in numbers])
        ids = list(session.scalars(select(WorkItem.id).where(WorkItem.number >= numbers[0]).order_by(WorkItem.number)))
        session.flush()
        names = {"agreement": str(agreement.id), "client": str(client.id), "item": str(numbers[-1])}
        by_month = [ids[at : at + ITEMS_A_MONTH] for at in range(0, len(ids), ITEMS_A_MONTH)]
        return names, by_month, manager.id, kind.id


def _item(number: int, project_id: int, now: datetime) -> dict[str, Any]:
    return {
        "number": number,
        "kind": "ticket",
        "project_id": project_id,
        "title": f"Work {number}",
        "status": "open",
        "created_at": now,
        "updated_at": now,
    }


def _rows(
    chance: random.Random, month: Month, items: list[int], count: int, person_id: int, type_id: int, now: datetime
) -> list[dict[str, Any]]:
    first = datetime.fromisoformat(f"{month.first_day}T06:00:00+00:00")
    days = min(month.days, now.day) if month == Month.of(now.date()) else month.days
    found = []
    for at in range(count * days // month.days):
        started_at = first + timedelta(days=at % days, seconds=60 * chance.randint(0, 700))
        minutes = chance.randint(5, 40)
        found.append(
            {
                "uuid": f"{chance.getrandbits(128):032x}",
                "work_item_id": chance.choice(items),
                "person_id": person_id,
                "work_type_id": type_id,
                "started_at": started_at,
                "ended_at": started_at + timedelta(minutes=minutes),
                "source": "timer",
                "note": f"What was done, part {at}",
                "status": "approved",
                "approved_at": now,
                "billable_seconds": -(-minutes // 15) * 900,
                "rate_minor": 9500,
                "rate_currency": "EUR",
                "rate_reason": "company, from 2020-01-01",
                "created_at": started_at,
            }
        )
    return found


def _measure(app: Flask, names: dict[str, str], options: argparse.Namespace) -> list[str]:
    """Print median, 95 of 100 and slowest of each page; return what is wrong."""
    browser = _signed_in(app)
    gc.collect()
    collect_seldom()  # as the web does
    print(f"  {'page':<20} {'median ms':>10} {'95 of 100':>10} {'slowest':>10} {'of CPU':>8}")
    wrong = []
    for name, path in ((name, path) for name, path in PAGES.items() if options.only in name):
        taken, worked, statuses = [], [], set()
        for turn in range(WARM_UP + options.rounds):
            began, computed = time.perf_counter(), time.process_time()
            answer = browser.get(path.format(**names))
            if turn >= WARM_UP:
                taken.append(1000 * (time.perf_counter() - began))
                worked.append(1000 * (time.process_time() - computed))
            statuses.add(answer.status_code)
        taken.sort()
        median = statistics.median(taken)
        times = f"{median:>10.1f} {taken[int(len(taken) * 0.95)]:>10.1f} {taken[-1]:>10.1f}"
        print(f"  {name:<20} {times} {statistics.median(worked):>8.1f}", flush=True)
        wrong += [f"{name}: {status}" for status in sorted(statuses - {OK})]
        wrong += [f"{name}: {median:.1f} ms"] if median > options.limit and name not in UNLIMITED else []
    return wrong


def _signed_in(app: Flask) -> FlaskClient:
    browser = app.test_client()
    browser.post("/sign-in", data={"email": "manager@desk.example", "password": PASSWORD, "next": "/"})
    return browser


if __name__ == "__main__":
    main()
