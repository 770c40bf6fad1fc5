"""Measure what hostile mail costs on its way through the real processes, and how long the mail behind it waits.

    python bench/hostile.py [--postgresql] [--only WORDS] [--large 5]

Each hostile mail is followed at once by an ordinary one. Then come the ten that took longest in one row before an
ordinary one, and mails of 25 MB. It fails where a bound is broken, or a mail becomes neither a ticket nor quarantine.
"""

import argparse
import random
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from tools.house import House, desk, table
from tools.load import mails

from tests.dovecot import Account, running_dovecot
from tests.hostile import MAILS, carrying, from_somebody

SECONDS = 20.0
BEHIND_SECONDS = 30.0
MEGABYTES = 512
LARGE_SECONDS = 3.0
LARGE_MEGABYTES = 300
LARGE_FILE_BYTES = 25_000_000 * 54 // 73 - 1000  # 54 bytes are a line of 73 in base64
IN_A_ROW = 10
GIVE_UP_SECONDS = 300.0
SAMPLE_SECONDS = 0.01
OUTCOME = "SELECT outcome, state FROM inbound_messages WHERE id = {} AND state NOT IN ('received', 'processing')"
VISIBLE = {("ticket", "done"), ("", "quarantined")}
OF_MACHINES = {("bounce", "done"), ("bounce", "ignored"), ("automatic", "ignored")}
"""What becomes of what a mail system wrote: the list of bounces, or the log alone."""


@dataclass
class Peak:
    """The most memory, in MB, that the processes had at once; ``mail`` is worker and parser together."""

    mail: float = 0.0
    watcher: float = 0.0


@dataclass(frozen=True)
class Taken:
    """What one hostile mail cost."""

    kind: str
    outcome: tuple[str, str]
    seconds: float
    behind_seconds: float
    peak: Peak

    def faults(self) -> Iterator[str]:
        """Yield the bounds that are broken."""
        if self.seconds > SECONDS:
            yield f"{self.kind}: {self.seconds:.1f} s"
        if self.behind_seconds > BEHIND_SECONDS:
            yield f"{self.kind}: the mail behind it waited {self.behind_seconds:.1f} s"
        if max(self.peak.mail, self.peak.watcher) > MEGABYTES:
            yield f"{self.kind}: {self.peak.mail:.0f} MB, watcher {self.peak.watcher:.0f} MB"
        if not is_visible(self.kind, self.outcome):
            yield f"{self.kind}: neither ticket nor quarantine: {self.outcome}"


def is_visible(kind: str, outcome: tuple[str, str]) -> bool:
    """Return whether people see the mail where they look for it."""
    return outcome in VISIBLE or (outcome in OF_MACHINES and b"MAILER-DAEMON" in MAILS[kind]()[:1000])


class Mailbox:
    """The mailbox of the desk, and the number that the next mail's row will have."""

    def __init__(self, house: House, account: Account) -> None:
        self.house, self.account, self.last_id = house, account, 0
        self.ordinary = mails(10_000, seed=5)
        self.senders = 0

    def deliver(self, *raw: bytes) -> list[int]:
        """Put mails into the mailbox, and return the ids that their rows will have."""
        with self.account.client() as client:
            for each in raw:
                client.append("INBOX", each)
        first, self.last_id = self.last_id + 1, self.last_id + len(raw)
        return list(range(first, self.last_id + 1))

    def hostile(self, kind: str) -> bytes:
        """Return a hostile mail from somebody who has not written yet; no two are the same."""
        self.senders += 1
        return b"X-Number: %d\r\n" % self.senders + from_somebody(MAILS[kind](), self.senders)

    def outcome(self, row_id: int) -> tuple[str, str]:
        """Wait for the outcome of a mail."""
        deadline = time.monotonic() + GIVE_UP_SECONDS
        while not (rows := self.house.ask(OUTCOME.format(row_id))):
            if time.monotonic() > deadline:
                sys.exit(f"gave up on message {row_id}; see {self.house.home}/log")
            time.sleep(0.01)
        return str(rows[0][0]), str(rows[0][1])


def main() -> None:
    """Run and print; exit with 1 where a bound is broken."""
    options = _options()
    with running_dovecot() as dovecot, desk(postgresql=options.postgresql) as house:
        house.start("work", "schedule", "watch")
        account = dovecot.account()
        house.connect(account)
        mailbox = Mailbox(house, account)
        mailbox.outcome(*mailbox.deliver(next(mailbox.ordinary)))
        wrong = _one_by_one(mailbox, [kind for kind in MAILS if options.only in kind])
        wrong += _large(mailbox, options.large)
    sys.exit("\n".join(wrong) if wrong else 0)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--postgresql", action="store_true", help="on PostgreSQL instead of SQLite")
    parser.add_argument("--only", default="", help="only the hostile mails whose name has these words")
    parser.add_argument("--large", type=int, default=5, help="how many mails of 25 MB are timed (default 5)")
    return parser.parse_args()


def _one_by_one(mailbox: Mailbox, kinds: list[str]) -> list[str]:
    print(f"  {'hostile mail':44} {'outcome':12} {'seconds':>8} {'behind':>8} {'mail MB':>8} {'watch MB':>8}")
    taken = []
    for kind in kinds:
        taken.append(_one(mailbox, kind))
        _print(taken[-1])
    slowest = sorted(taken, key=lambda one: one.seconds)[-IN_A_ROW:]
    return [fault for one in taken for fault in one.faults()] + _in_a_row(mailbox, [one.kind for one in slowest])


def _one(mailbox: Mailbox, kind: str) -> Taken:
    raw, behind = mailbox.hostile(kind), next(mailbox.ordinary)
    with _watched(mailbox.house) as peak:
        began = time.monotonic()
        hostile_id, ordinary_id = mailbox.deliver(raw, behind)
        delivered = time.monotonic()
        outcome = mailbox.outcome(hostile_id)
        seconds = time.monotonic() - began
        mailbox.outcome(ordinary_id)
        return Taken(kind, outcome, seconds, time.monotonic() - delivered, peak)


def _in_a_row(mailbox: Mailbox, kinds: list[str]) -> list[str]:
    given = [mailbox.hostile(kind) for kind in kinds]
    with _watched(mailbox.house) as peak:
        ids = mailbox.deliver(*given, next(mailbox.ordinary))
        delivered = time.monotonic()
        outcomes = [mailbox.outcome(row_id) for row_id in ids]
        seconds = time.monotonic() - delivered
    _print(Taken(f"the {len(kinds)} slowest in a row", ("", ""), seconds, seconds, peak))
    pairs = zip(kinds, outcomes, strict=False)
    return [f"in a row: {kind}: {outcome}" for kind, outcome in pairs if not is_visible(kind, outcome)]


def _print(one: Taken) -> None:
    word = " ".join(filter(None, one.outcome))
    figures = f"{one.seconds:8.2f} {one.behind_seconds:8.2f} {one.peak.mail:8.0f} {one.peak.watcher:8.0f}"
    print(f"  {one.kind:44} {word:12} {figures}", flush=True)


def _large(mailbox: Mailbox, count: int) -> list[str]:
    """Deliver mails of 25 MB one after the other; time each from the end of its delivery to its ticket."""
    times, wrong, most = [], [], Peak()
    before = mailbox.house.cpu_seconds()
    for number in range(count):
        content = random.Random(number).randbytes(LARGE_FILE_BYTES)  # noqa: S311 - the same mail in every run
        raw = from_somebody(carrying(b"application/pdf", content, b"plan.pdf"), 10_000 + number)
        with _watched(mailbox.house) as peak:
            (row_id,) = mailbox.deliver(raw)
            began = time.monotonic()
            if (outcome := mailbox.outcome(row_id)) != ("ticket", "done"):
                wrong.append(f"a mail of 25 MB: {outcome}")
            times.append(time.monotonic() - began)
        most = Peak(max(most.mail, peak.mail), max(most.watcher, peak.watcher))
    if not times:
        return []
    after = mailbox.house.cpu_seconds()
    spent = {name: f"{(after[name] - before[name]) / count:.2f} s a mail" for name in ("work", "watch")}
    table(
        [
            (
                f"{len(raw) / 1e6:.1f} MB to ticket, median, most",
                f"{statistics.median(times):.2f} s, {max(times):.2f} s",
            ),
            ("worker and parser, watcher", f"{most.mail:.0f} MB, {most.watcher:.0f} MB resident at most"),
            *((f"CPU of {name}", each) for name, each in spent.items()),
        ]
    )
    if max(times) > LARGE_SECONDS:
        wrong.append(f"a mail of 25 MB took {max(times):.2f} s")
    if most.mail > LARGE_MEGABYTES:
        wrong.append(f"a mail of 25 MB took {most.mail:.0f} MB")
    return wrong


@contextmanager
def _watched(house: House) -> Iterator[Peak]:
    """Yield the peak of the memory that the processes take while the block lasts."""
    peak, over = Peak(), threading.Event()

    def look() -> None:
        while not over.wait(SAMPLE_SECONDS):
            with suppress(psutil.NoSuchProcess):
                peak.mail = max(peak.mail, house.resident_mb("work"))
            with suppress(psutil.NoSuchProcess):
                peak.watcher = max(peak.watcher, house.resident_mb("watch"))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield peak
    finally:
        over.set()
        looking.join()


if __name__ == "__main__":
    main()
