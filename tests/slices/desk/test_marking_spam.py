"""A ticket that is spam leaves the queues, and comes back; who sent it can be blocked."""

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import BlockedSender, InboundEffect
from helpdesk.projects.models import WorkItem
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")

EVE = "Eve <eve@spam.example>"


def blocked():
    with unit_of_work() as session:
        return list(session.scalars(select(BlockedSender.pattern)))


@pytest.fixture
def junk(inbox):
    """The number of a ticket that a stranger opened."""
    line = inbox.receive(mail("Buy now.", sender=EVE, subject="Wonderful pills", message_id="<pills@spam.example>"))
    with unit_of_work() as session:
        return session.get_one(WorkItem, session.get_one(InboundEffect, line.id).work_item_id).number


def test_spam_leaves_the_queues_and_stands_in_a_view_of_its_own(office, junk, sign_in_as):
    browser = sign_in_as(office.technician)

    answer = browser.post(f"/items/{junk}/spam", data={"block": ""})

    assert answer.status_code == 303
    shown = {view: "Wonderful pills" in browser.get(f"/desk?view={view}").text for view in ("all", "closed", "spam")}
    assert shown == {"all": False, "closed": False, "spam": True}
    page = browser.get(f"/items/{junk}").text
    assert "Marked by Technician Person" in page
    assert "marked this as spam" in page
    assert blocked() == []


def test_not_spam_brings_the_ticket_back(office, junk, sign_in_as):
    browser = sign_in_as(office.technician)
    browser.post(f"/items/{junk}/spam", data={"block": ""})

    browser.post(f"/items/{junk}/not-spam")

    assert "Wonderful pills" in browser.get("/desk?view=all").text
    assert "Wonderful pills" not in browser.get("/desk?view=spam").text


def test_an_answer_to_spam_is_recorded_and_reopens_nothing(inbox, office, junk, sign_in_as):
    browser = sign_in_as(office.technician)
    browser.post(f"/items/{junk}/spam", data={"block": ""})

    line = inbox.receive(mail("Hello?", sender=EVE, headers={"In-Reply-To": "<pills@spam.example>"}))

    assert line.outcome == "reply"
    assert "Wonderful pills" not in browser.get("/desk?view=all").text


def test_the_sender_is_blocked_with_the_ticket_and_that_is_said_when_it_comes_back(inbox, office, junk, sign_in_as):
    browser = sign_in_as(office.technician)

    browser.post(f"/items/{junk}/spam", data={"block": "sender"})
    line = inbox.receive(mail(sender=EVE))
    page = browser.post(f"/items/{junk}/not-spam", follow_redirects=True).text

    assert blocked() == ["eve@spam.example"]
    assert line.outcome == "spam"
    assert "eve@spam.example is still blocked" in page


def test_a_whole_domain_is_for_a_manager_to_block(office, junk, sign_in_as):
    refused = sign_in_as(office.technician).post(f"/items/{junk}/spam", data={"block": "domain"})
    assert (refused.status_code, blocked()) == (403, [])

    sign_in_as(office.manager).post(f"/items/{junk}/spam", data={"block": "domain"})

    assert blocked() == ["@spam.example"]


def test_a_clients_domain_is_offered_with_a_second_look(inbox, office, sign_in_as):
    inbox.receive(mail(subject="Odd"))
    browser = sign_in_as(office.manager)
    with unit_of_work() as session:
        number = session.scalar(select(WorkItem.number).where(WorkItem.title == "Odd"))
    page = browser.get(f"/items/{number}").text

    unsure = browser.post(f"/items/{number}/spam", data={"block": "domain"}, follow_redirects=True).text

    assert "Yes, all mail of Acme" in page
    assert "acme.example belongs to Acme" in unsure
    assert "Odd" in browser.get("/desk?view=all").text
    assert blocked() == []


def test_marking_twice_is_a_conflict(office, junk, sign_in_as):
    browser = sign_in_as(office.technician)
    browser.post(f"/items/{junk}/spam", data={"block": ""})

    assert browser.post(f"/items/{junk}/spam", data={"block": ""}).status_code == 409
