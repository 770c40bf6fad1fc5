"""Measure the pages that technicians live in, among 2,000 and 100,000 tickets, on the processes of `helpdesk up`.

    python bench/web.py [--tickets 2000 --tickets 100000] [--database sqlite] [--seconds 5] [--only WORDS]

Each page is asked for by a signed-in technician: by one alone, one time after the other, and by eight at once, while
browsers listen to the stream of events. Whoever asks shares the processors with whoever answers. It fails where a page
is above the limits in milliseconds, comes less often in a second than it should, takes more than 1.3 times as long as
among the fewest tickets, or does not answer 200.
"""

import argparse
import http.client
import multiprocessing
import random
import re
import statistics
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import cycle
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import insert, select
from sqlalchemy.orm import Session
from tools.worked import PASSWORD, Worked, worked

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Contact
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import TECHNICIAN
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets.models import Message, Participant, TicketDetails
from helpdesk.tickets.process import describe_all
from helpdesk.timekeeping.models import TimeEntry

HELPDESK = Path(sys.executable).with_name("helpdesk")
NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
FIRST_NUMBER, FIRST_ID = 10_000, 1_000_000
OPEN_TICKETS, CONTACTS, MESSAGES = 1_500, 500, 3
LISTENERS, AT_ONCE, AT_A_TIME = 10, 8, 2_000
GROWTH = 1.3
ROUNDS, WARM_UP, OK, SEE_OTHER = 60, 10, 200, 303
VOCABULARY = 20_000
WORDS = ("printer", "blank", "password", "laptop", "network", "hall", "mailbox", "slow", "backup", "licence")


@dataclass(frozen=True)
class Page:
    """One page; ``{item}`` in its path stands for a ticket.

    ``median`` and ``high`` are limits in milliseconds; so many a ``second`` have to come where eight ask at once.
    """

    name: str
    path: str
    median: float
    high: float
    second: float = 0


PAGES = (
    Page("queue", "/desk?view=all", 30, 60, 150),
    Page("queue of mine", "/desk?view=mine", 30, 60, 150),
    Page("ticket", "/items/{item}", 30, 60, 120),
    Page("palette", "/search/results?q=printer+hall", 100, 200),
    Page("search", "/search?q=printer+hall", 100, 200),
    Page("search, common", "/search?q=printer", 100, 200),
    Page("search, rare", "/search?q=r{item}", 100, 200),
    Page("search, prefix", "/search?q=password+prin", 100, 200),
    Page("search, phrase", '/search?q="printer+blank+hall"', 100, 200),
    Page("search, none", "/search?q=printer+zebra", 100, 200),
    Page("search, who", "/search?q=printer+from:person+status:waiting+-is:snoozed", 100, 200),
    Page("search, closed", "/search?q=r{item}+is:closed+after:2020-01-31+-assignee:nobody", 100, 200),
    Page("search, old", "/search?q=printer+before:2025-06-01", 100, 200),
    Page("search, state", "/search?q=is:unassigned+priority:normal", 100, 200),
)


@dataclass(frozen=True)
class Desk:
    """Where a desk is served, who is signed in, and numbers of tickets to look at."""

    host: str
    cookie: str
    items: tuple[int, ...]

    def paths(self, page: Page) -> Iterator[str]:
        """Yield the page's paths, one ticket after the other, without end."""
        return (page.path.format(item=item) for item in cycle(self.items))


def main() -> None:
    """Run and print; exit with 1 where a page is too slow or does not answer."""
    options = _options()
    wrong: list[str] = []
    for database in options.database or ("sqlite", "postgresql"):
        medians: dict[str, float] = {}
        for tickets in sorted(options.tickets or (2_000, 100_000)):
            began = time.perf_counter()
            with worked(postgresql=database == "postgresql", entries=500) as house:
                items = _furnish(house, tickets)
                with _served(house, items) as desk:
                    print(f"{database}: {tickets:,} tickets, ready in {time.perf_counter() - began:.0f} s", flush=True)
                    wrong += [f"{database}, {tickets:,}: {each}" for each in _measure(desk, options, medians)]
    sys.exit("\n".join(wrong) if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--tickets", type=int, action="append", help="how many tickets; else 2,000 and 100,000")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append", help="one only; else both")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long eight ask at once (default 5)")
    parser.add_argument("--only", default="", help="only the pages whose name has these letters")
    return parser.parse_args()


def _furnish(house: Worked, tickets: int) -> tuple[int, ...]:
    """Add tickets with messages and an entry each, the youngest of them open; return numbers of some open ones."""
    chance = random.Random(8)  # noqa: S311 - the same rows in every run, others than those of the house
    with house.app.app_context(), unit_of_work() as session:
        people = session.scalars(select(Person.id).where(Person.role == TECHNICIAN)).all()
        projects = session.execute(select(Project.id, Project.client_id).where(Project.is_triage.is_(False))).all()
        session.execute(
            insert(Contact),
            [
                {
                    "client_id": projects[n % len(projects)].client_id,
                    "name": f"Person {n}",
                    "email": f"p{n}@x.example",
                    "created_at": NOW,
                }
                for n in range(CONTACTS)
            ],
        )
        contacts = session.scalars(select(Contact.id).order_by(Contact.id)).all()
    for first in range(0, tickets, AT_A_TIME):
        numbers = range(first, min(first + AT_A_TIME, tickets))
        with house.app.app_context(), unit_of_work() as session:
            _tickets(session, chance, numbers, tickets, projects, people, contacts)
        if first == 0:
            _analyse(house)
    _analyse(house)
    with house.app.app_context():
        deque(describe_all(unit_of_work), maxlen=0)
    _analyse(house)
    return tuple(FIRST_NUMBER + tickets - 1 - 7 * n for n in range(min(100, OPEN_TICKETS // 7)))


def _analyse(house: Worked) -> None:
    """Let the database know its rows, and plan anew what it planned for empty tables."""
    with house.app.app_context(), db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
        db.engine.dispose()


def _tickets(
    session: Session,
    chance: random.Random,
    numbers: range,
    tickets: int,
    projects: Any,  # noqa: ANN401 - rows of id and client
    people: Any,  # noqa: ANN401 - ids
    contacts: Any,  # noqa: ANN401 - ids
) -> None:
    items, details, participants, messages, entries = [], [], [], [], []
    for n in numbers:
        at = NOW - timedelta(minutes=10 * (tickets - n))
        is_open, requester, assignee = n >= tickets - OPEN_TICKETS, chance.choice(contacts), chance.choice(people)
        item = {"id": FIRST_ID + n, "number": FIRST_NUMBER + n, "kind": "ticket", "created_at": at, "updated_at": at}
        title = f"{' '.join(chance.sample(WORDS, 3))} {n}"
        status = chance.choice(("new", "open", "in_progress", "waiting")) if is_open else "closed"
        items.append(
            {
                **item,
                "project_id": chance.choice(projects).id,
                "title": title,
                "status": status,
                "assignee_id": assignee if n % 3 else None,
                "closed_at": None if is_open else at,
            }
        )
        details.append({"work_item_id": item["id"], "requester_id": requester, "reasons": [], "last_message_at": at})
        participants.append({"work_item_id": item["id"], "contact_id": requester, "role": "requester", "added_at": at})
        for turn in range(MESSAGES):
            text = " ".join([*chance.choices(WORDS, k=36), *(f"v{chance.randrange(VOCABULARY)}" for _word in range(4))])
            text += f" r{item['number']}" if turn == 0 else ""
            author = (
                {"contact_id": None, "person_id": assignee}
                if turn % 2
                else {"contact_id": requester, "person_id": None}
            )
            messages.append(
                {
                    "work_item_id": item["id"],
                    "kind": "reply" if turn % 2 else "mail",
                    **author,
                    "posted_at": at + timedelta(minutes=turn),
                    "subject": title,
                    "text": text,
                    "reply_text": text,
                    "recipients": [],
                    "blocked_images": [],
                    "reasons": [],
                }
            )
        entries.append(
            {
                "uuid": f"{chance.getrandbits(128):032x}",
                "work_item_id": item["id"],
                "person_id": assignee,
                "started_at": at,
                "ended_at": at + timedelta(minutes=15),
                "source": "timer",
                "note": "Answered",
                "status": "submitted",
                "submitted_at": at,
                "created_at": at,
            }
        )
    for model, rows in (
        (WorkItem, items),
        (TicketDetails, details),
        (Participant, participants),
        (Message, messages),
        (TimeEntry, entries),
    ):
        session.execute(insert(model), rows)


@contextmanager
def _served(house: Worked, items: tuple[int, ...]) -> Iterator[Desk]:
    """Run `helpdesk up` on the house, with browsers that listen, and yield where it is and who is signed in."""
    environ = {name: value for name, value in house.environ.items() if name != "REDIS_URL"}
    log = (Path(environ["HELPDESK_HOME"]) / "log").open("w")
    with ExitStack() as ends:
        ends.enter_context(log)
        process = ends.enter_context(
            subprocess.Popen(
                [HELPDESK, "up", "--port", "0"], env=environ, stdout=subprocess.PIPE, stderr=log, text=True
            )
        )
        ends.callback(process.terminate)
        line = next((line for line in process.stdout or () if line.startswith("Helpdesk is up")), "")
        host = urlsplit(line.split()[4]).netloc
        desk = Desk(host, _cookie(host, house.emails[TECHNICIAN][0]), items)
        for _ in range(LISTENERS):
            ends.enter_context(closing(_listening(desk)))
        yield desk


def _cookie(host: str, email: str) -> str:
    """Sign in and return the cookie."""
    with closing(http.client.HTTPConnection(host, timeout=60)) as line:
        line.request("GET", "/sign-in")
        page = line.getresponse()
        first, text = _set_cookie(page), page.read().decode()
        [token] = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', text)[:1]
        form = urlencode({"csrf_token": token, "email": email, "password": PASSWORD, "next": "/"})
        headers = {"Cookie": first, "Content-Type": "application/x-www-form-urlencoded", "Referer": f"http://{host}/"}
        line.request("POST", "/sign-in", form, headers)
        answer = line.getresponse()
        answer.read()
        if answer.status != SEE_OTHER:
            sys.exit(f"signing in answers {answer.status}")
        return _set_cookie(answer)


def _set_cookie(answer: http.client.HTTPResponse) -> str:
    return (answer.headers["Set-Cookie"] or "").partition(";")[0]


def _listening(desk: Desk) -> http.client.HTTPConnection:
    """Return a connection on which events are told."""
    line = http.client.HTTPConnection(desk.host, timeout=60)
    line.request("GET", "/live/stream", headers={"Cookie": desk.cookie, "Accept": "text/event-stream"})
    return line


def _measure(desk: Desk, options: argparse.Namespace, medians: dict[str, float]) -> list[str]:
    """Print what is measured and return what is wrong with it; ``medians`` are those of fewer tickets, by page."""
    print(f"  {'page':<16} {'median ms':>10} {'95 of 100':>10} {'slowest':>9} {'a second':>9} {'kB':>6}", flush=True)
    wrong = []
    for page in (one for one in PAGES if options.only in one.name):
        taken, statuses, size = _one_after_the_other(desk, page)
        median, high = statistics.median(taken), sorted(taken)[int(len(taken) * 0.95)]
        rate = _at_once(desk, page, options.seconds)
        figures = f"{median:>10.1f} {high:>10.1f} {max(taken):>9.1f} {rate:>9.0f} {size / 1000:>6.1f}"
        print(f"  {page.name:<16} {figures}", flush=True)
        wrong += [f"{page.name}: {status}" for status in sorted(statuses - {OK})]
        wrong += [f"{page.name}: median {median:.1f} ms"] if median > page.median else []
        wrong += [f"{page.name}: 95 of 100 {high:.1f} ms"] if high > page.high else []
        wrong += [f"{page.name}: {rate:.0f} a second"] if rate < page.second else []
        few = medians.setdefault(page.name, median)
        wrong += [f"{page.name}: {median / few:.1f} times as long as among fewer"] if median > few * GROWTH else []
    return wrong


def _ask(line: http.client.HTTPConnection, desk: Desk, path: str) -> tuple[int, int]:
    """Return the status of an answer, and its bytes as they came."""
    line.request("GET", path, headers={"Cookie": desk.cookie, "Accept-Encoding": "gzip"})
    answer = line.getresponse()
    return answer.status, len(answer.read())


def _one_after_the_other(desk: Desk, page: Page) -> tuple[list[float], set[int], int]:
    taken, statuses, size, paths = [], set(), 0, desk.paths(page)
    with closing(http.client.HTTPConnection(desk.host, timeout=60)) as line:
        for turn in range(WARM_UP + ROUNDS):
            began = time.perf_counter()
            status, length = _ask(line, desk, next(paths))
            milliseconds = 1000 * (time.perf_counter() - began)
            statuses.add(status)
            size = max(size, length)
            if turn >= WARM_UP:
                taken.append(milliseconds)
    return taken, statuses, size


def _at_once(desk: Desk, page: Page, seconds: float) -> float:
    """Return how many answers a second come where eight ask at once, from a process of their own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_crowd, args=(theirs, desk, page, seconds))
    process.start()
    theirs.close()
    rate: float = ours.recv()
    process.join()
    return rate


def _crowd(answer: Any, desk: Desk, page: Page, seconds: float) -> None:  # noqa: ANN401 - a connection
    counts, until = [0] * AT_ONCE, time.perf_counter() + seconds

    def ask_again_and_again(which: int) -> None:
        paths = desk.paths(page)
        with closing(http.client.HTTPConnection(desk.host, timeout=60)) as line:
            while time.perf_counter() < until:
                status, _size = _ask(line, desk, next(paths))
                counts[which] += status == OK

    threads = [threading.Thread(target=ask_again_and_again, args=(which,)) for which in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    answer.send(sum(counts) / seconds)


if __name__ == "__main__":
    main()
