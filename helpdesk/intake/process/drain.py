"""Handling all mail that waits: claimed in pages, read ahead, applied several to a commit (docs/mail.md rules 7 to 9).

Each mail is wholly handled or not at all. Where one of several cannot be applied, none is, and each gets a transaction
of its own. A process that dies here leaves claims, and nothing else: the next one to have the mailbox's turn goes on.
"""

import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from helpdesk.infra import blobs, failpoints
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.intake.domain.decisions import BY_HEADERS
from helpdesk.intake.parser.child import Read, Unread
from helpdesk.intake.process.reader import Reader
from helpdesk.intake.service import effect, foreseeing, log, turns
from helpdesk.intake.service.log import Claimed
from helpdesk.intake.service.turns import PAGE
from helpdesk.kernel.errors import ExternalFailure

logger = structlog.get_logger()

BATCH = 100
LOW = PAGE // 2
MOMENT_SECONDS = 0.04
"""How long a mail that is read waits for the ones behind it: a commit costs the same for one and for many."""
RENEW = timedelta(seconds=15)
Answer = tuple[Claimed, Read | Unread]


def drain(
    unit_of_work: UnitOfWork,
    *,
    reader: Reader,
    store: BlobStore,
    holder: str,
    clock: Clock,
    is_over: Callable[[], bool],
) -> bool:
    """Handle what waits until nothing does, or ``is_over``; return whether something may be left.

    ``holder`` is a name that no other process has. Where it is over, what is read already is still handled, since its
    files are written and would be left lying; what was claimed and not read is given back.
    """
    hands = _Hands(unit_of_work, reader, holder, clock)
    try:
        while not is_over():
            if not hands.fill():
                return False
            hands.apply(settled(hands.read(), store))
        while hands.has_read():
            hands.apply(settled(hands.read(), store))
        return True
    finally:
        hands.let_go()


def sweep(unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Ring again where messages wait that nobody handles."""
    with unit_of_work() as session:
        log.ring_unfinished(session, now=clock())


def settled(answers: list[Answer], store: BlobStore) -> list[Answer]:
    """Return the answers with their files durable, all at once; a mail whose files cannot be is unread."""
    staged = [one for _, answer in answers if isinstance(answer, Read) for one in answer.staged]
    try:
        if staged:
            store.settle(staged)
    except (ExternalFailure, TypeError, ValueError) as error:  # the parser reads what strangers wrote: not all is true
        if len(answers) > 1:
            return [each for one in answers for each in settled([one], store)]
        return [(answers[0][0], Unread(str(error), is_blameless=isinstance(error, ExternalFailure)))]
    return answers


class _Hands:
    """What one call of :func:`drain` holds: turns of mailboxes, and messages that are claimed and being read."""

    def __init__(self, unit_of_work: UnitOfWork, reader: Reader, holder: str, clock: Clock) -> None:
        self._unit_of_work, self._reader, self._holder, self._clock = unit_of_work, reader, holder, clock
        self._claimed: deque[Claimed] = deque()
        self._turns: dict[int, datetime] = {}
        self._last_mailbox_id = 0
        self._more = False

    def fill(self) -> bool:
        """Claim the next page where hands are getting empty, and have it read; return whether there is any work."""
        while not self._claimed or (self._more and len(self._claimed) < LOW):
            now = self._clock()
            with self._unit_of_work() as session:
                page = turns.claim_page(
                    session, holder=self._holder, held=self._turns, after=self._last_mailbox_id, now=now
                )
            self._more = len(page.claimed) > LOW
            if page.mailbox_id is None:
                break
            failpoints.passing("claimed")
            self._turns[page.mailbox_id], self._last_mailbox_id = now, page.mailbox_id
            for one in page.claimed:
                self._reader.ask(one.blob_sha256, headers_only=BY_HEADERS in one.decisions)
            self._claimed.extend(page.claimed)
        return bool(self._claimed)

    def has_read(self) -> bool:
        """Return whether a message is read and waits for its effect."""
        return bool(self._claimed) and self._reader.has_answer()

    def read(self) -> list[Answer]:
        """Wait for the next message, and return it with those behind it that are read by then or a moment later."""
        answers = [(self._claimed[0], self._reader.answer())]
        self._claimed.popleft()
        until = time.monotonic() + MOMENT_SECONDS
        while self._claimed and len(answers) < BATCH:
            if not self._reader.has_answer(within=max(0.0, until - time.monotonic())):
                break
            answers.append((self._claimed[0], self._reader.answer()))
            self._claimed.popleft()
        failpoints.passing("parsed")
        return answers

    def apply(self, answers: list[Answer]) -> None:
        """Give every message its effect: all in one transaction, or each in its own where one of them cannot be."""
        self._keep_turns()
        try:
            with self._unit_of_work() as session:
                _prepare(session, answers, self._clock())
                for claimed, answer in answers:
                    _apply(session, claimed, answer, self._clock())
                failpoints.passing("applied")
        except Exception as error:  # the mail quarantine
            if len(answers) > 1:
                for one in answers:
                    self.apply([one])
                return
            claimed = answers[0][0]
            logger.warning("inbound.failed", inbound_id=claimed.inbound_id, attempt=claimed.attempt, exc_info=True)
            with self._unit_of_work() as session:
                log.give_back(
                    session,
                    claimed=claimed,
                    error=f"{type(error).__name__}: {error}",
                    now=self._clock(),
                    is_blameless=log.is_blameless(error),
                )
        failpoints.passing("done")

    def let_go(self) -> None:
        """Give back what was not begun, and the mailboxes."""
        self._reader.drop()
        if self._turns:
            with self._unit_of_work() as session:
                turns.end_turns(session, self._turns, holder=self._holder, claimed=self._claimed)

    def _keep_turns(self) -> None:
        """Renew the turns in time: a mail may take as long as its limit allows."""
        now = self._clock()
        stale = [mailbox_id for mailbox_id, taken_at in self._turns.items() if now - taken_at > RENEW]
        if stale:
            with self._unit_of_work() as session:
                for mailbox_id in stale:
                    turns.take_turn(session, mailbox_id, holder=self._holder, now=now)
                    self._turns[mailbox_id] = now


def _prepare(session: Session, answers: list[Answer], now: datetime) -> None:
    """Lock the messages, and read and write for all of them at once what each would ask for and add by itself."""
    ours = log.prepare(session, [claimed for claimed, _ in answers])
    read = [
        (ours[one.inbound_id], answer) for one, answer in answers if isinstance(answer, Read) and one.inbound_id in ours
    ]
    foreseeing.look_ahead(session, [(inbound, answer.mail) for inbound, answer in read])
    whole = [answer for inbound, answer in read if not inbound.headers_only]
    blobs.record_all(session, [(file.blob_sha256, file.size_bytes) for one in whole for file in one.files], now=now)


def _apply(session: Session, claimed: Claimed, answer: Read | Unread, now: datetime) -> None:
    if isinstance(answer, Unread):
        log.give_back(session, claimed=claimed, error=answer.error, now=now, is_blameless=answer.is_blameless)
    else:
        effect.apply(session, claimed=claimed, mail=answer.mail, files=answer.files, now=now)
