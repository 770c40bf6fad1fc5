"""From a stored mail to its one effect: ticket, reply, note of a bounce, or nothing, each with its reasons."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeLimits, IntakeSource
from helpdesk.intake.parser.read import parse
from helpdesk.kernel.periods import zone_named
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import service as projects
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import TicketDetails
from tests.conftest import NOW
from tests.mails import SUPPORT, mail
from tests.slices.conftest import Inbox, connect

pytestmark = pytest.mark.usefixtures("rung")

STRANGER = "Eve <eve@elsewhere.example>"


def ticket_of(inbound):
    """Return the work item of the effect, with what the tests look at loaded."""
    with unit_of_work() as session:
        effect = session.get_one(InboundEffect, inbound.id)
        item = session.get_one(WorkItem, effect.work_item_id)
        _ = item.project.client.name
        return item


def related_to(item):
    with unit_of_work() as session:
        return session.scalar(select(TicketDetails.related_to_id).where(TicketDetails.work_item_id == item.id))


def conversation(item_id):
    with unit_of_work() as session:
        return ticket_queries.conversation(session, item_id)


def outgoing(purpose):
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.purpose == purpose).order_by(OutgoingMessage.id)
        return list(session.scalars(query))


def participants(item_id):
    with unit_of_work() as session:
        return {one.contact.email: one.role for one in ticket_queries.participants(session, [item_id])}


def reply_to(office, item_id, text="Try the other driver."):
    with unit_of_work() as session:
        written = tickets.reply(session, actor=office.actor("manager"), now=NOW, item_id=item_id, text=text)
        return session.get_one(OutgoingMessage, written.outgoing_message_id)


def set_status(item_id, status, at=NOW):
    with unit_of_work() as session:
        projects.set_status(session, actor=SYSTEM, now=at, item_id=item_id, status=status)


class TestNewTickets:
    def test_a_mail_of_a_known_domain_opens_a_ticket_of_that_client(self, inbox):
        line = inbox.receive(mail("It prints blank labels.", subject="Re: Printer"))

        item = ticket_of(line)
        (message,) = conversation(item.id)
        assert (item.title, item.status, item.project.client.name) == ("Printer", "new", "Acme")
        assert (message.kind, message.reply_text, message.contact.email) == (
            "mail",
            "It prints blank labels.",
            "ann@acme.example",
        )
        assert (line.state, line.outcome, line.attempts) == ("done", "ticket", 1)
        assert "client by domain: Acme" in line.reasons

    def test_mail_of_a_client_without_a_project_waits_in_triage_and_says_why(self, inbox, office):
        with unit_of_work() as session:
            session.get_one(Project, office.acme_project.id).is_default = False

        line = inbox.receive(mail("It prints blank labels."))

        assert ticket_of(line).project.is_triage
        assert "client by domain: Acme, which has no project yet: in Triage until somebody decides" in line.reasons

    def test_a_known_contact_decides_before_the_mailbox_and_the_domain(self, inbox, office):
        with unit_of_work() as session:
            session.get_one(IntakeSource, inbox.source_id).default_project_id = office.globex_project.id

        known = inbox.receive(mail(sender="Acme Person <person@acme.example>"))
        new = inbox.receive(mail(sender="New <new@acme.example>"))

        assert ticket_of(known).project_id == office.acme_project.id
        assert ticket_of(new).project_id == office.globex_project.id
        assert "client by contact: Acme" in known.reasons
        assert "project of the mailbox: Support" in new.reasons

    def test_mail_of_nobody_we_know_waits_in_triage(self, inbox, office):
        line = inbox.receive(mail(sender=STRANGER))

        assert ticket_of(line).project_id == office.triage.id

    def test_mail_without_a_readable_sender_is_not_lost(self, inbox, office):
        line = inbox.receive(b"Subject: Help\r\n\r\nIt burns.\r\n")

        item = ticket_of(line)
        assert (item.title, item.project_id) == ("Help", office.triage.id)
        assert outgoing("acknowledgement") == []

    def test_everybody_in_copy_takes_part_but_neither_we_nor_staff(self, inbox):
        line = inbox.receive(
            mail(
                to="support@halden-okoye.example, Bob <bob@acme.example>",
                headers={"Cc": "tech <technician@halden-okoye.example>, cleo@partner.example, broken"},
            )
        )

        assert participants(ticket_of(line).id) == {
            "ann@acme.example": "requester",
            "bob@acme.example": "cc",
            "cleo@partner.example": "cc",
        }

    def test_files_are_stored_and_shown_by_their_names(self, inbox):
        line = inbox.receive(mail(files={"label.pdf": b"%PDF-1.4"}))

        (message,) = conversation(ticket_of(line).id)
        assert [(file.name, file.size_bytes) for file in message.attachments] == [("label.pdf", 8)]


class TestAcknowledgements:
    def test_a_new_ticket_is_acknowledged_once_as_automatic_mail_signed_for_it(self, inbox, rung):
        line = inbox.receive(mail(message_id="<first@acme.example>"))

        item = ticket_of(line)
        (sent,) = outgoing("acknowledgement")
        assert sent.to == [{"name": "Ann Berg", "address": "ann@acme.example"}]
        assert (sent.automatic, sent.envelope_from, sent.in_reply_to) == (True, "", "<first@acme.example>")
        assert sent.reply_to.startswith(f"support+t.{item.id}.")
        assert sent.message_id.startswith(f"<hd.{item.id}.")
        assert f"[#{item.number}]" in sent.subject
        assert ("deliver_outgoing", (sent.id,)) in [(bell.job, bell.args) for bell in rung]

    def test_one_sender_gets_one_in_ten_minutes_and_five_a_day(self, inbox, fixed_clock):
        lines = []
        for minutes in (0, 5, 6, 11, 11, 11, 11, 11):
            fixed_clock.advance(minutes=minutes)
            lines.append(inbox.receive(mail()))

        assert len(outgoing("acknowledgement")) == 5
        assert "not acknowledged: the sender had one within 10 minutes" in lines[1].reasons
        assert "not acknowledged: the sender had 5 within a day" in lines[-1].reasons

    @pytest.mark.usefixtures("office")
    def test_backlog_is_taken_in_without_a_word(self, fixed_clock):
        mailbox_id, source_id = connect(start_from="all")
        box = Inbox(mailbox_id, source_id, fixed_clock)
        box.folder.deliver(mail(), at=NOW - timedelta(days=3))
        box.fetch()

        line = box.handle(1)

        assert line.outcome == "ticket"
        assert "not acknowledged: from before the mailbox was connected" in line.reasons
        assert outgoing("acknowledgement") == []

    def test_the_mailbox_can_have_its_own_words_where_only_names_are_replaced(self, inbox):
        with unit_of_work() as session:
            box = session.get_one(IntakeSource, inbox.source_id).mailbox
            box.acknowledgement = "Hi {{name}}, {{number}}: {{subject}} {{ 7 * 7 }} {% raw %}"

        line = inbox.receive(mail(subject="Printer {{name}}"))

        (sent,) = outgoing("acknowledgement")
        assert (
            sent.text.partition("\n\n")[2]
            == f"Hi Ann Berg, #{ticket_of(line).number}: Printer {{{{name}}}} {{{{ 7 * 7 }}}} {{% raw %}}\n"
        )

    def test_mail_that_fails_dmarc_gets_a_banner_no_client_and_no_answer(self, inbox, office):
        with unit_of_work() as session:
            session.get_one(IntakeSource, inbox.source_id).trusted_authserv_id = "mx.halden.example"

        line = inbox.receive(
            mail(headers={"Authentication-Results": "mx.halden.example; dmarc=fail header.from=acme.example"})
        )

        item = ticket_of(line)
        (message,) = conversation(item.id)
        assert (message.unverified, item.project_id) == (True, office.triage.id)
        assert outgoing("acknowledgement") == []


class TestReplies:
    def test_an_answer_to_the_signed_address_reopens_its_ticket(self, inbox, office):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        set_status(item.id, "solved")

        line = inbox.receive(mail("Works now.", to=sent.reply_to, subject="something else"))

        assert (line.outcome, line.matched_by) == ("reply", "signed_address")
        assert ticket_of(line).id == item.id
        assert ticket_of(line).status == "open"
        kinds = [message.kind for message in conversation(item.id)]
        assert sorted(kinds) == ["event", "mail", "mail", "reply"]

    def test_an_answer_by_our_message_id_finds_its_ticket_where_plus_addresses_are_lost(self, inbox, office):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)

        line = inbox.receive(mail("Thanks.", headers={"In-Reply-To": sent.message_id}))

        assert (line.matched_by, ticket_of(line).id) == ("own_message_id", item.id)

    def test_a_colleague_who_answers_to_the_clients_own_mail_comes_in_copy(self, inbox):
        item = ticket_of(inbox.receive(mail(message_id="<start@acme.example>")))

        line = inbox.receive(
            mail("Me too.", sender="Bob <bob@acme.example>", headers={"References": "<start@acme.example>"})
        )

        assert (line.matched_by, ticket_of(line).id) == ("foreign_message_id", item.id)
        assert participants(item.id) == {"ann@acme.example": "requester", "bob@acme.example": "cc"}

    def test_a_thread_is_found_by_an_id_that_was_only_ever_referred_to(self, inbox):
        item = ticket_of(inbox.receive(mail(headers={"References": "<root@acme.example> <mid@acme.example>"})))

        line = inbox.receive(mail("More.", headers={"In-Reply-To": "<root@acme.example>"}))

        assert ticket_of(line).id == item.id

    @pytest.mark.parametrize("forgery", ["signed address", "own message id", "foreign message id", "subject"])
    def test_a_person_of_another_client_never_gets_onto_a_ticket(self, inbox, office, forgery):
        item = ticket_of(inbox.receive(mail(message_id="<start@acme.example>")))
        sent = reply_to(office, item.id)
        forged = {
            "signed address": {"to": sent.reply_to},
            "own message id": {"headers": {"In-Reply-To": sent.message_id}},
            "foreign message id": {"headers": {"In-Reply-To": "<start@acme.example>"}},
            "subject": {"subject": f"Re: [#{item.number}] Printer"},
        }[forgery]

        line = inbox.receive(mail("Let me in.", sender="Person <person@globex.example>", **forged))

        assert ticket_of(line).id != item.id
        assert line.outcome == "ticket"
        assert related_to(ticket_of(line)) == item.id

    def test_an_unknown_sender_with_a_valid_signature_is_held_and_nobody_notified(self, inbox, office):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        set_status(item.id, "waiting")
        before = len(outgoing("acknowledgement"))

        line = inbox.receive(mail("I take over.", sender=STRANGER, to=sent.reply_to))

        held = conversation(item.id)[-1]
        assert (line.outcome, held.held, ticket_of(line).status) == ("held", True, "waiting")
        assert "eve@elsewhere.example" not in participants(item.id)
        assert len(outgoing("acknowledgement")) == before

    def test_a_forged_signature_counts_for_nothing(self, inbox):
        item = ticket_of(inbox.receive(mail()))

        line = inbox.receive(mail(sender=STRANGER, to=f"support+t.{item.id}.1{'a' * 16}@halden-okoye.example"))

        assert ticket_of(line).id != item.id

    def test_the_subject_alone_counts_from_a_participant(self, inbox):
        item = ticket_of(inbox.receive(mail()))

        by_ann = inbox.receive(mail("More.", subject=f"[#{item.number}] Printer"))
        by_bob = inbox.receive(mail("More.", sender="Bob <bob@acme.example>", subject=f"[#{item.number}] Printer"))

        assert (by_ann.matched_by, ticket_of(by_ann).id) == ("subject_token", item.id)
        assert ticket_of(by_bob).id != item.id

    def test_an_answer_to_a_ticket_closed_long_ago_opens_a_new_one_linked_to_it(self, inbox, office, fixed_clock):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        set_status(item.id, "closed")
        fixed_clock.advance(days=31)

        line = inbox.receive(mail("Again!", to=sent.reply_to))

        new = ticket_of(line)
        assert new.id != item.id
        assert related_to(new) == item.id

    def test_mail_of_staff_is_recorded_without_any_power(self, inbox, office):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        set_status(item.id, "waiting")

        line = inbox.receive(mail("close this", sender="T <technician@halden-okoye.example>", to=sent.reply_to))

        assert (line.outcome, ticket_of(line).status) == ("reply", "waiting")
        assert conversation(item.id)[-1].person_id == office.technician.id
        assert len(outgoing("reply")) == 1


class TestMachines:
    def test_an_out_of_office_answer_is_recorded_without_effect(self, inbox, office):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        set_status(item.id, "solved")

        line = inbox.receive(
            mail("I am away.", to=sent.reply_to, headers={"Auto-Submitted": "auto-replied", "Cc": "x@acme.example"})
        )

        assert (line.outcome, ticket_of(line).status) == ("automatic", "solved")
        assert conversation(item.id)[-1].automatic is True
        assert set(participants(item.id)) == {"ann@acme.example"}
        assert len(outgoing("acknowledgement")) == 1

    @pytest.mark.parametrize(
        "headers",
        [{"List-Unsubscribe": "<https://x.example>"}, {"Precedence": "bulk"}, {"Auto-Submitted": "auto-generated"}],
    )
    def test_newsletters_and_machines_without_a_ticket_are_ignored_with_the_reason(self, inbox, headers):
        line = inbox.receive(mail(headers=headers))

        assert (line.state, line.outcome) == ("ignored", "automatic")
        assert line.reasons[0] == "automatic mail that belongs to no ticket"
        assert len(line.reasons) > 1

    def test_our_own_mail_coming_back_is_ignored(self, inbox, office):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)

        by_address = inbox.receive(mail(sender="Support <support@halden-okoye.example>"))
        by_message_id = inbox.receive(mail(message_id=sent.message_id))

        assert [(line.state, line.outcome) for line in (by_address, by_message_id)] == [("ignored", "loop")] * 2
        assert len(conversation(item.id)) == 2

    def test_a_bounce_is_noted_on_its_ticket_wakes_it_and_marks_a_dead_address(self, inbox, office):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        with unit_of_work() as session:
            later, utc = NOW + timedelta(days=1), zone_named("UTC")
            tickets.snooze(session, actor=SYSTEM, now=NOW, item_id=item.id, until=later, zone=utc)

        line = inbox.receive(bounce(sent.message_id, "ann@acme.example"))

        assert (line.state, line.outcome) == ("done", "bounce")
        note, woke = conversation(item.id)[-2:]
        assert (note.kind, note.text) == ("event", "could not deliver mail to ann@acme.example (5.1.1)")
        assert (woke.kind, woke.text) == ("event", "woke up: our mail did not arrive")
        with unit_of_work() as session:
            assert session.get_one(WorkItem, item.id).snoozed_until is None
            assert session.scalar(select(Contact.undeliverable_at).where(Contact.email == "ann@acme.example")) == NOW

    def test_a_bounce_of_nothing_we_sent_is_only_listed(self, inbox):
        line = inbox.receive(bounce("<foreign@elsewhere.example>", "ann@acme.example"))

        assert (line.state, line.outcome) == ("ignored", "bounce")


def bounce(message_id: str, recipient: str) -> bytes:
    return (
        "Return-Path: <>\r\nFrom: MAILER-DAEMON@mx.example\r\nTo: support@halden-okoye.example\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\nMessage-ID: <bounce@mx.example>\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        "--b\r\nContent-Type: text/plain\r\n\r\nIt could not be delivered.\r\n"
        "--b\r\nContent-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; mx.example\r\n\r\n"
        f"Final-Recipient: rfc822; {recipient}\r\nAction: failed\r\nStatus: 5.1.1\r\n\r\n"
        f"--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: {message_id}\r\nSubject: x\r\n\r\nx\r\n--b--\r\n"
    ).encode()


class TestTheSameMail:
    def test_the_same_mail_three_times_is_one_ticket(self, inbox):
        raw = mail(message_id="<same@acme.example>")

        lines = [inbox.receive(raw), inbox.receive(b"Received: by mx\r\n" + raw), inbox.receive(raw)]

        assert [line.outcome for line in lines] == ["ticket", "duplicate", "duplicate"]
        assert lines[2].reasons == [f"duplicate of #{lines[0].id}"]

    def test_the_same_message_id_with_other_content_is_accepted_and_flagged(self, inbox):
        first = inbox.receive(mail("One.", message_id="<same@acme.example>"))

        second = inbox.receive(mail("Two.", message_id="<same@acme.example>"))

        assert second.outcome == "ticket"
        assert f"the same Message-ID as #{first.id}, with other content" in second.reasons

    def test_mail_without_a_message_id_has_one_derived_from_its_content(self, inbox):
        raw = mail(message_id="")

        lines = [inbox.receive(raw), inbox.receive(raw)]

        assert [line.outcome for line in lines] == ["ticket", "duplicate"]

    def test_one_mail_to_two_mailboxes_of_one_project_is_one_ticket(self, inbox, fixed_clock):
        mailbox_id, source_id = connect(address="hello@halden-okoye.example")
        other = Inbox(mailbox_id, source_id, fixed_clock)
        other.fetch()
        raw = mail(to="support@halden-okoye.example, hello@halden-okoye.example")

        first, second = inbox.receive(raw), other.receive(raw)

        assert (first.outcome, second.outcome) == ("ticket", "duplicate")
        assert f"ticket #{ticket_of(first).number}" in second.reasons[0]

    def test_one_mail_to_two_mailboxes_of_two_projects_is_two_linked_tickets(self, inbox, office, fixed_clock):
        mailbox_id, source_id = connect(
            address="globex@halden-okoye.example", default_project_id=office.globex_project.id
        )
        other = Inbox(mailbox_id, source_id, fixed_clock)
        other.fetch()
        raw = mail(sender=STRANGER)

        first, second = ticket_of(inbox.receive(raw)), ticket_of(other.receive(raw))

        # The sender is a contact by now, but of no client: the mailbox decides.
        assert (first.project_id, second.project_id) == (office.triage.id, office.globex_project.id)
        assert related_to(second) == first.id


class TestTrouble:
    def test_what_fails_is_tried_three_times_and_then_waits_for_a_person(self, inbox, fixed_clock):
        inbox.folder.deliver(mail())
        inbox.fetch()
        states = []

        for _ in range(3):
            line = inbox.handle(1, parser=_explodes)
            states.append((line.state, line.attempts))
            fixed_clock.advance(minutes=5)

        assert states == [("received", 1), ("received", 2), ("quarantined", 3)]
        assert line.error == "boom"

    def test_a_failed_attempt_leaves_nothing_behind_and_the_next_one_succeeds(self, inbox, fixed_clock, monkeypatch):
        inbox.folder.deliver(mail())
        inbox.fetch()
        with monkeypatch.context() as patch:
            patch.setattr("helpdesk.intake.service.opening.acknowledge.send", _explodes)
            inbox.handle(1)
        with unit_of_work() as session:
            titles = list(session.scalars(select(WorkItem.title).where(WorkItem.title.like("Printer prints%"))))
            assert titles == ["Printer prints blank labels"]  # the office's own

        fixed_clock.advance(minutes=1)
        line = inbox.handle(1)

        assert line.outcome == "ticket"

    def test_a_message_in_the_hands_of_another_worker_is_left_alone(self, inbox):
        inbox.folder.deliver(mail())
        inbox.fetch()
        seen = []

        def slow(raw):
            seen.append(inbox.handle(1).state)
            raise RuntimeError

        inbox.handle(1, parser=slow)

        assert seen == ["processing"]

    def test_who_lost_the_claim_has_no_effect(self, inbox, fixed_clock):
        inbox.folder.deliver(mail())
        inbox.fetch()

        def far_too_slow(raw):
            fixed_clock.advance(minutes=3)
            assert inbox.handle(1).outcome == "ticket"
            return parse(raw)

        inbox.handle(1, parser=far_too_slow)

        with unit_of_work() as session:
            assert len(list(session.scalars(select(InboundEffect)))) == 1

    def test_a_mail_that_is_done_is_not_handled_again(self, inbox):
        line = inbox.receive(mail())

        inbox.handle(line.id, parser=_explodes)

        with unit_of_work() as session:
            assert session.get_one(InboundMessage, line.id).state == "done"

    def test_headers_that_parse_without_their_body_make_a_ticket_with_the_mail_attached(self, inbox):
        deep = b"".join(b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(60))

        line = inbox.receive(
            b"From: ann@acme.example\r\nSubject: Deep\r\nMessage-ID: <deep@acme.example>\r\nMIME-Version: 1.0\r\n"
            + deep
        )

        item = ticket_of(line)
        (message,) = conversation(item.id)
        assert item.title == "Deep"
        assert [file.name for file in message.attachments] == ["message.eml"]
        assert "the body could not be read: the mail itself is attached" in line.reasons


def _explodes(*_args, **_kwargs):
    message = "boom"
    raise RuntimeError(message)


class TestLimitsThatPeopleSet:
    def test_a_ticket_is_reopened_three_times_an_hour_and_then_says_so(self, inbox, office, fixed_clock):
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        lines = []
        for _ in range(4):
            fixed_clock.advance(minutes=5)
            set_status(item.id, "solved", fixed_clock())
            lines.append(inbox.receive(mail("Again!", to=sent.reply_to)))

        assert [line.outcome for line in lines] == ["reply"] * 4
        assert ticket_of(lines[-1]).status == "solved"
        why = "not reopened: it was 3 times within an hour, which is the limit"
        assert why in lines[-1].reasons
        assert conversation(item.id)[-1].text == why

        fixed_clock.advance(minutes=60)
        later = inbox.receive(mail("And again!", to=sent.reply_to))
        assert ticket_of(later).status == "open"

    def test_the_days_after_which_an_answer_opens_a_new_ticket_are_ones_own(self, inbox, office, fixed_clock):
        with unit_of_work() as session:
            session.add(IntakeLimits(id=1, reopens_within_days=3))
        item = ticket_of(inbox.receive(mail()))
        sent = reply_to(office, item.id)
        set_status(item.id, "closed")
        fixed_clock.advance(days=4)

        line = inbox.receive(mail("Again!", to=sent.reply_to))

        assert ticket_of(line).id != item.id

    def test_acknowledgements_are_capped_by_ones_own_figures(self, inbox, fixed_clock):
        with unit_of_work() as session:
            session.add(IntakeLimits(id=1, acknowledgement_pause_minutes=1, acknowledgements_a_day=2))
        lines = []
        for _ in range(3):
            lines.append(inbox.receive(mail()))
            fixed_clock.advance(minutes=2)

        assert len(outgoing("acknowledgement")) == 2
        assert "not acknowledged: the sender had 2 within a day" in lines[-1].reasons


def test_an_address_below_a_clients_domain_is_no_contact_of_that_client_by_itself(inbox, office):
    item = ticket_of(inbox.receive(mail(message_id="<start@acme.example>")))

    first = inbox.receive(mail(sender="Ann <ann@pages.acme.example>"))
    second = inbox.receive(mail(sender="Ann <ann@pages.acme.example>", headers={"In-Reply-To": "<start@acme.example>"}))

    assert ticket_of(first).project_id == office.acme_project.id
    assert ticket_of(second).id != item.id
    with unit_of_work() as session:
        (placed,) = session.scalars(select(Contact.client_id).where(Contact.email == "ann@pages.acme.example"))
    assert placed is None


class TestMailOfColleagues:
    def test_what_a_colleague_writes_to_a_client_with_us_in_copy_is_the_clients_ticket(self, inbox, office):
        line = inbox.receive(
            mail(
                "As we said on the telephone.",
                sender="T <technician@halden-okoye.example>",
                to="Ann Berg <ann@acme.example>, Bob <bob@acme.example>",
                headers={"Cc": "support@halden-okoye.example"},
                message_id="<colleague@halden-okoye.example>",
            )
        )

        item = ticket_of(line)
        (message,) = conversation(item.id)
        assert (line.outcome, item.project_id) == ("ticket", office.acme_project.id)
        assert (message.person_id, message.contact_id) == (office.technician.id, None)
        assert participants(item.id) == {"ann@acme.example": "requester", "bob@acme.example": "cc"}
        assert outgoing("acknowledgement") == []

        answer = inbox.receive(mail("Thanks.", headers={"In-Reply-To": "<colleague@halden-okoye.example>"}))
        assert (answer.outcome, ticket_of(answer).id) == ("reply", item.id)

    def test_the_same_from_one_of_our_mailboxes_is_our_own_mail(self, inbox):
        line = inbox.receive(
            mail(sender="Support <support@halden-okoye.example>", to="ann@acme.example", headers={"Cc": SUPPORT})
        )

        assert (line.state, line.outcome) == ("ignored", "loop")

    def test_an_unproven_colleague_links_no_client_and_sends_nothing(self, inbox, office):
        with unit_of_work() as session:
            session.get_one(IntakeSource, inbox.source_id).trusted_authserv_id = "mx.halden.example"
        failed = {"Authentication-Results": "mx.halden.example; dmarc=fail header.from=halden-okoye.example"}

        line = inbox.receive(
            mail(
                sender="T <technician@halden-okoye.example>",
                to="New <new@acme.example>",
                headers=failed | {"Cc": SUPPORT},
            )
        )

        assert ticket_of(line).project_id == office.triage.id
        assert conversation(ticket_of(line).id)[0].unverified
        assert outgoing("acknowledgement") == []


class TestSignaturePictures:
    def test_a_picture_that_a_sender_sends_for_the_third_time_is_folded_away(self, inbox):
        logo, other = {"logo.png": b"\x89PNG logo"}, {"plan.png": b"\x89PNG plan"}
        raws = [mail(files=files) for files in (logo, logo, logo | other)]
        raws.append(mail(sender="Bob <bob@acme.example>", files=logo))
        pictures = [raw.replace(b"application/octet-stream", b"image/png") for raw in raws]
        items = [ticket_of(inbox.receive(raw)).id for raw in pictures]

        folded = [[(file.name, file.folded) for file in conversation(item)[0].attachments] for item in items]

        assert folded == [
            [("logo.png", True)],
            [("logo.png", True)],
            [("logo.png", True), ("plan.png", False)],
            [("logo.png", False)],
        ]
