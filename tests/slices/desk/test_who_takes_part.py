"""Who takes part in a conversation, where answers go, and why a mail is where it is (rules 20, 21, 38 and 44)."""

import pytest
from sqlalchemy import select

from helpdesk.clients.models import Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.intake.models import InboundEffect, IntakeSource
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from tests.mails import mail
from tests.slices.conftest import Inbox, connect

pytestmark = pytest.mark.usefixtures("rung")

ANSWER = {"body": "Try the other driver.", "billable": "billable"}


def item_of(line):
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id)


def page_of(browser, item):
    return browser.get(f"/items/{item.number}").text


def contact_id(email):
    with unit_of_work() as session:
        return session.scalars(select(Contact.id).where(Contact.email == email)).one()


def participants(item):
    with unit_of_work() as session:
        return {one.contact.email: one.added_by for one in ticket_queries.participants(session, [item.id])}


def replies():
    with unit_of_work() as session:
        query = select(OutgoingMessage).where(OutgoingMessage.purpose == "reply").order_by(OutgoingMessage.id)
        return list(session.scalars(query))


def people_of(outgoing):
    return [person["address"] for person in (*outgoing.to, *outgoing.cc)]


class TestPeople:
    def test_the_page_says_how_everybody_came(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail(headers={"Cc": "Bob <bob@acme.example>"}, message_id="<one@acme.example>")))
        inbox.receive(mail("Me too.", sender="Cleo <cleo@acme.example>", headers={"References": "<one@acme.example>"}))

        page = page_of(sign_in_as(office.technician), item)

        assert participants(item) == {
            "ann@acme.example": "mail",
            "bob@acme.example": "copy",
            "cleo@acme.example": "reply",
        }
        assert "was in To or Cc of Ann Berg&#39;s mail" in page
        assert "answered, and so takes part" in page

    def test_whom_staff_removed_no_later_copy_brings_back_until_staff_do(self, inbox, office, sign_in_as):
        first = mail(headers={"Cc": "Bob <bob@acme.example>"}, message_id="<one@acme.example>")
        item, browser = item_of(inbox.receive(first)), sign_in_as(office.technician)
        bob = contact_id("bob@acme.example")

        browser.post(f"/items/{item.number}/people/{bob}/remove")
        inbox.receive(mail("More.", headers={"Cc": "bob@acme.example", "References": "<one@acme.example>"}))
        removed = participants(item)
        browser.post(f"/items/{item.number}/people/{bob}/put-back")

        assert "bob@acme.example" not in removed
        assert "bob@acme.example" in participants(item)
        with unit_of_work() as session:
            actions = set(session.scalars(select(AuditRow.action)))
        assert {"removed participant", "put back participant"} <= actions

    def test_the_requester_stays(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail()))

        sign_in_as(office.technician).post(f"/items/{item.number}/people/{contact_id('ann@acme.example')}/remove")

        assert participants(item) == {"ann@acme.example": "mail"}

    @pytest.mark.parametrize(
        ("email", "words"),
        [
            ("support@halden-okoye.example", "one of our own mailboxes"),
            ("technician@halden-okoye.example", "a colleague"),
            ("person@globex.example", "a contact of another client"),
            ("nobody", "no e-mail address"),
        ],
    )
    def test_who_cannot_take_part_is_refused_in_words(self, inbox, office, sign_in_as, email, words):
        item, browser = item_of(inbox.receive(mail())), sign_in_as(office.technician)

        browser.post(f"/items/{item.number}/people", data={"email": email})

        assert words in page_of(browser, item)
        assert participants(item) == {"ann@acme.example": "mail"}

    def test_somebody_whom_we_add_gets_the_next_answer(self, inbox, office, sign_in_as):
        item, browser = item_of(inbox.receive(mail())), sign_in_as(office.technician)

        browser.post(f"/items/{item.number}/people", data={"email": "bob@acme.example", "name": "Bob"})
        browser.post(f"/items/{item.number}/reply", data=ANSWER)

        assert participants(item)["bob@acme.example"] == "staff"
        assert people_of(replies()[-1]) == ["ann@acme.example", "bob@acme.example"]

    def test_a_mail_whose_sender_is_not_proven_brings_nobody_in(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail()))
        sign_in_as(office.technician).post(f"/items/{item.number}/reply", data=ANSWER)
        with unit_of_work() as session:
            session.get_one(IntakeSource, inbox.source_id).trusted_authserv_id = "mx.halden.example"
        failed = {"Authentication-Results": "mx.halden.example; dmarc=fail header.from=acme.example"}

        line = inbox.receive(mail(to=replies()[-1].reply_to, headers=failed | {"Cc": "eve@evil.example"}))

        assert (line.outcome, item_of(line).id) == ("reply", item.id)
        assert participants(item) == {"ann@acme.example": "mail"}


class TestAboveTheAnswer:
    def test_people_are_added_and_taken_off_and_nothing_typed_is_lost(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail(headers={"Cc": "Bob <bob@acme.example>"})))
        browser, answer = sign_in_as(office.technician), f"/items/{item.number}/reply"

        added = browser.post(answer, data=ANSWER | {"people": "Ida <ida@acme.example>; cleo@partner.example"})
        taken = browser.post(answer, data=ANSWER | {"act": f"off:{contact_id('bob@acme.example')}"})

        assert [added.status_code, taken.status_code, replies()] == [303, 303, []]
        assert participants(item) == {
            "ann@acme.example": "mail",
            "ida@acme.example": "staff",
            "cleo@partner.example": "staff",
        }
        page = page_of(browser, item)
        assert "Try the other driver.</textarea>" in page
        assert "nobody here has written to cleo@partner.example on this ticket yet" in page
        assert '<label class="opt" data-piece="cleo@partner.example">' in page  # ticked for her, it is for nobody else
        assert f'value="off:{contact_id("ida@acme.example")}"' in page
        assert f'value="off:{contact_id("ann@acme.example")}"' not in page
        browser.post(answer, data=ANSWER | {"to_new_outside": "y"})
        assert sorted(people_of(replies()[-1])) == ["ann@acme.example", "cleo@partner.example", "ida@acme.example"]

    @pytest.mark.parametrize(
        ("form", "words"),
        [
            ({"people": "ida@acme.example, nobody"}, "&#39;nobody&#39; is no e-mail address"),
            ({"people": "person@globex.example"}, "a contact of another client"),
            ({"people": "x" * 1001}, "longer than 1000"),
        ],
    )
    def test_who_cannot_get_it_is_said_beside_the_field_and_nobody_is_added(
        self, inbox, office, sign_in_as, form, words
    ):
        item, browser = item_of(inbox.receive(mail())), sign_in_as(office.technician)

        refused = browser.post(f"/items/{item.number}/reply", data=ANSWER | form)

        assert refused.status_code == 422
        assert words in refused.text.split('id="reply-people-error"')[1]
        assert "Try the other driver.</textarea>" in refused.text
        assert (participants(item), replies()) == ({"ann@acme.example": "mail"}, [])

    def test_an_answer_to_nobody_who_takes_part_is_no_act(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail()))

        answer = sign_in_as(office.technician).post(f"/items/{item.number}/reply", data=ANSWER | {"act": "off:999999"})

        assert (answer.status_code, replies()) == (404, [])


class TestNewOutside:
    def test_the_first_answer_to_another_domain_needs_a_word(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail(headers={"Cc": "Cleo <cleo@partner.example>"})))
        browser = sign_in_as(office.technician)
        warned = page_of(browser, item)

        refused = browser.post(f"/items/{item.number}/reply", data=ANSWER)
        sent = browser.post(f"/items/{item.number}/reply", data=ANSWER | {"to_new_outside": "y"})
        later = browser.post(f"/items/{item.number}/reply", data=ANSWER)

        assert "nobody here has written to cleo@partner.example on this ticket yet" in warned
        assert refused.status_code == 422
        assert "This answer would be the first to cleo@partner.example" in refused.text
        assert "Try the other driver." in refused.text
        assert [sent.status_code, later.status_code] == [303, 303]
        assert len(replies()) == 2

    def test_colleagues_of_the_client_need_none(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail(headers={"Cc": "bob@acme.example"})))

        answer = sign_in_as(office.technician).post(f"/items/{item.number}/reply", data=ANSWER)

        assert answer.status_code == 303


class TestReplyTo:
    def test_our_answer_goes_to_where_the_mail_asks_and_they_may_answer_it(self, inbox, office, sign_in_as):
        form = mail("I need help.", headers={"Reply-To": "Dana <dana@visitor.example>"})
        item, browser = item_of(inbox.receive(form)), sign_in_as(office.technician)
        page = page_of(browser, item)

        browser.post(f"/items/{item.number}/reply", data=ANSWER | {"to_new_outside": "y"})
        sent = replies()[-1]
        line = inbox.receive(mail("Thanks.", sender="Dana <dana@visitor.example>", to=sent.reply_to))

        assert "Answers to this mail go to dana@visitor.example." in page
        assert people_of(sent) == ["dana@visitor.example"]
        assert (line.outcome, item_of(line).id) == ("reply", item.id)

    def test_another_domain_in_reply_to_is_no_silent_way_out(self, inbox, office, sign_in_as):
        item = item_of(inbox.receive(mail(headers={"Reply-To": "eve@evil.example"})))

        answer = sign_in_as(office.technician).post(f"/items/{item.number}/reply", data=ANSWER)

        assert answer.status_code == 422
        assert "eve@evil.example" in answer.text

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("support+x@halden-okoye.example", "is one of our own addresses"),
            ("person@globex.example", "belongs to a contact of another client"),
        ],
    )
    def test_what_could_lead_answers_astray_is_shown_and_not_used(self, inbox, office, sign_in_as, address, words):
        item, browser = item_of(inbox.receive(mail(headers={"Reply-To": address}))), sign_in_as(office.technician)

        browser.post(f"/items/{item.number}/reply", data=ANSWER)

        assert words in page_of(browser, item)
        assert people_of(replies()[-1]) == ["ann@acme.example"]

    def test_an_unproven_sender_does_not_say_where_answers_go(self, inbox, office, sign_in_as):
        with unit_of_work() as session:
            session.get_one(IntakeSource, inbox.source_id).trusted_authserv_id = "mx.halden.example"
        failed = {"Authentication-Results": "mx.halden.example; dmarc=fail header.from=acme.example"}
        item = item_of(inbox.receive(mail(headers=failed | {"Reply-To": "eve@evil.example"})))

        page = page_of(sign_in_as(office.technician), item)

        assert "The sender is not proven." in page
        assert "Reply-To not used: eve@evil.example comes from a sender who is not proven" in page


class TestWhy:
    def test_every_message_says_why_it_is_there_and_leads_those_who_may_to_the_log(self, inbox, office, sign_in_as):
        line = inbox.receive(mail())
        item = item_of(line)

        seen_by_technician = page_of(sign_in_as(office.technician), item)
        seen_by_manager = page_of(sign_in_as(office.manager), item)

        assert "Why is it here" in seen_by_technician
        assert "client by domain: Acme" in seen_by_technician
        assert f"/inbound/{line.id}" not in seen_by_technician
        assert f"/inbound/{line.id}/raw" in seen_by_manager

    def test_tickets_of_one_mail_name_each_other(self, inbox, office, sign_in_as, fixed_clock):
        mailbox_id, source_id = connect(
            address="globex@halden-okoye.example", default_project_id=office.globex_project.id
        )
        other = Inbox(mailbox_id, source_id, fixed_clock)
        other.fetch()
        raw = mail(sender="Eve <eve@elsewhere.example>")
        first, second = item_of(inbox.receive(raw)), item_of(other.receive(raw))

        browser = sign_in_as(office.admin)

        assert f"The same mail opened #{second.number}" in page_of(browser, first)
        assert f"The same mail opened #{first.number}" in page_of(browser, second)
        assert f"#{second.number}" not in page_of(sign_in_as(office.technician), first)
