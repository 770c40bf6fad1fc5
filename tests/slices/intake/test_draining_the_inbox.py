"""Many messages in one go: read in a process that may be killed, each handled wholly or not at all, in order."""

from contextlib import suppress
from datetime import timedelta

import psutil
import pytest
from sqlalchemy import select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import Blob, Lease
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.intake.parser.child import PLENTY_BYTES, Read, Unread, apart
from helpdesk.intake.parser.read import parse
from helpdesk.intake.process.drain import BATCH, drain
from helpdesk.intake.process.parser_process import Limits
from helpdesk.intake.process.reader import Reader
from helpdesk.intake.service import effect, turns
from helpdesk.kernel.errors import RuleViolation
from helpdesk.tickets import queries as tickets
from tests.mails import mail

CHILD = "helpdesk.intake.parser.child"


@pytest.fixture
def reader(app):
    """The real process, with the real limits."""
    made = Reader(blobs.store().root)
    yield made
    made.close()


class QuickReader:
    """Reads at once and in this process; ``fails`` are parts of mails that it does not read.

    After ``count`` mails it takes its time.
    """

    def __init__(self, *fails, count=1000):
        self.fails, self.count, self.asked, self.dropped = fails, count, [], 0

    def ask(self, digest, **_how):
        self.asked.append(digest)

    def has_answer(self, **_how):
        return bool(self.asked) and self.count > 0

    def answer(self):
        self.count -= 1
        raw = blobs.store().get(self.asked.pop(0))
        return Unread("broken") if any(part in raw for part in self.fails) else Read(parse(raw))

    def drop(self):
        self.dropped += len(self.asked)
        self.asked.clear()


def work(inbox, reader, *, holder="here", is_over=lambda: False):
    store = blobs.store()
    return drain(unit_of_work, reader=reader, store=store, holder=holder, clock=inbox.clock, is_over=is_over)


def deliver(inbox, *mails):
    for raw in mails:
        inbox.folder.deliver(raw, at=inbox.clock())
    inbox.fetch()


def lines():
    with unit_of_work() as session:
        return list(session.scalars(select(InboundMessage).order_by(InboundMessage.id)))


def states():
    return [(line.state, line.outcome) for line in lines()]


def test_all_that_waits_is_handled_in_order_by_the_real_process(inbox, reader):
    first = mail(subject="Printer", message_id="<first@acme.example>", files={"log.txt": b"A" * 5000})
    answer = mail(subject="Re: Printer", headers={"In-Reply-To": "<first@acme.example>"})
    deliver(inbox, first, answer, mail(subject="Other"))

    left = work(inbox, reader)

    assert not left
    assert states() == [("done", "ticket"), ("done", "reply"), ("done", "ticket")]
    with unit_of_work() as session:
        items = list(session.scalars(select(InboundEffect.work_item_id).order_by(InboundEffect.inbound_message_id)))
        (opened, added) = tickets.conversation(session, items[0])
        (file,) = opened.attachments
        row = session.get_one(Blob, file.blob_sha256)
        assert list(session.scalars(select(Lease.name).where(Lease.name.startswith("inbound:")))) == []
    assert items[0] == items[1] == added.work_item_id
    assert (file.name, blobs.store().get(file.blob_sha256), row.size_bytes) == ("log.txt", b"A" * 5000, 5000)


def test_one_that_cannot_be_applied_takes_nothing_with_it(inbox, monkeypatch, rung):
    honest = effect.apply

    def apply(session, *, claimed, mail, **rest):
        honest(session, claimed=claimed, mail=mail, **rest)
        if mail.subject == "Bad":
            message = "the disk of the database is odd"
            raise RuleViolation(message)

    monkeypatch.setattr(effect, "apply", apply)
    deliver(inbox, *(mail(subject=subject) for subject in ("One", "Bad", "Two")))
    rung.clear()

    work(inbox, QuickReader())

    assert states() == [("done", "ticket"), ("received", ""), ("done", "ticket")]
    assert lines()[1].error == "RuleViolation: the disk of the database is odd"
    assert [bell.job for bell in rung] == ["deliver_outgoing"]


def test_a_mail_whose_file_cannot_be_made_durable_waits_without_blame_and_alone(inbox):
    class Staging(QuickReader):
        def answer(self):
            answer = apart(parse(blobs.store().get(self.asked.pop(0))), blobs.store())
            for one in answer.staged if answer.mail.subject == "Lost" else ():
                next(blobs.store().root.rglob(f".{one.token}*")).unlink()
            return answer

    files = {"log.txt": b"A" * 5000}
    deliver(inbox, mail(subject="One"), mail(subject="Lost", files=files), mail(subject="Two"))

    work(inbox, Staging())

    assert states() == [("done", "ticket"), ("received", ""), ("done", "ticket")]
    assert (lines()[1].attempts, lines()[1].error) == (0, "The file could not be stored: No such file or directory.")


def test_the_process_that_reads_stays_for_the_next_mail_however_large_ours_is(inbox, reader):
    large = b"x" * (PLENTY_BYTES + 1024 * 1024)
    deliver(inbox, mail(subject="One"), mail(subject="Two"))
    pids = []

    for line in lines():
        reader.ask(line.blob_sha256)
        assert isinstance(reader.answer(), Read)
        pids.append({child.pid for child in psutil.Process().children() if CHILD in " ".join(child.cmdline())})

    assert len(large) > PLENTY_BYTES
    assert pids[0] == pids[1]
    assert len(pids[0]) == 1


def test_one_that_cannot_be_read_is_tried_three_times_and_the_others_do_not_wait(inbox):
    deliver(inbox, mail("unreadable"), mail())
    reader = QuickReader(b"unreadable")

    for _ in range(3):
        work(inbox, reader)
        inbox.clock.advance(minutes=3)

    assert states() == [("quarantined", ""), ("done", "ticket")]
    assert (lines()[0].error, lines()[0].attempts) == ("broken", 3)


def test_when_time_is_over_what_is_read_is_handled_and_the_rest_given_back_without_counting_as_an_attempt(inbox):
    deliver(inbox, *(mail(sender=f"p{number}@acme.example") for number in range(BATCH + 7)))
    reader, rounds = QuickReader(count=BATCH + 2), iter([False, True])

    left = work(inbox, reader, is_over=lambda: next(rounds))

    assert left
    assert [line.state for line in lines()] == ["done"] * (BATCH + 2) + ["received"] * 5
    assert [line.attempts for line in lines()] == [1] * (BATCH + 2) + [0] * 5
    assert reader.dropped == 5


def test_nobody_else_handles_a_mailbox_whose_turn_is_taken_and_the_next_one_takes_over_what_was_left(inbox):
    deliver(inbox, mail(), mail())
    with unit_of_work() as session:
        turns.claim_page(session, holder="dead", held=(), after=0, now=inbox.clock())

    meanwhile = work(inbox, QuickReader())
    in_hand = states()
    inbox.clock.advance(seconds=61)
    work(inbox, QuickReader())
    work(inbox, QuickReader())

    assert not meanwhile
    assert in_hand == [("processing", ""), ("processing", "")]
    assert states() == [("done", "ticket"), ("done", "ticket")]
    assert [line.attempts for line in lines()] == [2, 2]


def test_what_broke_off_is_handled_alone_and_quarantined_after_three_times(inbox):
    deliver(inbox, mail(), mail())
    taken = []
    for number in range(3):
        with unit_of_work() as session:
            page = turns.claim_page(session, holder=f"dead {number}", held=(), after=0, now=inbox.clock())
            taken.append([one.inbound_id for one in page.claimed])
        inbox.clock.advance(seconds=61)

    work(inbox, QuickReader())

    first, second = (line.id for line in lines())
    assert taken == [[first, second], [first], [first]]
    assert [line.state for line in lines()] == ["quarantined", "done"]
    assert lines()[0].error == "Its handling broke off 3 times."


def test_a_mail_that_outruns_the_parser_becomes_a_ticket_of_its_headers_and_the_next_one_does_not_wait(inbox, app):
    reader = Reader(blobs.store().root, Limits(seconds=0.0, headers_seconds=20.0))
    deliver(inbox, mail(subject="Slow", files={"big.bin": bytes(4 * 1024 * 1024)}))

    work(inbox, reader)
    reader.close()

    (line,) = lines()
    assert (line.state, line.outcome) == ("done", "ticket")
    assert any("could not be read within 0 s and 512 MB: it took too long" in reason for reason in line.reasons)
    with unit_of_work() as session:
        (effect_row,) = session.scalars(select(InboundEffect))
        (message,) = tickets.conversation(session, effect_row.work_item_id)
        assert [file.name for file in message.attachments] == ["message.eml"]


def test_a_mail_that_eats_memory_becomes_a_ticket_of_its_headers(inbox, app):
    reader = Reader(blobs.store().root, Limits(memory_mb=120))
    deliver(inbox, mail("x" * 70 + "\r\n", files={"big.bin": bytes(20 * 1024 * 1024)}), mail(subject="Behind"))

    work(inbox, reader)
    reader.close()

    first, behind = lines()
    assert [first.outcome, behind.outcome] == ["ticket", "ticket"]
    assert any("could not be read within 20 s and 120 MB" in reason for reason in first.reasons)
    assert not any("could not be read" in reason for reason in behind.reasons)


class EndangeredReader(Reader):
    """The real one, whose process is killed before every seventh answer."""

    answers = 0

    def answer(self):
        self.answers += 1
        if self.answers % 7 == 0:
            for child in psutil.Process().children():
                with suppress(psutil.NoSuchProcess):
                    if CHILD in " ".join(child.cmdline()):
                        child.kill()
        return super().answer()


def test_a_parser_that_is_killed_again_and_again_costs_a_mail_its_body_at_most(inbox):
    reader = EndangeredReader(blobs.store().root)
    deliver(inbox, *(mail(sender=f"p{number}@acme.example") for number in range(30)))

    work(inbox, reader)
    reader.close()

    assert states() == [("done", "ticket")] * 30
    assert sum("message.eml" in " ".join(line.reasons) or "SIGKILL" in " ".join(line.reasons) for line in lines()) <= 4
    with unit_of_work() as session:
        items = list(session.scalars(select(InboundEffect.work_item_id)))
    assert len(set(items)) == 30


def test_what_is_the_same_for_many_mails_is_asked_once(inbox, count_queries):
    deliver(inbox, *(mail(sender=f"p{number}@acme.example") for number in range(20)))

    with count_queries() as statements:
        work(inbox, QuickReader())

    assert states() == [("done", "ticket")] * 20
    assert len(statements) / 20 < 17, "each statement costs a mail about 0.2 ms"
    for once in ("FROM intake_sources", "FROM mail_rules", "FROM people", "FROM client_domains"):
        assert sum(once in statement for statement in statements) <= 3, once


def test_mail_that_waited_for_us_is_read_and_written_many_at_a_time(inbox, count_queries):
    for number in range(20):
        inbox.folder.deliver(mail(sender=f"p{number}@acme.example"), at=inbox.clock() - timedelta(hours=1))
    inbox.fetch()

    with count_queries() as statements:
        work(inbox, QuickReader())

    assert states() == [("done", "ticket")] * 20
    assert len(statements) / 20 < 4, "of each mail, only its contact is written alone"
