"""Measure the way from the IMAP server to tickets: how fast, against how much a bare loop does, and how soon.

    python bench/intake.py [--count 2000] [--singles 60] [--postgresql] [--mails FOLDER]

Real processes on a real Dovecot and a real broker. The floor, in the same run, fetches the same mailbox in batches,
reads each mail with mail-parser and commits one durable row a mail to the same kind of database. ``--mails`` takes the
mails of a folder (.eml, in the order of their names) instead of ours; the domains that write in it are our clients, and
whom the first one was written to is our mailbox. It fails on wrong counts, never on slowness.
"""

import argparse
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from email.policy import SMTP
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import mailparser
import psycopg
from imapclient import IMAPClient
from tools.house import FINISHED, OUTCOMES, House, desk, table
from tools.load import mails

from tests.dovecot import PASSWORD, Account, running_dovecot

BATCH = 50
LONGEST_SECONDS = 600.0
TICKETS = "SELECT count(*) FROM work_items WHERE kind = 'ticket'"
REPLIES = "SELECT count(*) FROM inbound_messages WHERE outcome = 'reply'"


def main() -> None:
    """Run and print; exit with 1 where a mail is missing, doubled or in the wrong place."""
    options = _options()
    wrong: list[str] = []
    with running_dovecot() as dovecot:
        account = dovecot.account()
        given = list(_given(options))
        deliver(account, iter(given))
        with desk(postgresql=options.postgresql, of_clients=sorted({_domain(raw, "From") for raw in given})) as house:
            floor = _floor(account, house)
            house.start("work", "schedule", "watch")
            _throughput(house, account, given, floor, wrong, expect_mix=options.mails is None)
            if options.singles:
                _latency(house, account, options.singles)
    sys.exit("\n".join(wrong) if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--count", type=int, default=2000, help="how many mails (default 2000)")
    parser.add_argument("--singles", type=int, default=60, help="how many single deliveries are timed (default 60)")
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--mails", type=Path, help="a folder of .eml files to use instead of ours")
    return parser.parse_args()


def _given(options: argparse.Namespace) -> Iterator[bytes]:
    if options.mails is None:
        return mails(options.count)
    return (file.read_bytes() for file in sorted(options.mails.glob("*.eml"))[: options.count])


def _address(raw: bytes, name: str) -> str:
    headers = BytesHeaderParser(policy=SMTP).parsebytes(raw)
    return str(headers[name].addresses[0].addr_spec)


def _domain(raw: bytes, name: str) -> str:
    return _address(raw, name).rpartition("@")[2]


def deliver(account: Account, given: Iterator[bytes]) -> None:
    """Put the mails into the mailbox in their order."""
    with account.client() as client:
        for raw in given:
            client.append("INBOX", raw)


def _floor(account: Account, house: House) -> float:
    """Return how many mails a second the bare loop does."""
    with ExitStack() as ends:
        rows = _bare_rows(house, ends)
        rows.execute("CREATE TABLE floor (subject TEXT, sender TEXT)")
        client = IMAPClient("127.0.0.1", account.port, ssl=False)
        client.login(account.user, PASSWORD)
        ends.callback(client.logout)
        client.select_folder("INBOX", readonly=True)
        began = time.monotonic()
        uids = client.search()
        for start in range(0, len(uids), BATCH):
            for parts in client.fetch(uids[start : start + BATCH], ["BODY.PEEK[]"]).values():
                mail = mailparser.parse_from_bytes(parts[b"BODY[]"])
                subject, sender = mail.subject.replace("\0", ""), str(mail.from_).replace("\0", "")
                rows.execute(rows.add, (subject, sender))
        return len(uids) / (time.monotonic() - began)


@dataclass(frozen=True)
class _BareRows:
    """A connection that commits each statement durably, without anything of ours around it."""

    execute: Callable[..., object]
    add: str


def _bare_rows(house: House, ends: ExitStack) -> _BareRows:
    if house.engine.dialect.name == "postgresql":
        url = house.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return _BareRows(
            ends.enter_context(psycopg.connect(url, autocommit=True)).execute, "INSERT INTO floor VALUES (%s, %s)"
        )
    folder = ends.enter_context(tempfile.TemporaryDirectory())
    rows = sqlite3.connect(f"{folder}/floor.sqlite3", isolation_level=None)
    ends.callback(rows.close)
    for statement in ("PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL"):
        rows.execute(statement)
    return _BareRows(rows.execute, "INSERT INTO floor VALUES (?, ?)")


def _throughput(
    house: House, account: Account, given: list[bytes], floor: float, wrong: list[str], *, expect_mix: bool
) -> None:
    house.settle()
    at_start = house.resident_mb("work")
    before = house.cpu_seconds()
    house.connect(account, address=_address(given[0], "To"))
    _until(house, "SELECT count(*) FROM inbound_messages", 1)
    began = time.monotonic()
    _until(house, FINISHED, len(given))
    seconds = time.monotonic() - began
    after = house.cpu_seconds()
    ours = len(given) / seconds
    tickets, replies = house.number(TICKETS), house.number(REPLIES)
    spent = {name: f"{1000 * (after[name] - before[name]) / len(given):.2f} ms a mail" for name in after}
    table(
        [
            ("mails", f"{len(given)} on {'PostgreSQL' if 'DATABASE_URL' in house.environ else 'SQLite'}"),
            ("floor", f"{floor:.0f} mails/s"),
            ("ours", f"{ours:.0f} mails/s"),
            ("ratio", f"{ours / floor:.2f}"),
            ("tickets, replies", f"{tickets}, {replies}"),
            ("worker at start, at end", f"{at_start:.0f} MB, {house.resident_mb('work'):.0f} MB resident"),
            *((f"CPU of {name}", each) for name, each in spent.items()),
        ]
    )
    if expect_mix and (tickets, replies) != (len(given) * 9 // 10, len(given) // 10):
        wrong.append(f"wrong: {tickets} tickets and {replies} replies of {len(given)} mails")
    if tickets + replies != len(given):
        wrong.append(f"outcomes: {house.ask(OUTCOMES)}")


def _latency(house: House, account: Account, count: int) -> None:
    """Deliver one mail after another while the watcher waits for news; time each until its ticket is there."""
    times = []
    known = house.number(FINISHED)
    with account.client() as client:
        for raw in mails(count, seed=99):
            began = time.monotonic()
            client.append("INBOX", raw)
            known += 1
            _until(house, FINISHED, known, pause=0.01)
            times.append(time.monotonic() - began)
    quantiles = statistics.quantiles(times, n=20)
    table([("delivery to ticket, median, 95 %", f"{statistics.median(times):.2f} s, {quantiles[18]:.2f} s")])


def _until(house: House, query: str, number: int, *, pause: float = 0.05) -> None:
    """Wait until the query gives at least this number."""
    deadline = time.monotonic() + LONGEST_SECONDS
    while house.number(query) < number:
        if time.monotonic() > deadline:
            sys.exit(f"gave up: {query} never reached {number}; {house.ask(OUTCOMES)}; see {house.home}/log")
        time.sleep(pause)


if __name__ == "__main__":
    main()
