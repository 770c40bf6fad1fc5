"""A house in which much was worked: clients, projects, tasks and time entries by the hundred thousand.

Rows go straight into their tables; the pages that are measured read them as they would read those of years. The same
seed makes the same rows.
"""

import os
import random
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.app import create_app
from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.infra import clock
from helpdesk.infra.counters import take_next
from helpdesk.infra.db import Base, db, unit_of_work
from helpdesk.infra.policy import MANAGER, SYSTEM, TECHNICIAN
from helpdesk.infra.schema import count_rows
from helpdesk.infra.settings import load as load_settings
from helpdesk.projects import first_run
from helpdesk.projects import service as projects
from helpdesk.projects.models import TaskDetails, WorkItem
from helpdesk.rates import service as rates
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.models import Charge, TimeEntry
from tests.postgres import cluster

PASSWORD = "a long enough password 7"  # noqa: S105 - of a house that lives for a minute
TECHNICIANS = 12
CLIENTS = 25
BUSY_SHARE = 5  # one item in so many belongs to the busy project
YEARS_OF_WORK = timedelta(days=730)
FRESH = timedelta(days=14)  # younger time is not approved yet
ROWS_AT_ONCE = 2000
BY_TURNS = 20  # of so many weeks, items and places in the queue pages are asked for


@dataclass(frozen=True)
class Worked:
    """The application on its database, how another process reaches that, and what a page's path may name in braces.

    ``emails`` are by role; ``names`` are the values to be put in by turns.
    """

    app: Flask
    environ: dict[str, str]
    emails: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    names: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


@contextmanager
def worked(*, postgresql: bool, entries: int) -> Iterator[Worked]:
    """Yield a house with so many time entries, one item for every 25 of them; nothing runs."""
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
        with app.app_context():
            upgrade()
            house = Worked(app, environ)
            _furnish(house, entries=entries, now=clock.now().replace(microsecond=0))
            with unit_of_work() as session:
                count_rows(session)  # as it is done every hour
            if postgresql:  # as its autovacuum does
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql("VACUUM ANALYZE")
            db.engine.dispose()
        yield house
        with app.app_context():
            db.engine.dispose()


def _furnish(house: Worked, *, entries: int, now: datetime) -> None:
    chance = random.Random(7)  # noqa: S311 - the same rows in every run
    with unit_of_work() as session:
        people = _people(session, house, now)
        project_ids = _projects(session, house, now)
    with unit_of_work() as session:
        items = _items(session, chance, project_ids=project_ids, people=people, count=entries // 25, now=now)
        numbers = session.scalars(select(WorkItem.number).order_by(WorkItem.number)).all()
        house.names["item"] = [str(chance.choice(numbers)) for _ in range(BY_TURNS)]
        type_id = session.scalar(select(WorkType.id).limit(1))
    with unit_of_work() as session:
        rows = _entries(chance, items=items, people=people, type_id=type_id, count=entries, now=now)
        _insert(session, TimeEntry, rows)
        _charge(session)
        waiting = session.scalars(select(TimeEntry.id).where(TimeEntry.status == "submitted")).all()
        house.names["waiting"] = [str(chance.choice(waiting)) for _ in range(BY_TURNS)]
    weeks = ((now - timedelta(days=7 * back)).isocalendar() for back in range(BY_TURNS))
    house.names["week"] = [f"{week.year}-W{week.week:02}" for week in weeks]
    house.names["group"] = ["person", "client", "project", "manager"]


def _people(session: Session, house: Worked, now: datetime) -> list[int]:
    """Return the ids of the technicians; the house has an administrator and a manager beside them."""
    admin = first_run.set_up(
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
    house.emails["admin"].append(admin.email)
    found = []
    for name, role in (("manager", MANAGER), *((f"technician{n}", TECHNICIAN) for n in range(1, TECHNICIANS + 1))):
        person = accounts.add_person(
            session,
            actor=SYSTEM,
            now=now,
            name=name.capitalize(),
            email=f"{name}@desk.example",
            password=PASSWORD,
            role=role,
            time_zone="Europe/Berlin",
        )
        house.emails[role].append(person.email)
        if role == TECHNICIAN:
            found.append(person.id)
    return found


def _projects(session: Session, house: Worked, now: datetime) -> list[int]:
    """Return the ids of two projects a client, the busy one first."""
    found = []
    session.add(WorkType(name="Remote support", is_default=True))
    for number in range(1, CLIENTS + 1):
        profile = ClientProfile(name=f"Client {number}", currency="EUR", time_zone="Europe/Berlin")
        client = clients.add_client(session, actor=SYSTEM, now=now, profile=profile)
        for name in ("Support", "Website"):
            project = projects.add_project(session, actor=SYSTEM, now=now, client_id=client.id, name=name)
            found.append(project.id)
    house.names["busy"], house.names["project"] = [str(found[0])], [str(each) for each in found[1:]]
    rates.set_rate(
        session, actor=SYSTEM, now=now, amount="95.00", currency="EUR", effective_on=(now - 2 * YEARS_OF_WORK).date()
    )
    return found


def _items(
    session: Session, chance: random.Random, *, project_ids: list[int], people: list[int], count: int, now: datetime
) -> list[tuple[int, datetime]]:
    """Return the ids of new work items, tasks and tickets by turns, and from when on they are worked at."""
    first, items, details = take_next(session, projects.ITEM_NUMBERS), [], []
    for at in range(count):
        begun = now - YEARS_OF_WORK * ((count - at) / count)
        is_task, is_open = at % 2 == 0, at > count * 0.9
        items.append(
            {
                "number": first + at,
                "kind": "task" if is_task else "ticket",
                "project_id": project_ids[0] if at % BUSY_SHARE == 0 else chance.choice(project_ids[1:]),
                "title": f"Work {at}",
                "status": chance.choice(("open", "in_progress", "waiting")) if is_open else "closed",
                "assignee_id": chance.choice(people),
                "created_at": begun,
                "updated_at": begun,
                "closed_at": None if is_open else begun,
            }
        )
    _insert(session, WorkItem, items)
    for _ in range(count - 1):
        take_next(session, projects.ITEM_NUMBERS)
    made = session.execute(select(WorkItem.id, WorkItem.kind, WorkItem.created_at).order_by(WorkItem.number)).all()
    for position, row in enumerate(made):
        if row.kind == "task":
            day = row.created_at.date()
            spread = {"starts_on": day, "due_on": day + timedelta(days=chance.randint(3, 40))}
            details.append(
                {
                    "work_item_id": row.id,
                    "position": position,
                    "estimate_seconds": 3600 * chance.randint(1, 20),
                    **spread,
                }
            )
    _insert(session, TaskDetails, details)
    return [(row.id, row.created_at) for row in made]


def _entries(
    chance: random.Random,
    *,
    items: Sequence[tuple[int, datetime]],
    people: list[int],
    type_id: int | None,
    count: int,
    now: datetime,
) -> Iterator[dict[str, Any]]:
    """Yield entries in the order of their time; one day of a person has about 11 of them, one after the other."""
    for at in range(count):
        started_at = now - YEARS_OF_WORK + (YEARS_OF_WORK - timedelta(hours=2)) * (at / count)
        seconds = 60 * chance.randint(5, 30)
        status = "locked" if now - started_at > FRESH * 2 else "approved" if now - started_at > FRESH else "submitted"
        fixed = status != "submitted"
        item_id, _begun = items[min(len(items) - 1, at * len(items) // count + chance.randint(0, 40))]
        yield {
            "uuid": f"{chance.getrandbits(128):032x}",
            "work_item_id": item_id,
            "person_id": people[at % len(people)],
            "work_type_id": type_id,
            "started_at": started_at,
            "ended_at": started_at + timedelta(seconds=seconds),
            "source": "timer",
            "note": f"What was done, part {at}",
            "status": status,
            "submitted_at": started_at,
            "approved_at": started_at if fixed else None,
            "billable_seconds": -(-seconds // 900) * 900 if fixed else None,
            "rate_minor": 9500 if fixed else None,
            "rate_currency": "EUR" if fixed else None,
            "rate_reason": "company, from 2020-01-01" if fixed else "",
            "created_at": started_at,
        }


def _insert(session: Session, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
    left = iter(rows)
    while some := list(islice(left, ROWS_AT_ONCE)):
        session.execute(insert(model), some)


def _charge(session: Session) -> None:
    """Let one invoice that nobody sees hold every locked entry."""
    charges = Base.metadata.tables[Charge.__tablename__]
    locked = select(
        TimeEntry.id,
        text("0"),
        TimeEntry.billable_seconds,
        TimeEntry.billable_seconds,
        text("'hourly'"),
        text("'bench'"),
        text("1"),
        text("'fixed'"),
        TimeEntry.created_at,
    ).where(TimeEntry.status == "locked")
    names = ("time_entry_id", "from_second", "to_second", "burn_seconds", "kind", "holder_kind", "holder_id", "state")
    session.execute(charges.insert().from_select([*names, "created_at"], locked, include_defaults=False))
    session.flush()
