"""Whole desks side by side in one process, each with its own database, keys and mailbox, and the relay between them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from flask import Flask
from sqlalchemy import func, select

from helpdesk.app import create_app
from helpdesk.infra import blobs
from helpdesk.infra.db import db, unit_of_work
from helpdesk.intake.models import InboundMessage
from helpdesk.outbox import process as outbox
from helpdesk.outbox.gateway import Access, Delivery, Outcome
from helpdesk.outbox.models import OutgoingMessage
from tests.builders import Office
from tests.conftest import FixedClock, SqliteHouse, furnished_office, settings_for
from tests.slices.conftest import Inbox, connect
from tests.sqlite import SqliteFile

MOST_ROUNDS = 30
STAFF = "halden-okoye.example"
"""Where the people of every office have their mail."""
Relay = Callable[[bytes], bytes]


@dataclass
class Instance:
    """One desk; ``sent`` is what left it, each with its recipients."""

    app: Flask
    address: str
    office: Office
    inbox: Inbox
    sent: list[tuple[tuple[str, ...], bytes]] = field(default_factory=list)

    def take_in(self, raw: bytes) -> InboundMessage:
        """Let one mail arrive and be handled; return its line of the log."""
        with self.app.app_context():
            return self.inbox.receive(raw)

    def send_all(self) -> list[tuple[tuple[str, ...], bytes]]:
        """Send what is due; return it."""
        before = len(self.sent)
        with self.app.app_context():
            with unit_of_work() as session:
                due = session.scalars(select(OutgoingMessage.id).where(OutgoingMessage.state == "queued")).all()
            for message_id in due:
                outbox.deliver(message_id, unit_of_work, send=self._take, store=blobs.store(), clock=self.inbox.clock)
        return self.sent[before:]

    def count(self) -> int:
        """Return how many mails came in."""
        with self.app.app_context(), unit_of_work() as session:
            return session.scalar(select(func.count()).select_from(InboundMessage)) or 0

    def _take(self, _access: Access, envelope_from: str, recipients: tuple[str, ...], content: bytes) -> Delivery:
        self.sent.append((recipients, b"Return-Path: <" + envelope_from.encode() + b">\r\n" + content))
        return Delivery(Outcome.SENT)


def application(home: Path, *, secret_key: bytes) -> Flask:
    """Return a desk's application, without a database yet; others know nothing of its keys."""
    file = SqliteFile(home / "desk.sqlite3")
    app = create_app(replace(settings_for(home, f"sqlite:///{file.path}"), secret_key=secret_key))
    app.extensions["database of the desk"] = file
    return app


@contextmanager
def instance(app: Flask, *, house: SqliteHouse, address: str, clock: FixedClock) -> Iterator[Instance]:
    """Yield the application as a desk whose mailbox is ``address``, on a database with nothing but the office in it."""
    house.renew(furnished=True)
    with app.app_context():
        app.extensions["database of the desk"].lay(house.furnished, engine=db.engine)
        mailbox_id, source_id = connect(address=address)
        inbox = Inbox(mailbox_id, source_id, clock)
        inbox.fetch()
    yield Instance(app, address, furnished_office(house.app), inbox)


def exchange(one: Instance, other: Instance, *, relay: Relay, clock: FixedClock, minutes: float) -> list[bytes]:
    """Carry mail between two desks until both are silent; return what was carried, in order.

    The relay hands on whatever leaves either desk for anybody but its own staff.
    """
    carried: list[bytes] = []
    for _ in range(MOST_ROUNDS):
        waiting = [(other, raw) for to, raw in one.send_all() if not _to_staff(to)]
        waiting += [(one, raw) for to, raw in other.send_all() if not _to_staff(to)]
        if not waiting:
            return carried
        for receiver, raw in waiting:
            carried.append(raw)
            receiver.take_in(relay(raw))
        clock.advance(minutes=minutes)
    return carried


def _to_staff(recipients: tuple[str, ...]) -> bool:
    return all(each.endswith(f"@{STAFF}") for each in recipients)
