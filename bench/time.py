"""Measure the pages that show time, on a house with 100,000 entries: median and slowest answer, and their queries.

    python bench/time.py [--entries 100000] [--rounds 40] [--database sqlite] [--only WORDS] [--limit 40]

Each page is asked for by a person who is signed in, through the whole application (Flask's test client: routing,
session, policy, queries, templates, headers; only the socket is left out). To have a page measured, add a line to
``PAGES``. It fails where the median of a page is above the limit in milliseconds, or a page does not answer 200.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from flask.testing import FlaskClient
from sqlalchemy import event
from tools.worked import PASSWORD, Worked, worked

from helpdesk.infra.db import db

OK = 200


@dataclass(frozen=True)
class Page:
    """A page to measure: what it is called here, who looks at it, and its path.

    Who: ``admin``, ``manager``, ``technician1`` to ``technician12``. The path may name in braces the ids of these
    people, ``{project}`` and ``{client}`` with a fifth of all work, and the number of a ``{task}``.
    """

    name: str
    who: str
    path: str


PAGES = (
    Page("projects", "manager", "/projects"),
    Page("project", "manager", "/projects/{project}"),
    Page("board", "manager", "/projects/{project}/board"),
    Page("tasks", "manager", "/tasks"),
    Page("calendar", "manager", "/tasks/calendar"),
    Page("timesheet", "technician1", "/time"),
    Page("approvals", "manager", "/time/approvals"),
    Page("task", "technician1", "/items/{task}"),
)


def main() -> None:
    """Run and print; exit with 1 where a page is too slow or does not answer."""
    options = _options()
    wrong: list[str] = []
    for database in options.database or ("sqlite", "postgresql"):
        began = time.perf_counter()
        with worked(postgresql=database == "postgresql", entries=options.entries) as house:
            print(f"{database}: {options.entries:,} entries, seeded in {time.perf_counter() - began:.0f} s")
            print(f"  {'page':<24} {'median ms':>10} {'slowest ms':>11} {'queries':>8} {'kB':>7}")
            for page in PAGES:
                if options.only in page.name:
                    wrong += _measure(house, page, options, f"{database}: {page.name}")
    sys.exit("\n".join(wrong) if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--entries", type=int, default=100_000, help="how many time entries (default 100000)")
    parser.add_argument("--rounds", type=int, default=40, help="how often each page is asked for (default 40)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append", help="one only; else both")
    parser.add_argument("--only", default="", help="only the pages whose name has these letters")
    parser.add_argument("--limit", type=float, default=40.0, help="the most milliseconds of a median (default 40)")
    return parser.parse_args()


def _measure(house: Worked, page: Page, options: argparse.Namespace, name: str) -> list[str]:
    browser, path = _signed_in(house, page.who), page.path.format(**house.ids)
    with _statements(house) as statements:
        answer = browser.get(path)
    if answer.status_code != OK:
        return [f"{name}: {answer.status_code}"]
    taken = []
    for _ in range(options.rounds):
        began = time.perf_counter()
        browser.get(path)
        taken.append(1000 * (time.perf_counter() - began))
    median = statistics.median(taken)
    size = len(answer.data) / 1000
    print(f"  {page.name:<24} {median:>10.1f} {max(taken):>11.1f} {len(statements):>8} {size:>7.0f}", flush=True)
    return [f"{name}: {median:.1f} ms"] if median > options.limit else []


def _signed_in(house: Worked, who: str) -> FlaskClient:
    house.app.config["WTF_CSRF_ENABLED"] = False
    browser = house.app.test_client()
    browser.post("/sign-in", data={"email": house.emails[who], "password": PASSWORD, "next": "/"})
    return browser


@contextmanager
def _statements(house: Worked) -> Iterator[list[str]]:
    """Yield the statements that run inside the block."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:  # noqa: ANN401 - SQLAlchemy's
        statements.append(statement)

    with house.app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield statements
    event.remove(engine, "before_cursor_execute", note)


if __name__ == "__main__":
    main()
