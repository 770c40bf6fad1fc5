"""The servers that mail is tested against, and a mailbox that is connected to them."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.gateway import FolderState, Listed
from helpdesk.intake.models import InboundMessage
from helpdesk.intake.parser.child import Read, Request, Unread
from helpdesk.intake.parser.child import read as read_as_the_child
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.process.drain import drain
from helpdesk.intake.process.fetch import fetch
from helpdesk.intake.service import sources
from helpdesk.intake.service.sources import MailboxSettings
from helpdesk.kernel.errors import ExternalFailure
from tests.builders import Office
from tests.conftest import NOW, FixedClock
from tests.dovecot import Account, Dovecot, running_dovecot
from tests.smtp_sink import SmtpSink, running_smtp_sink

SETTINGS = MailboxSettings(
    name="Support",
    address="support@halden-okoye.example",
    user="support",
    password="mailbox secret",
    imap_host="127.0.0.1",
    imap_port=1,
    imap_security="none",
    smtp_host="127.0.0.1",
    smtp_port=1,
    smtp_security="none",
)


@pytest.fixture(scope="session")
def dovecot() -> Iterator[Dovecot]:
    with running_dovecot() as server:
        yield server


@pytest.fixture
def account(dovecot: Dovecot) -> Account:
    """A mailbox on a real IMAP server, empty."""
    return dovecot.account()


@pytest.fixture
def smtp() -> Iterator[SmtpSink]:
    with running_smtp_sink() as sink:
        yield sink


def connect(**changes: Any) -> tuple[int, int]:
    """Connect a mailbox and return the ids of mailbox and source."""
    with unit_of_work() as session:
        settings = replace(SETTINGS, **changes)
        source = sources.connect_mailbox(session, actor=SYSTEM, now=NOW, settings=settings)
        return source.mailbox_id, source.id


@dataclass
class FakeFolder:
    """A folder in memory with the manners of `gateway.Folder`; ``fails`` names methods that break next."""

    uid_validity: int = 1
    mails: dict[int, tuple[bytes, datetime]] = field(default_factory=dict)
    seen: set[int] = field(default_factory=set)
    fails: list[str] = field(default_factory=list)
    can_idle: bool = False
    downloads: int = 0
    last_uid: int = 0
    moved: dict[str, list[bytes]] = field(default_factory=dict)

    def deliver(self, raw: bytes, *, at: datetime = NOW) -> int:
        self.last_uid = max(self.last_uid, *self.mails, 0) + 1
        self.mails[self.last_uid] = (raw, at)
        return self.last_uid

    def select(self) -> FolderState:
        self._may_fail("select")
        return FolderState(self.uid_validity, max(self.last_uid, *self.mails, 0) + 1)

    def list_after(self, uid: int, *, limit: int) -> list[Listed]:
        self._may_fail("list_after")
        wanted = sorted(one for one in self.mails if one > uid)[:limit]
        return [Listed(one, len(self.mails[one][0]), self.mails[one][1]) for one in wanted]

    def first_uid_since(self, instant: datetime) -> int | None:
        self._may_fail("first_uid_since")
        return min((uid for uid, (_, at) in self.mails.items() if at >= instant - timedelta(days=1)), default=None)

    def count_after(self, uid: int) -> int:
        return len([one for one in self.mails if one > uid])

    def list_known(self, uids: list[int]) -> list[Listed]:
        self._may_fail("list_known")
        return [Listed(one, len(self.mails[one][0]), self.mails[one][1]) for one in sorted(uids) if one in self.mails]

    def uids_between(self, above: int, up_to: int) -> list[int]:
        return [one for one in sorted(self.mails) if above < one <= up_to]

    def move(self, uids: list[int], folder: str) -> None:
        self._may_fail("move")
        for uid in uids:
            if uid in self.mails:
                self.moved.setdefault(folder, []).append(self.mails.pop(uid)[0])

    def download(self, uids: list[int]) -> dict[int, bytes]:
        self._may_fail("download")
        self.downloads += len(uids)
        return {uid: self.mails[uid][0] for uid in uids}

    def download_head(self, uid: int) -> bytes:
        return self.mails[uid][0].partition(b"\r\n\r\n")[0] + b"\r\n\r\n"

    def mark_seen(self, uids: list[int]) -> None:
        self._may_fail("mark_seen")
        self.seen.update(uids)

    def _may_fail(self, method: str) -> None:
        if method in self.fails:
            self.fails.remove(method)
            message = f"{method} failed"
            raise ExternalFailure(message)


WORKERS = count(1)


@dataclass
class ReaderHere:
    """Reads as the parser's process does, but in this one; ``parser`` stands in for it and may fail, as that may."""

    parser: Callable[[bytes], ParsedMail] | None = None
    asked: deque[Request] = field(default_factory=deque)

    def ask(self, digest: str, *, headers_only: bool = False) -> None:
        self.asked.append(Request(digest, "" if headers_only else None))

    def has_answer(self, **_how: float) -> bool:
        return bool(self.asked)

    def answer(self) -> Read | Unread:
        request = self.asked.popleft()
        if self.parser is None or request.note is not None:
            return read_as_the_child(request, blobs.store())
        try:
            return Read(self.parser(blobs.store().get(request.digest)))
        except RuntimeError as error:
            return Unread(str(error))

    def drop(self) -> None:
        self.asked.clear()


def work_off(clock: Callable[[], datetime], **how: Any) -> None:
    """Handle all that waits as a worker does, ``how`` being what its reader is made with."""
    reader, holder = ReaderHere(**how), f"worker {next(WORKERS)}"
    store = blobs.store()
    drain(unit_of_work, reader=reader, store=store, holder=holder, clock=clock, is_over=lambda: False)  # type: ignore[arg-type]


@dataclass
class Inbox:
    """A connected mailbox whose mail is fetched and handled at once."""

    mailbox_id: int
    source_id: int
    clock: FixedClock
    folder: FakeFolder = field(default_factory=FakeFolder)

    def fetch(self) -> int:
        return fetch(self.source_id, self.folder, unit_of_work, store=blobs.store(), clock=self.clock)  # type: ignore[arg-type]

    def receive(self, raw: bytes, **how: Any) -> InboundMessage:
        """Deliver, fetch and handle one mail; return its line of the log."""
        self.folder.deliver(raw, at=self.clock())
        self.fetch()
        with unit_of_work() as session:
            inbound_id = session.query(InboundMessage.id).order_by(InboundMessage.id.desc()).limit(1).scalar()
        return self.handle(inbound_id, **how)

    def handle(self, inbound_id: int, **how: Any) -> InboundMessage:
        """Work off all that waits, and return what became of this message."""
        work_off(self.clock, **how)
        with unit_of_work() as session:
            return session.get_one(InboundMessage, inbound_id)


@pytest.fixture
def inbox(office: Office, fixed_clock: FixedClock) -> Inbox:
    """The mailbox of support, connected and read once: what comes from now on is new."""
    mailbox_id, source_id = connect()
    box = Inbox(mailbox_id, source_id, fixed_clock)
    box.fetch()
    return box
