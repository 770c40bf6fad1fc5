"""Measure how fast people find things among 100,000 tickets: each thing typed, as the palette asks for it.

    python bench/finding.py [--tickets 100000] [--rounds 20] [--database sqlite] [--limit 100]

The lines of the palette are asked for by a manager and by a technician who does not see all clients, through the whole
application; so are the people whom the form for a new ticket offers, among 100,000 contacts. It fails where the median
of one is above the limit in milliseconds (design: first results under 100 ms).
"""

import argparse
import random
import statistics
import sys
import time
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from sqlalchemy import insert, select, update
from tools.worked import PASSWORD, Worked, worked

from helpdesk.accounts import service as accounts
from helpdesk.clients.models import Client, Contact
from helpdesk.infra.db import db, unit_of_work
from helpdesk.invoicing.models import Invoice
from helpdesk.projects.models import Project, WorkItem

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
CLIENTS, CONTACTS, INVOICES = 300, 100_000, 20_000
FIRST_NUMBER = 100_000
AT_ONCE = 5_000
SYLLABLES = ["prä", "ter", "no", "lu", "ka", "bi", "sen", "mo", "ra", "ti", "ö", "ve", "du", "ing", "el", "sto"]
COMMON = ["printer", "Drucker", "mail", "server", "blank", "slow", "password", "laptop", "network", "hall"]
TYPED = ("", "p", "pr", "printer", "printer hall", "drucker lapt", "präterno", "kun 7", "1000", "#10", "inv 2026",
         "xyzzy", "start printer", "person 17", "040 555000", "+49 40 123456-7")  # fmt: skip
ASKED_FOR = ("person 17", "p17@x.example", "040 555000", "0049 (0)40 12345-67", "+49 40 123456-7", "999999")
"""What is typed where the form for a new ticket asks who it is for."""
PLACES = (("/search/results", "q", TYPED, 'role="option"'), ("/tickets/new/for", "who", ASKED_FOR, 'value="pick:'))
"""Where something is typed: address, field, what, and what stands before each line that is found."""


def main() -> None:
    """Run and print; exit with 1 where something is found too slowly."""
    options = _options()
    slow: list[str] = []
    for database in options.database or ("sqlite", "postgresql"):
        with worked(postgresql=database == "postgresql", entries=500) as house:
            began = time.perf_counter()
            _furnish(house, options.tickets)
            print(f"{database}: {options.tickets:,} tickets, seeded in {time.perf_counter() - began:.0f} s")
            for who in ("manager", "technician1"):
                slow += [f"{database}: {each}" for each in _measure(house, who, options)]
    sys.exit("\n".join(slow) if slow else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--tickets", type=int, default=100_000, help="how many tickets (default 100000)")
    parser.add_argument("--rounds", type=int, default=20, help="how often each is asked for (default 20)")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), action="append", help="one only; else both")
    parser.add_argument("--limit", type=float, default=100.0, help="the most milliseconds of a median (default 100)")
    return parser.parse_args()


def _furnish(house: Worked, tickets: int) -> None:
    dice = random.Random(7)  # noqa: S311 - the same rows each time

    def word() -> str:
        return "".join(dice.choices(SYLLABLES, k=3)) if dice.random() < 0.85 else dice.choice(COMMON)  # noqa: PLR2004

    with house.app.app_context(), unit_of_work() as session:
        team = accounts.add_team(session, name="Some", person_ids=(), now=NOW)
        client: dict[str, Any] = {"currency": "EUR", "created_at": NOW}
        session.execute(insert(Client), [{**client, "name": f"Kunde {n} {word()} GmbH"} for n in range(CLIENTS)])
        clients = list(session.scalars(select(Client.id)))
        session.execute(update(Client).where(Client.id.in_(clients[::3])).values(restricted_team_id=team.id))
        session.execute(insert(Project), [{"client_id": one, "name": word(), "created_at": NOW} for one in clients * 3])
        projects = list(session.scalars(select(Project.id)))
        contact: dict[str, Any] = {"created_at": NOW}
        rows = (
            {
                **contact,
                "client_id": dice.choice(clients),
                "name": f"Person {n} {word()}",
                "email": f"p{n}@x.example",
                "phone": _phone(n),
            }
            for n in range(CONTACTS)
        )
        _write(session, Contact, rows)
        bill: dict[str, Any] = {"status": "issued", "currency": "EUR", "created_at": NOW}
        rows = (
            {**bill, "client_id": dice.choice(clients), "number": f"INV-2026-{n:05}", "idempotency_key": f"bench {n}"}
            for n in range(INVOICES)
        )
        _write(session, Invoice, rows)
        item: dict[str, Any] = {"kind": "ticket", "status": "closed", "created_at": NOW, "updated_at": NOW}
        rows = (
            {
                **item,
                "number": FIRST_NUMBER + n,
                "project_id": dice.choice(projects),
                "title": " ".join(word() for _ in range(7)),
            }
            for n in range(tickets)
        )
        _write(session, WorkItem, rows)
    with house.app.app_context(), db.engine.connect() as connection:
        connection.exec_driver_sql("ANALYZE")
        connection.commit()


def _phone(number: int) -> str:
    """Return a number as people write them: with or without the country, an extension, or a second one."""
    digits = f"{number * 7 % 1_000_000:06}"
    ways = (f"+49 40 {digits}", f"040/{digits[:4]} {digits[4:]}", f"0049 (0)40 {digits}-{number % 100:02}", "")
    return ways[number % 4] + (f", 0171 {digits}5" if number % 10 == 0 else "")


def _write(session: Any, model: Any, rows: Any) -> None:  # noqa: ANN401 - any model and its rows
    while page := list(islice(rows, AT_ONCE)):
        session.execute(insert(model), page)


def _measure(house: Worked, who: str, options: argparse.Namespace) -> list[str]:
    house.app.config["WTF_CSRF_ENABLED"] = False
    browser = house.app.test_client()
    signed = browser.post("/sign-in", data={"email": house.emails[who], "password": PASSWORD, "next": "/"})
    if signed.status_code != HTTPStatus.SEE_OTHER:
        sys.exit(f"{who} cannot sign in: {signed.status_code}")
    slow = []
    print(f"  {who + ' types':<24} {'median ms':>10} {'slowest ms':>11} {'lines':>6}")
    for address, field, typed, line in ((*place[:2], each, place[3]) for place in PLACES for each in place[2]):
        taken, lines = [], 0
        for _ in range(options.rounds):
            began = time.perf_counter()
            answer = browser.get(address, query_string={field: typed})
            taken.append(1000 * (time.perf_counter() - began))
            lines = answer.text.count(line)
        median = statistics.median(taken)
        print(f"  {typed:<24} {median:>10.1f} {max(taken):>11.1f} {lines:>6}", flush=True)
        slow += [f"{typed!r}: {median:.1f} ms"] if median > options.limit else []
    return slow


if __name__ == "__main__":
    main()
