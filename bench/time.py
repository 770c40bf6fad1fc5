"""Measure the pages that show time, on a house with 100,000 entries: median, 95 of 100, slowest, and their queries.

    python bench/time.py [--entries 100000] [--rounds 60] [--database sqlite] [--only WORDS] [--limit 40]

Each page is asked for by people who are signed in, through the whole application (Flask's test client: routing,
session, policy, queries, templates, headers; only the socket is left out), in a process of its own that has answered
a few requests before. People, projects, weeks and places in the queue change from one request to the next. To have a
page measured, add a line to ``PAGES``. It fails where the median of a page is above the limit in milliseconds, or a
page does not answer 200.
"""

import argparse
import multiprocessing
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import cycle
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event
from tools.worked import PASSWORD, worked

from helpdesk.app import create_app
from helpdesk.infra.child import collect_seldom
from helpdesk.infra.db import db
from helpdesk.infra.settings import load

OK = 200
WARM_UP = 6


@dataclass(frozen=True)
class Page:
    """A page to measure: what it is called here, the role that looks at it, and its path.

    Everybody of the role (admin, manager, technician) looks by turns. The path may name in braces the ``{busy}``
    project with a fifth of all work, or what is filled in by turns: a ``{project}``, the number of an ``{item}``, a
    ``{week}``, how to ``{group}`` the queue, and an entry that is ``{waiting}`` in it.
    """

    name: str
    role: str
    path: str


PAGES = (
    Page("projects", "manager", "/projects"),
    Page("busy project", "manager", "/projects/{busy}"),
    Page("project", "manager", "/projects/{project}"),
    Page("board", "manager", "/projects/{busy}/board"),
    Page("tasks", "manager", "/tasks"),
    Page("calendar", "manager", "/tasks/calendar"),
    Page("timesheet", "technician", "/time?week={week}"),
    Page("approvals", "manager", "/time/approvals?group={group}"),
    Page("approvals, further on", "manager", "/time/approvals?group={group}&after={waiting}"),
    Page("item", "technician", "/items/{item}"),
)


@dataclass(frozen=True)
class Found:
    """What asking for a page gave: statuses other than 200, milliseconds, and the most queries and bytes."""

    statuses: set[int]
    taken: list[float]
    queries: int
    size: int


def main() -> None:
    """Run and print; exit with 1 where a page is too slow or does not answer."""
    options = _options()
    wrong: list[str] = []
    for database in options.database or ("sqlite", "postgresql"):
        began = time.perf_counter()
        with worked(postgresql=database == "postgresql", entries=options.entries) as house:
            print(f"{database}: {options.entries:,} entries, seeded in {time.perf_counter() - began:.0f} s")
            print(f"  {'page':<24} {'median ms':>10} {'95 of 100':>10} {'slowest':>10} {'queries':>8} {'kB':>7}")
            wrong += [f"{database}: {each}" for each in _elsewhere(house.environ, house.emails, house.names, options)]
    sys.exit("\n".join(wrong) if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--entries", type=int, default=100_000, help="how many time entries (default 100000)")
    parser.add_argument("--rounds", type=int, default=60, help="how often each page is asked for (default 60)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append", help="one only; else both")
    parser.add_argument("--only", default="", help="only the pages whose name has these letters")
    parser.add_argument("--limit", type=float, default=40.0, help="the most milliseconds of a median (default 40)")
    return parser.parse_args()


def _elsewhere(
    environ: dict[str, str], emails: dict[str, list[str]], names: dict[str, list[str]], options: argparse.Namespace
) -> list[str]:
    """Measure all pages in a new process, print what was found, and return what is wrong with it."""
    ours, theirs = multiprocessing.Pipe()
    wanted = [page for page in PAGES if options.only in page.name]
    process = multiprocessing.get_context("spawn").Process(
        target=_measure, args=(theirs, environ, dict(emails), dict(names), wanted, options.rounds)
    )
    process.start()
    theirs.close()
    wrong = []
    for page in wanted:
        found: Found = ours.recv()
        found.taken.sort()
        median, high = statistics.median(found.taken), found.taken[int(len(found.taken) * 0.95)]
        times = f"{median:>10.1f} {high:>10.1f} {found.taken[-1]:>10.1f}"
        print(f"  {page.name:<24} {times} {found.queries:>8} {found.size / 1000:>7.0f}", flush=True)
        wrong += [f"{page.name}: {status}" for status in sorted(found.statuses)]
        wrong += [f"{page.name}: {median:.1f} ms"] if median > options.limit else []
    process.join()
    return wrong


def _measure(
    answer: Connection,
    environ: dict[str, str],
    emails: dict[str, list[str]],
    names: dict[str, list[str]],
    pages: list[Page],
    rounds: int,
) -> None:
    app = create_app(load(environ))
    app.config["WTF_CSRF_ENABLED"] = False
    collect_seldom()  # as each process of the web does
    for page in pages:
        browsers = [_signed_in(app, email) for email in emails[page.role]]
        answer.send(_asked(app, page, browsers, names, rounds))


def _asked(app: Flask, page: Page, browsers: list[FlaskClient], names: dict[str, list[str]], rounds: int) -> Found:
    looking, values = cycle(browsers), {name: cycle(each) for name, each in names.items()}
    statuses, taken, queries, size = set(), [], 0, 0
    for turn in range(WARM_UP + rounds):
        path = page.path.format(**{name: next(each) for name, each in values.items()})
        with _statements(app) as statements:
            began = time.perf_counter()
            found = next(looking).get(path)
            milliseconds = 1000 * (time.perf_counter() - began)
        if turn >= WARM_UP:
            taken.append(milliseconds)
        statuses |= {found.status_code} - {OK}
        queries, size = max(queries, len(statements)), max(size, len(found.data))
    return Found(statuses, taken, queries, size)


def _signed_in(app: Flask, email: str) -> FlaskClient:
    browser = app.test_client()
    browser.post("/sign-in", data={"email": email, "password": PASSWORD, "next": "/"})
    return browser


@contextmanager
def _statements(app: Flask) -> Iterator[list[str]]:
    """Yield the statements that run inside the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        statements.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
