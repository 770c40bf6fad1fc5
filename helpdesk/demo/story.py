"""The story of the demo, told by its people: mail, work, approval, burn-down, month-end.

Tickets come only through IMAP and time only through HTTP; what happened is read from the database and the sink.
"""

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from functools import cached_property

from flask import Flask

from helpdesk.demo import expectation, sightings
from helpdesk.demo.expectation import WorkLine
from helpdesk.demo.mails.catalogue import SAMPLE_MAILS
from helpdesk.demo.mails.compose import SampleMail
from helpdesk.demo.seed import SUPPORT_ADDRESS, Seeded
from helpdesk.demo.smtp_sink import ReceivedMail
from helpdesk.demo.visitor import Visitor
from helpdesk.demo.world import World
from helpdesk.kernel.errors import ExternalFailure, HelpdeskError
from helpdesk.kernel.periods import Month

PATIENCE_SECONDS = 90.0
POLL_SECONDS = 0.1
REASON = "The old template was lost in our own move; not theirs to pay."


class StepFailed(HelpdeskError):  # noqa: N818 - what happened
    """A step of the story did not come to its end; the message names the step."""


@dataclass
class Story:
    """One telling: where the desk and the outside world are, and which month is closed."""

    app: Flask
    base_url: str
    world: World
    seeded: Seeded
    month: Month
    told_at: datetime
    patience_seconds: float = PATIENCE_SECONDS

    def tell(self) -> None:
        """Run every step in order, saying on standard error what happens.

        Raises:
            StepFailed: names the step and what it waited for.
        """
        with ExitStack() as stack:
            self._leave = stack.enter_context
            for name, act in (
                ("mail", self.deliver_mail),
                ("answers", self.deliver_answers),
                ("work", self.work),
                ("approval", self.approve),
                ("burn-down", self.look_at_retainers),
                ("month-end", self.close_the_month),
            ):
                with _step(name):
                    act()

    def deliver_mail(self) -> None:
        """Deliver what opens tickets, and wait until each is on the desk and acknowledged."""
        self._wait("the watcher to listen by IDLE", lambda: sightings.is_watching(self.app))
        first = [mail for mail in SAMPLE_MAILS if mail.reply_to is None and mail.expect != "ignored"]
        self._deliver(first)
        say(f"{len(first)} mails delivered to {SUPPORT_ADDRESS} over IMAP")
        self._wait("every mail to become a ticket", lambda: sightings.tickets(self.app) == expectation.TICKETS)
        say(f"{sightings.tickets(self.app)} tickets under their clients' projects")
        self._wait(
            "the acknowledgements in the sink", lambda: len(self._acknowledgements()) == expectation.ACKNOWLEDGEMENTS
        )
        say(f"{len(self._acknowledgements())} acknowledgements arrived outside")

    def deliver_answers(self) -> None:
        """Deliver replies, one of them to our own acknowledgement, and what must be ignored."""
        rest = [mail for mail in SAMPLE_MAILS if mail.reply_to is not None or mail.expect == "ignored"]
        self._deliver(rest)
        self.world.deliver(answer_to(self._acknowledgements()[0]))
        self._wait("the replies on their tickets", lambda: sightings.replies(self.app) == expectation.REPLIES)
        self._wait("the rest to be ignored", lambda: sightings.ignored(self.app) == expectation.IGNORED)
        say(f"{sightings.replies(self.app)} replies joined their tickets")
        say(f"{sightings.ignored(self.app)} mails were ignored, each with its reason")

    def work(self) -> None:
        """Time a ticket and a task, answer a client, type the hours of the month, submit."""
        tomasz, lin = self._visit("tomasz"), self._visit("lin")
        self._time_for_a_moment(tomasz, self._number("kuehn-printer"))
        self._time_for_a_moment(lin, self.seeded.tasks["kuehn.example"])
        self._reply(tomasz, self._number("harrow-starter"))
        for line in (*expectation.WORK, expectation.REJECTED):
            self._type(line)
        for key in ("tomasz", "lin", "priya"):
            self._submit(key)
        say(f"{sightings.entries(self.app)} time entries on tickets and tasks, submitted")

    def approve(self) -> None:
        """The manager rejects one entry with a reason and approves the others."""
        manager = self._visit("manager")
        rejected = sightings.entry_noted(self.app, expectation.REJECTED.note)
        if rejected.status == "submitted":
            manager.send(f"/time/entries/{rejected.id}/reject", {"reason": REASON}, page="/time/approvals")
        if waiting := sightings.submitted(self.app):
            manager.send("/time/approve", {"ids": [str(each) for each in waiting]}, page="/time/approvals")
        self._wait("nothing left to approve", lambda: not sightings.submitted(self.app))
        say(f"{sightings.approved_seconds(self.app) / 3600:.2f} hours approved by Amara Okoye")

    def look_at_retainers(self) -> None:
        """The account manager sees who runs over."""
        board = self._visit("elodie").read(f"/retainers?month={self.month}")
        if "Over by 2:30" not in board:
            message = "the board does not show Kühn's retainer over by 2:30"
            raise ExternalFailure(message)
        say("The retainers burn down: Kühn Präzision is over its 10:00 by 2:30")

    def close_the_month(self) -> None:
        """The bookkeeper drafts, reviews and issues; PDFs and mails follow."""
        ingrid, page = self._visit("ingrid"), f"/close/{self.month}"
        ingrid.send(f"{page}/draft", {}, page=page)
        self._wait("the draft invoices", lambda: sightings.drafted_or_issued(self.app) == expectation.INVOICES)
        if found := sightings.drafts(self.app):
            seen = [f"{draft_id}.{version}" for draft_id, version in found.items()]
            ingrid.send(f"{page}/issue", {"ids": list(map(str, found)), "seen": seen}, page=page)
        self._wait("the invoices' PDFs", lambda: sightings.with_pdf(self.app) == expectation.INVOICES)
        self._wait("the invoices in the clients' mail", lambda: len(self._invoices_outside()) == expectation.INVOICES)
        self._wait(
            "the answer, which could be taken back", lambda: len(self.world.received()) >= expectation.MAILS_SENT
        )
        say(f"{expectation.INVOICES} invoices issued, rendered and mailed")

    def _deliver(self, mails: list[SampleMail]) -> None:
        for mail in mails:
            self.world.deliver(mail.raw(SUPPORT_ADDRESS, now=self.told_at))

    def _acknowledgements(self) -> list[ReceivedMail]:
        return [mail for mail in self.world.received() if mail.message()["Auto-Submitted"] == "auto-replied"]

    def _invoices_outside(self) -> list[ReceivedMail]:
        return [mail for mail in self.world.received() if list(mail.message().iter_attachments())]

    @cached_property
    def _visitors(self) -> dict[str, Visitor]:
        return {}

    def _visit(self, key: str) -> Visitor:
        if key not in self._visitors:
            visitor = Visitor(self.base_url, email=self.seeded.email(key), password=self.seeded.passwords[key])
            self._visitors[key] = self._leave(visitor)
        return self._visitors[key]

    def _number(self, letter: str) -> int:
        return sightings.number_of(self.app, letter)

    def _time_for_a_moment(self, visitor: Visitor, number: int) -> None:
        page = f"/items/{number}"
        visitor.send("/timer/start", {"number": str(number), "next": page}, page=page)
        self._wait("a second on the timer", lambda: sightings.running_since(self.app, number, seconds=1.5))
        visitor.send("/timer/stop", {"next": page}, page=page)

    def _reply(self, visitor: Visitor, number: int) -> None:
        if sightings.our_replies(self.app, number):
            return
        page = f"/items/{number}"
        seen = re.search(r'name="last_seen_id"[^>]*value="(\d+)"', visitor.read(page))
        form = {
            "body": "Hello Edith,\n\nthe laptop is ready, the phone follows on Friday.\n\nTomasz",
            "last_seen_id": seen[1] if seen else "",
            "status": "waiting",
            "worked": "0:15",
            "billable": "billable",
        }
        visitor.send(f"{page}/reply", form, page=page)

    def _type(self, line: WorkLine) -> None:
        number = self.seeded.tasks[line.on] if line.task else self._number(line.on)
        day = date(self.month.year, self.month.month, line.day)
        if sightings.is_typed(self.app, line.note):
            return
        form = {
            "number": str(number),
            "day": day.isoformat(),
            "worked": line.worked,
            "note": line.note,
            "billable": "billable",
            "next": "/time",
        }
        self._visit(line.person).send("/time/entries", form, page="/time")

    def _submit(self, key: str) -> None:
        weeks = {day.isocalendar()[:2] for day in [*self._days_worked(key), *days_around(datetime.now(UTC))]}
        for year, week in sorted(weeks):
            name = f"{year}-W{week:02}"
            if sightings.drafts_of(self.app, self.seeded.email(key)):
                self._visit(key).send("/time/submit", {"week": name}, page=f"/time?week={name}")

    def _days_worked(self, key: str) -> list[date]:
        lines = (*expectation.WORK, expectation.REJECTED)
        return [date(self.month.year, self.month.month, line.day) for line in lines if line.person == key]

    def _wait(self, what: str, holds: Callable[[], object]) -> None:
        deadline = time.monotonic() + self.patience_seconds
        while not holds():
            if time.monotonic() > deadline:
                message = f"waited {self.patience_seconds:.0f} s for {what}"
                raise ExternalFailure(message)
            time.sleep(POLL_SECONDS)


def days_around(now: datetime) -> list[date]:
    """Return the days on which it may be now for a client: an entry's week is that of the client's zone."""
    return [(now + timedelta(days=offset)).date() for offset in (-1, 0, 1)]


def answer_to(acknowledgement: ReceivedMail) -> bytes:
    """Return a client's answer to one of our acknowledgements, to its reply address, as a mail program makes it."""
    theirs = acknowledgement.message()
    answer = EmailMessage(policy=SMTP)
    answer["From"] = theirs["To"]
    answer["To"] = theirs["Reply-To"]
    answer["Subject"] = f"Re: {theirs['Subject']}"
    answer["Date"] = datetime.now(UTC) - timedelta(seconds=1)
    answer["Message-ID"] = "<thanks.2026@answers.example>"
    answer["In-Reply-To"] = theirs["Message-ID"]
    answer["References"] = theirs["Message-ID"]
    answer.set_content("Thank you for the quick answer, we will wait.\n")
    return answer.as_bytes()


def say(text: str) -> None:
    """Tell the person at the terminal; standard output is kept for the summary."""
    sys.stderr.write(f"  {text}\n")
    sys.stderr.flush()


@contextmanager
def _step(name: str) -> Iterator[None]:
    sys.stderr.write(f"{name}\n")
    try:
        yield
    except HelpdeskError as error:
        message = f"The step {name!r} failed: {error}"
        raise StepFailed(message) from error
