"""Notifications to colleagues, and what their answers to them may do (docs/mail.md rules 15, 18 and 25)."""

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, IntakeSource
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from tests.conftest import NOW
from tests.mails import mail

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]

TECHNICIAN = "T <technician@halden-okoye.example>"
MANAGER = "M <manager@halden-okoye.example>"
OURS = "mx.halden.example"
PASSED = {"Authentication-Results": f"{OURS}; dmarc=pass header.from=halden-okoye.example"}
OF_ACME = {"Authentication-Results": f"{OURS}; dmarc=pass header.from=acme.example"}


def item_of(line):
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)


def assign(item, person):
    with unit_of_work() as session:
        projects.assign(session, actor=SYSTEM, now=NOW, item_id=item.id, assignee_id=person.id)


def outgoing(purpose):
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.purpose == purpose).order_by(OutgoingMessage.id)
        return list(session.scalars(query))


def conversation(item):
    with unit_of_work() as session:
        return ticket_queries.conversation(session, item.id)


@pytest.fixture
def trusting(inbox):
    """The mailbox names the server whose checks count."""
    with unit_of_work() as session:
        session.get_one(IntakeSource, inbox.source_id).trusted_authserv_id = OURS


@pytest.fixture
def ticket(inbox, office):
    """A ticket of Ann's that the technician has."""
    item = item_of(inbox.receive(mail(message_id="<one@acme.example>", headers=OF_ACME)))
    assign(item, office.technician)
    return item


@pytest.fixture
def notification(inbox, ticket):
    """What the technician gets when Ann writes again."""
    inbox.receive(mail("It still does.", headers={"References": "<one@acme.example>"} | OF_ACME))
    return outgoing("notification")[-1]


class TestNotifications:
    def test_whoever_has_the_ticket_gets_one_mail_signed_for_both(self, notification, ticket, office):
        assert notification.to == [{"name": "Technician Person", "address": "technician@halden-okoye.example"}]
        assert notification.reply_to.startswith(f"support+s.{ticket.id}.{office.technician.id}.")
        assert (notification.automatic, notification.envelope_from) == (True, "")
        assert "Ann Berg wrote on ticket" in notification.text
        assert "It still does." in notification.text
        assert len(outgoing("notification")) == 1

    def test_without_checks_that_count_the_mail_says_what_an_answer_becomes(self, notification):
        assert "becomes an internal note" in notification.text

    @pytest.mark.usefixtures("trusting")
    def test_with_them_it_says_whom_an_answer_reaches(self, notification):
        assert "Answer this mail, and Ann Berg gets your answer." in notification.text

    @pytest.mark.usefixtures("ticket")
    @pytest.mark.parametrize(
        "headers", [{"Auto-Submitted": "auto-replied"}, {"Precedence": "bulk"}], ids=["absence note", "bulk"]
    )
    def test_nobody_is_told_of_machines(self, inbox, headers):
        inbox.receive(mail("Away.", headers={"References": "<one@acme.example>"} | OF_ACME | headers))

        assert outgoing("notification") == []

    def test_nobody_is_told_of_held_mail_before_somebody_else_accepts_it(self, inbox, ticket, office, sign_in_as):
        with unit_of_work() as session:
            written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=ticket.id, text="Hm.")
            address = session.get_one(OutgoingMessage, written.outgoing_message_id).reply_to
        line = inbox.receive(mail("Let me in.", sender="Eve <eve@elsewhere.example>", to=address))
        told_while_held = outgoing("notification")
        with unit_of_work() as session:
            message_id = session.get_one(InboundEffect, line.id).message_id

        sign_in_as(office.manager).post(f"/items/{ticket.number}/messages/{message_id}/accept")

        assert told_while_held == []
        assert len(outgoing("notification")) == 1

    @pytest.mark.usefixtures("ticket")
    def test_who_wants_no_mail_gets_none_and_keeps_the_session(self, inbox, office, sign_in_as):
        browser = sign_in_as(office.technician)
        sign_in_as(office.admin).post(
            f"/settings/people/{office.technician.id}", data={"role": "technician", "active": "y"}
        )

        inbox.receive(mail("Again.", headers={"References": "<one@acme.example>"} | OF_ACME))

        with unit_of_work() as session:
            assert session.get_one(Person, office.technician.id).mail_notifications is False
        assert outgoing("notification") == []
        assert browser.get("/desk").status_code == 200


@pytest.mark.usefixtures("trusting")
class TestAnswersOfColleagues:
    def test_a_proven_answer_goes_to_the_requester_as_that_colleague(self, inbox, ticket, notification, office):
        line = inbox.receive(
            mail("Try B.", sender=TECHNICIAN, to=notification.reply_to, headers=PASSED, files={"b.txt": b"B"})
        )

        (sent,) = outgoing("reply")
        reply = conversation(ticket)[-1]
        assert (line.outcome, line.reasons[-1]) == (
            "reply",
            "sent to the requester as an answer of Technician Person",
        )
        assert (reply.kind, reply.person_id, reply.reply_text) == ("reply", office.technician.id, "Try B.")
        assert sent.to == [{"name": "Ann Berg", "address": "ann@acme.example"}]
        assert "Try B." in sent.text
        assert [file.name for file in reply.attachments] == ["b.txt"]

    @pytest.mark.parametrize(
        "headers",
        [
            {},
            {"Authentication-Results": f"{OURS}; dmarc=fail header.from=halden-okoye.example"},
            {"Authentication-Results": f"{OURS}; dmarc=pass header.from=evil.example"},
            {"Authentication-Results": "mx.evil.example; dmarc=pass header.from=halden-okoye.example"},
        ],
        ids=["no check", "failed", "of another domain", "by another server"],
    )
    def test_what_is_not_proven_reaches_no_client_and_says_so(self, inbox, ticket, notification, headers):
        line = inbox.receive(mail("Send money.", sender=TECHNICIAN, to=notification.reply_to, headers=headers))

        note = conversation(ticket)[-1]
        assert (line.outcome, note.kind, note.reply_text) == ("note", "note", "Send money.")
        assert line.reasons[-1].startswith("kept as a note: not proven (DMARC")
        assert outgoing("reply") == []

    def test_only_the_topmost_check_counts(self, inbox, notification):
        raw = mail("Send money.", sender=TECHNICIAN, to=notification.reply_to, headers=PASSED)

        line = inbox.receive(b"Authentication-Results: mx.elsewhere.example; dmarc=none\r\n" + raw)

        assert line.outcome == "note"
        assert outgoing("reply") == []

    def test_the_address_of_one_colleague_gives_another_nothing(self, inbox, notification):
        inbox.receive(mail("Try B.", sender=MANAGER, to=notification.reply_to, headers=PASSED))

        assert outgoing("reply") == []

    def test_a_client_who_got_hold_of_the_address_speaks_for_nobody(self, inbox, notification):
        inbox.receive(mail("Try B.", to=notification.reply_to, headers=OF_ACME))

        assert outgoing("reply") == []

    def test_an_absence_note_of_a_colleague_reaches_nobody(self, inbox, notification):
        away = PASSED | {"Auto-Submitted": "auto-replied"}

        line = inbox.receive(mail("Away.", sender=TECHNICIAN, to=notification.reply_to, headers=away))

        assert line.outcome == "automatic"
        assert outgoing("reply") == []

    def test_an_answer_that_would_reach_a_new_domain_outside_is_kept_as_a_note(self, inbox, notification):
        copied = {"References": "<one@acme.example>", "Cc": "cleo@partner.example"} | OF_ACME
        inbox.receive(mail("Cleo knows more.", headers=copied))

        line = inbox.receive(mail("Try B.", sender=TECHNICIAN, to=notification.reply_to, headers=PASSED))

        assert line.outcome == "note"
        assert "the first to cleo@partner.example" in line.reasons[-1]
        assert outgoing("reply") == []


def test_without_a_server_whose_checks_count_every_answer_is_a_note(inbox, ticket, notification):
    line = inbox.receive(mail("Try B.", sender=TECHNICIAN, to=notification.reply_to, headers=PASSED))

    assert line.outcome == "note"
    assert line.reasons[-1] == "kept as a note: not proven, for the mailbox names no server whose checks count"
    assert outgoing("reply") == []
