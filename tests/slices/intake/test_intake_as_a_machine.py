"""Any order of mails, copies, kills, new numberings and closed tickets, compared with a small model of the rules."""

import tempfile
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import select

from helpdesk.doctor import examine
from helpdesk.infra import blobs, crypto, failpoints
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.intake.parser.child import apart
from helpdesk.intake.parser.read import parse
from helpdesk.intake.process.drain import drain
from helpdesk.intake.process.fetch import fetch
from helpdesk.outbox.domain import reply_address
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets.models import Message
from tests.builders import Office
from tests.conftest import NOW
from tests.mails import SUPPORT, mail
from tests.slices.conftest import Inbox, connect

POINTS = ("fetching", "fetched", "stored", "kept", "flagged", "claimed", "parsed", "applied", "done")
CLIENT_OF = {"acme.example": "Acme", "globex.example": "Globex"}
KNOWN = ("person@acme.example", "person@globex.example")
SENDERS = (*KNOWN, "ann@acme.example", "bob@acme.example", "gil@globex.example", "eve@elsewhere.example")
A_PARTICIPANT = "whoever takes part"
POSTED = st.lists(
    st.tuples(
        st.sampled_from((*SENDERS, A_PARTICIPANT)),
        st.sampled_from(["anew", "address", "address", "references", "references"]),
        st.integers(0, 99),
        st.sampled_from([False, False, False, True]),
    ),
    min_size=1,
    max_size=4,
)
HAPPENINGS = (
    *("people write", "people write", "people write", "a process dies", "a process dies", "a mail comes again"),
    *("new numbering", "time passes", "a ticket is closed or opened", "a closed ticket is answered", "a quarrel"),
)
WAITS = (timedelta(minutes=4), timedelta(minutes=50), timedelta(days=1), timedelta(days=31))
TRIAGE = "Halden & Okoye"
LONG_AGO = timedelta(days=30)
HOUR = timedelta(hours=1)
PATIENCE = timedelta(minutes=2)
"""Longer than a turn or a claim of a dead process lasts."""


class Killed(BaseException):
    """The process is dead."""


@dataclass
class Ticket:
    """What the model knows of a ticket.

    ``first`` is the Message-ID that opened it; ``known`` are those of its mails and of what they refer to.
    """

    first: str
    client: str
    participants: set[str]
    messages: list[str]
    known: set[str]
    closed_at: datetime | None = None
    reopened_at: list[datetime] = field(default_factory=list)
    item_id: int = 0


@dataclass(frozen=True)
class Letter:
    """A mail that was delivered; ``answers`` is the ticket that it answers, ``way`` how."""

    key: str
    sender: str
    raw: bytes
    automatic: bool = False
    answers: Ticket | None = None
    way: str = ""

    @property
    def known(self):
        """Return the Message-IDs that the mail names."""
        return {self.key, self.answers.first} if self.answers and self.way == "references" else {self.key}


class Model:
    """The rules of who may write where (docs/mail.md rules 16, 21, 24, 26 and 39), as plainly as they can be said."""

    def __init__(self):
        self.tickets, self.contacts, self.outcomes = [], set(KNOWN), {}

    def handle(self, letter, now):
        """Note what becomes of a mail that is new, and return its ticket, if it is on one."""
        verdicts = [(ticket, self.verdict(letter, ticket, now)) for ticket in self.candidates(letter)]
        ticket, verdict = next((pair for pair in verdicts if pair[1] != "refuse"), (None, "refuse"))
        if ticket is None:
            return None if letter.automatic else self.opened(letter)
        outcome = "held" if verdict == "hold" else "automatic" if letter.automatic else "reply"
        self.outcomes[letter.key] = outcome
        ticket.messages.append(letter.key)
        ticket.known |= letter.known
        self.met(letter.sender)
        if outcome == "reply":
            ticket.participants.add(letter.sender)
            self.reopen(ticket, now)
        return ticket

    def candidates(self, letter):
        """Return the tickets that the mail may belong to: that of its address, or all that know what it refers to."""
        if letter.way == "references":
            return [ticket for ticket in self.tickets if letter.answers.first in ticket.known]
        return [letter.answers] if letter.answers else []

    def verdict(self, letter, ticket, now):
        """Return whether the ticket accepts, holds or refuses the mail."""
        ours = client_of(letter.sender)
        if ticket.closed_at and ticket.closed_at < now - LONG_AGO:
            return "refuse"
        if letter.sender in ticket.participants or (ours == ticket.client != TRIAGE):
            return "accept"
        is_of_another = letter.sender in self.contacts and ours != ticket.client
        return "hold" if letter.way == "address" and not is_of_another else "refuse"

    def opened(self, letter):
        self.outcomes[letter.key] = "ticket"
        self.met(letter.sender)
        ticket = Ticket(letter.key, client_of(letter.sender), {letter.sender}, [letter.key], letter.known)
        self.tickets.append(ticket)
        return ticket

    def met(self, sender):
        if client_of(sender) != TRIAGE:
            self.contacts.add(sender)

    @staticmethod
    def reopen(ticket, now):
        recent = [at for at in ticket.reopened_at if at > now - HOUR]
        if ticket.closed_at and len(recent) < 3:
            ticket.closed_at = None
            ticket.reopened_at.append(now)


def client_of(sender):
    return CLIENT_OF.get(sender.partition("@")[2], TRIAGE)


class ReaderHere:
    """Reads in this process."""

    def __init__(self):
        self.asked = []

    def ask(self, digest, **_how):
        self.asked.append(digest)

    def has_answer(self, **_how):
        return bool(self.asked)

    def answer(self):
        read = parse(blobs.store().get(self.asked.pop(0)))
        return apart(read, blobs.store())

    def drop(self):
        self.asked.clear()


class Intake(RuleBasedStateMachine):
    """A mailbox to which anything may come, and whose processes may die anywhere."""

    def __init__(self, house, home, clock, monkeypatch):
        super().__init__()
        self.application = house.renew()
        self.context = self.application.app_context()
        self.context.push()
        self.application.config["BLOB_ROOT"] = tempfile.mkdtemp(dir=home)
        clock.now = NOW
        with unit_of_work() as session:
            Office.furnish(session, now=NOW)
        self.inbox = Inbox(*connect(), clock)
        self.inbox.fetch()
        self.model, self.clock = Model(), clock
        self.letters: dict[str, Letter] = {}
        self.pending: list[Letter] = []
        self.rows: set[tuple[int, int]] = set()
        self.deaths, self.dead_at = 0, ""
        monkeypatch.setattr(failpoints, "passing", self.passing)

    @initialize(sender=st.sampled_from(SENDERS))
    def somebody_writes_first(self, sender):
        self.deliver(sender)
        self.work()

    @rule(what=st.sampled_from(HAPPENINGS), posted=POSTED, number=st.integers(0, 99), data=st.data())
    def something_happens(self, what, posted, number, data):
        """Let one of the things below happen; one rule chooses, since a run would leave out some of many rules."""
        if what == "people write":
            self.people_write(posted)
        elif what == "a mail comes again":
            letter = list(self.letters.values())[number % len(self.letters)]
            self.inbox.folder.deliver(letter.raw, at=self.clock())
        elif what == "new numbering":
            self.inbox.folder.uid_validity += 1
        elif what == "time passes":
            self.work()
            self.clock.now += data.draw(st.sampled_from(WAITS), label="by")
        elif what == "a process dies":
            self.people_write(posted)
            self.a_process_dies(data.draw(st.sampled_from(POINTS), label="at"))
        elif self.open_or_close(number) and what == "a closed ticket is answered":
            self.clock.now += data.draw(st.sampled_from(WAITS), label="after")
            self.people_write([(A_PARTICIPANT, "address", number, False)])
        elif what == "a quarrel":
            for _ in range(data.draw(st.integers(1, 5), label="times")):
                self.people_write([(A_PARTICIPANT, "address", number, False)])
                self.open_or_close(number)

    def people_write(self, posted):
        """Let strangers, clients, participants and machines write: anew, or on a ticket by its address or its mails."""
        for sender, way, number, automatic in posted:
            tickets = self.answerable()
            if sender == A_PARTICIPANT or way != "anew":
                ticket = tickets[number % len(tickets)]
                people = sorted(ticket.participants)
                writer = people[number % len(people)] if sender == A_PARTICIPANT else sender
                self.deliver(writer, automatic=automatic, answers=ticket, way="address" if way == "anew" else way)
            else:
                self.deliver(sender, automatic=automatic, files={"log.txt": b"A"} if number % 2 else None)

    def open_or_close(self, number):
        """Close an open ticket, or open a closed one; return whether it is closed now."""
        self.work()
        tickets = self.answerable()
        ticket = tickets[number % len(tickets)]
        ticket.closed_at = None if ticket.closed_at else self.clock()
        with unit_of_work() as session:
            status = "closed" if ticket.closed_at else "open"
            projects.set_status(session, actor=SYSTEM, now=self.clock(), item_id=ticket.item_id, status=status)
        return ticket.closed_at is not None

    def a_process_dies(self, point):
        """Let it die at the point, if it comes there; another one goes on when its turn has ended."""
        self.deaths, self.dead_at = self.deaths + 1, point
        try:
            self.fetch_and_drain()
        except Killed:
            self.clock.now += PATIENCE
        self.dead_at = ""
        self.work()

    def work(self):
        """Let fetch and handling go on to their end, and compare what became of everything with the model."""
        self.fetch_and_drain()
        self.compare()

    # How it is done

    def answerable(self):
        return [ticket for ticket in self.model.tickets if ticket.item_id]

    def deliver(self, sender, *, automatic=False, answers=None, way="", files=None):
        key = f"<{len(self.letters)}@{sender.partition('@')[2]}>"
        headers = {"Auto-Submitted": "auto-replied"} if automatic else {}
        to = SUPPORT
        if way == "references":
            headers["References"] = answers.first
        elif way == "address":
            with unit_of_work():
                keys = crypto.mail_keys()
            to = reply_address(mailbox="support@halden-okoye.example", work_item_id=answers.item_id, keys=keys)
        raw = mail(f"Mail {key}", sender=sender, to=to, message_id=key, headers=headers, subject="Help", files=files)
        letter = Letter(key, sender, raw, automatic, answers, way)
        self.letters[key] = letter
        self.pending.append(letter)
        self.inbox.folder.deliver(raw, at=self.clock())

    def passing(self, point):
        if point == self.dead_at:
            self.dead_at = "everywhere"
            raise Killed

    def living(self):
        """Return a unit of work, which a dead process does not get."""
        if self.dead_at == "everywhere":
            raise Killed
        return unit_of_work()

    def fetch_and_drain(self):
        folder = self.inbox.folder
        self.rows |= {(folder.uid_validity, uid) for uid in folder.mails}
        fetch(self.inbox.source_id, cast("Any", folder), self.living, store=blobs.store(), clock=self.clock)
        holder = f"process {self.deaths}"
        drain(
            self.living,
            reader=cast("Any", ReaderHere()),
            store=blobs.store(),
            holder=holder,
            clock=self.clock,
            is_over=lambda: False,
        )

    def compare(self):
        for letter in self.pending:
            self.model.outcomes[letter.key] = "automatic"
            ticket = self.model.handle(letter, self.clock())
            if ticket is not None and ticket.first == letter.key:
                ticket.item_id = self.item_of(letter.key)
        self.pending.clear()
        with unit_of_work() as session:
            rows = list(session.scalars(select(InboundMessage)))
            assert {(row.state in ("done", "ignored")) for row in rows} <= {True}
            assert len(rows) == len(self.rows), "each mail has one row in each numbering"
            real = [row for row in rows if row.outcome != "duplicate"]
            assert {row.message_id: row.outcome for row in real} == self.model.outcomes
            assert len(real) == len(self.letters), "each mail has one effect, however often it came"
            on_tickets = Counter(session.scalars(select(Message.work_item_id).where(Message.kind == "mail")))
            assert on_tickets == {ticket.item_id: len(ticket.messages) for ticket in self.model.tickets}
            clients = {item.id: item.project.client.name for item in session.scalars(select(WorkItem))}
            assert all(clients[ticket.item_id] == ticket.client for ticket in self.model.tickets)
            everybody = ticket_queries.participants(session, [ticket.item_id for ticket in self.model.tickets])
            people = Counter((one.work_item_id, one.contact.email) for one in everybody)
            assert people == Counter((each.item_id, who) for each in self.model.tickets for who in each.participants)
            assert self.deaths or not list(blobs.store().root.glob("??/.*")), "only a death leaves staged files behind"
            closed = set(session.scalars(select(WorkItem.id).where(WorkItem.closed_at.is_not(None))))
            assert closed == {ticket.item_id for ticket in self.model.tickets if ticket.closed_at}

    def item_of(self, key):
        with unit_of_work() as session:
            query = (
                select(InboundEffect.work_item_id)
                .join(InboundMessage, InboundMessage.id == InboundEffect.inbound_message_id)
                .where(InboundMessage.message_id == key)
            )
            return session.scalars(query).one()

    def acknowledged_within_bounds(self):
        """Each ticket at most once, each sender once in ten minutes and five times a day, no machine ever."""
        with unit_of_work() as session:
            sent = list(session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)))
            assert {one.purpose for one in sent} <= {"acknowledgement"}
            assert not [item for item, times in Counter(one.about_id for one in sent).items() if times > 1]
            by_sender: dict[str, list[datetime]] = {}
            for one in sent:
                by_sender.setdefault(str(one.to[0]["address"]), []).append(one.created_at)
        for times in by_sender.values():
            assert all(later - earlier >= timedelta(minutes=10) for earlier, later in pairwise(times))
            assert all(later - earlier >= timedelta(days=1) for earlier, later in zip(times, times[5:], strict=False))

    def teardown(self):
        try:
            self.work()
            self.acknowledged_within_bounds()
            with unit_of_work() as session:
                # as every hour: a process that died may have left a file half written
                blobs.store().sweep(lambda digests: blobs.known(session, digests), now=self.clock())
                assert examine(session, store=blobs.store(), now=self.clock()) == []
        finally:
            db.session.remove()
            db.engine.dispose()
            self.context.pop()


@pytest.mark.usefixtures("rung")
@pytest.mark.parametrize(("database", "examples"), [("sqlite", 10), ("postgres", 2)])
def test_whatever_happens_each_mail_has_one_outcome_where_it_belongs(
    request, tmp_path, fixed_clock, monkeypatch, database, examples
):
    house = request.getfixturevalue(f"{database}_house")

    run_state_machine_as_test(
        cast("type[Intake]", lambda: Intake(house, tmp_path, fixed_clock, monkeypatch)),
        settings=settings(
            max_examples=examples,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
