"""Mail from files: the way of fetched mail, at its own date, without a word to anybody, once however often."""

import mailbox
import re
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.accounts.models import Person
from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock, crypto, leases
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeSource
from helpdesk.intake.process import importing
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.outbox.domain import reply_address
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import Message, TicketDetails
from tests.conftest import NOW
from tests.mails import mail

pytestmark = [pytest.mark.usefixtures("rung", "inbox"), pytest.mark.on_sqlite]

SUPPORT = "support@halden-okoye.example"
OLD = "Mon, 04 May 2020 09:00:00 +0200"
OLD_AT = datetime(2020, 5, 4, 7, 0, tzinfo=UTC)


def dated(raw: bytes, date: str) -> bytes:
    return raw.replace(b"Date: Wed, 18 Nov 2026 09:59:00 +0000", f"Date: {date}".encode())


def ask(number: int, **more) -> bytes:
    return dated(mail(subject=f"Question {number}", message_id=f"<q{number}@acme.example>", **more), OLD)


def answer(number: int, date: str = "Tue, 05 May 2020 09:00:00 +0200") -> bytes:
    headers = {"In-Reply-To": f"<q{number}@acme.example>"}
    raw = mail("Thanks.", subject=f"Re: Question {number}", message_id=f"<a{number}@acme.example>", headers=headers)
    return dated(raw, date)


@pytest.fixture
def folder(tmp_path):
    """Where the archive lies: beside our own files."""
    path = tmp_path / "archive"
    path.mkdir()
    return path


@pytest.fixture
def bring_in():
    """Import files as the command does, and return the run."""

    def run(*paths):
        current = importing.start(SUPPORT, unit_of_work, store=blobs.store(), clock=clock.now, holder="test")
        places = importing.survey(current, paths)
        stored = sum(importing.store_all(current, places))
        handled = sum(importing.handle_all(current, importing.waiting(current)))
        importing.end(current)
        assert (stored, handled) == (len(places), sum(current.outcomes.values()))
        return current

    return run


def count_of(model) -> int:
    with unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def item_of(line) -> int:
    with unit_of_work() as session:
        return session.get_one(InboundEffect, line.id).work_item_id


def mbox_of(path, mails):
    box = mailbox.mbox(path)
    for raw in mails:
        box.add(mailbox.mboxMessage(raw))
    box.close()
    return path


def everything():
    return {model.__name__: count_of(model) for model in (InboundMessage, WorkItem, Message, OutgoingMessage)}


def test_mail_files_mboxes_and_maildirs_all_become_tickets(folder, bring_in):
    (folder / "eml").mkdir()
    (folder / "eml" / "one.eml").write_bytes(ask(1))
    mbox_of(folder / "old.mbox", [ask(2), ask(3, to="support@halden-okoye.example, bo@acme.example")])
    maildir = mailbox.Maildir(folder / "Maildir", create=True)
    maildir.add(ask(4))
    maildir.add_folder("Sent").add(ask(5))

    run = bring_in(folder)

    assert (run.new, run.already_there, run.failures) == (5, 0, [])
    assert run.outcomes == Counter(ticket=5)


def test_answers_find_their_tickets_whatever_the_order_of_the_files(folder, bring_in):
    (folder / "a.eml").write_bytes(answer(1))
    (folder / "b.eml").write_bytes(ask(1))

    run = bring_in(folder)

    with unit_of_work() as session:
        messages = session.scalars(select(Message).order_by(Message.posted_at)).all()
    assert run.outcomes == Counter(ticket=1, reply=1)
    assert [message.reply_text.strip() for message in messages] == ["It prints blank labels.", "Thanks."]
    assert len({message.work_item_id for message in messages}) == 1


def test_everything_keeps_its_own_date(folder, bring_in):
    (folder / "old.eml").write_bytes(ask(1))

    bring_in(folder)

    with unit_of_work() as session:
        line, item = (
            session.scalars(select(InboundMessage)).one(),
            session.scalars(select(WorkItem).where(WorkItem.title == "Question 1")).one(),
        )
        message = session.scalars(select(Message).where(Message.work_item_id == item.id)).one()
        last = session.get_one(TicketDetails, item.id).last_message_at
    assert {line.received_at, item.created_at, item.updated_at, message.posted_at, last} == {OLD_AT}
    assert line.finished_at == line.fetched_at == NOW


@pytest.mark.parametrize(
    ("date", "received", "believed"),
    [
        ("Fri, 01 Jan 2100 00:00:00 +0000", "Mon, 4 May 2020 07:00:00 +0000 (UTC)", OLD_AT),
        ("nonsense", "Mon, 4 May 2020 07:00:00 +0000", OLD_AT),
        ("Thu, 01 Jan 1970 00:00:00 +0000", "", NOW),
        (OLD, "Fri, 1 Jan 2021 00:00:00 +0000", OLD_AT),
    ],
)
def test_a_date_that_nobody_believes_is_not_taken(folder, bring_in, date, received, believed):
    raw = dated(mail(), date)
    trace = f"Received: from x.example by y.example with SMTP;\r\n\t{received}\r\n".encode() if received else b""
    (folder / "one.eml").write_bytes(trace + raw)

    bring_in(folder)

    with unit_of_work() as session:
        assert session.scalars(select(InboundMessage.received_at)).one() == believed


def test_nothing_is_sent(folder, bring_in):
    (folder / "one.eml").write_bytes(mail())

    bring_in(folder)

    with unit_of_work() as session:
        reasons = session.scalars(select(InboundMessage)).one().reasons
    assert count_of(OutgoingMessage) == 0
    assert "not acknowledged: imported" in reasons


def test_an_archived_answer_of_a_colleague_is_history_and_leaves_for_nobody(folder, office, inbox, bring_in):
    with unit_of_work() as session:
        session.scalars(select(IntakeSource)).one().trusted_authserv_id = "mx.halden.example"
    line = inbox.receive(ask(1))
    item_id = item_of(line)
    before = count_of(OutgoingMessage)
    to = reply_address(mailbox=SUPPORT, work_item_id=item_id, keys=crypto.mail_keys(), person_id=office.technician.id)
    passed = {"Authentication-Results": "mx.halden.example; dmarc=pass header.from=halden-okoye.example"}
    sender = "T <technician@halden-okoye.example>"
    (folder / "one.eml").write_bytes(dated(mail("Try this.", sender=sender, to=to, headers=passed), OLD))

    run = bring_in(folder)

    assert run.outcomes == Counter(reply=1)
    assert count_of(OutgoingMessage) == before


def test_importing_twice_changes_nothing(folder, bring_in):
    mbox_of(folder / "old.mbox", [ask(number) for number in range(5)] + [answer(2)])
    bring_in(folder)
    before = everything()

    again = bring_in(folder)

    assert (again.new, again.already_there, again.failures) == (0, 6, [])
    assert everything() == before


def test_the_same_mail_twice_among_the_files_is_one(folder, bring_in):
    (folder / "one.eml").write_bytes(ask(1))
    (folder / "two.eml").write_bytes(b"Received: from a by b; Mon, 4 May 2020 07:00:00 +0000\r\n" + ask(1))
    (folder / "unix.eml").write_bytes(ask(1).replace(b"\r\n", b"\n"))
    mbox_of(folder / "three.mbox", [ask(1)])

    run = bring_in(folder)

    assert (run.new, run.already_there) == (1, 3)


def test_mail_that_was_fetched_before_is_known(folder, inbox, bring_in):
    raw = ask(1)
    inbox.receive(raw)
    (folder / "one.eml").write_bytes(raw)

    run = bring_in(folder)

    assert (run.new, run.already_there) == (0, 1)


def test_mail_that_was_imported_is_a_duplicate_where_the_server_still_has_it(folder, inbox, bring_in):
    (folder / "one.eml").write_bytes(ask(1))
    bring_in(folder)

    assert inbox.receive(ask(1)).outcome == "duplicate"


def test_a_run_that_was_killed_goes_on_where_it_was(folder, bring_in):
    mbox_of(folder / "old.mbox", [ask(number) for number in range(5)])
    killed = importing.start(SUPPORT, unit_of_work, store=blobs.store(), clock=clock.now, holder="test")
    list(importing.store_all(killed, importing.survey(killed, [folder])[:3]))

    run = bring_in(folder)

    assert (run.new, run.already_there, run.outcomes) == (2, 3, Counter(ticket=5))
    with unit_of_work() as session:
        titles = session.scalars(select(WorkItem.title).where(WorkItem.title.startswith("Question"))).all()
    assert sorted(titles) == [f"Question {number}" for number in range(5)]


def test_two_imports_into_one_mailbox_do_not_run_at_once(bring_in, folder):
    with unit_of_work() as session:
        line = session.scalars(select(IntakeSource)).one()
        leases.take(session, name=f"import:{line.mailbox_id}", holder="other", now=clock.now(), seconds=60)

    with pytest.raises(Conflict, match="Another import"):
        bring_in(folder)


def test_a_mailbox_that_is_not_there_is_refused_with_those_that_are():
    with pytest.raises(NotFound, match=f"The mailboxes are: {re.escape(SUPPORT)}"):
        importing.start("else@x.example", unit_of_work, store=blobs.store(), clock=clock.now, holder="test")


def test_files_that_are_no_mail_are_named_and_the_others_taken(folder, bring_in):
    (folder / "good.eml").write_bytes(ask(1))
    (folder / "empty.eml").write_bytes(b"")
    (folder / "picture.jpg").write_bytes(b"\xff\xd8\xff\xe0 no mail")
    (folder / "large.eml").write_bytes(ask(2) + b"x" * 33 * 1024 * 1024)
    (folder / ".hidden").write_bytes(b"settings of a program")

    run = bring_in(folder)

    assert run.new == 1
    assert [failure.removeprefix(f"{folder}/") for failure in run.failures] == [
        "empty.eml: is empty",
        "large.eml: is larger than 32 MB",
        "picture.jpg: is no mail: it does not begin with a header",
    ]


def test_lines_that_only_look_like_the_beginning_of_a_mail_cut_none(folder, bring_in):
    body = "From here to 2020\n\nFrom nobody knows 2020\nbut me"
    mbox_of(folder / "old.mbox", [ask(1, text=body), ask(2)])

    run = bring_in(folder)

    with unit_of_work() as session:
        first = session.scalars(select(Message).where(Message.subject == "Question 1")).one()
    assert run.new == 2
    assert "From nobody knows 2020\nbut me" in first.text.replace("\r", "")


def test_an_old_answer_leaves_a_ticket_as_it_is_and_a_newer_one_reopens_it(folder, office, inbox, bring_in):
    inbox.receive(ask(1))
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.title == "Question 1")).one()
        projects.set_status(session, actor=SYSTEM, now=NOW - timedelta(days=2), item_id=item.id, status="solved")
    (folder / "old.eml").write_bytes(answer(1))

    bring_in(folder / "old.eml")
    with unit_of_work() as session:
        after_old = session.get_one(WorkItem, item.id).status
    newer = answer(1, "Tue, 17 Nov 2026 12:00:00 +0000").replace(b"<a1@", b"<b1@")
    (folder / "new.eml").write_bytes(newer)
    bring_in(folder / "new.eml")

    with unit_of_work() as session:
        assert (after_old, session.get_one(WorkItem, item.id).status) == ("solved", "open")


def test_mail_of_the_archive_follows_the_project_of_its_mailbox(folder, office, bring_in):
    with unit_of_work() as session:
        session.scalars(select(IntakeSource)).one().default_project_id = office.globex_project.id
    (folder / "one.eml").write_bytes(ask(1, sender="Eve <eve@elsewhere.example>"))

    bring_in(folder)

    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.title == "Question 1")).one()
    assert item.project_id == office.globex_project.id


def test_a_mail_that_cannot_be_handled_is_in_quarantine_and_named(folder, bring_in, monkeypatch):
    def explode(*_args, **_more):
        message = "boom"
        raise RuntimeError(message)

    monkeypatch.setattr("helpdesk.intake.service.opening.open_ticket", explode)
    (folder / "one.eml").write_bytes(ask(1))

    run = bring_in(folder)

    assert run.outcomes == Counter(quarantined=1)
    assert run.failures == ["message 1 of the inbound log is in quarantine: RuntimeError: boom"]


def test_the_invariants_hold_behind_an_import(folder, office, bring_in):
    mbox_of(folder / "old.mbox", [ask(1), answer(1), mail(headers={"Precedence": "bulk"})])

    bring_in(folder)

    with unit_of_work() as session:
        assert session.get_one(Person, office.admin.id)
        assert [each.message for each in examine(session, store=blobs.store(), now=clock.now())] == []
