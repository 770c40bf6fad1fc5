"""A message becomes a ticket of its own with its files; its time stays unless told to go (docs/desk.md rule 25)."""

from typing import Any

import pytest
from sqlalchemy import select

from helpdesk.desk import service, splitting
from helpdesk.desk.worked_time import WorkedTime
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundEffect
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import Message
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW
from tests.mails import mail
from tests.slices.desk.conftest import open_ticket
from tests.slices.desk.test_merging import item_of, merge, people, texts

pytestmark = pytest.mark.usefixtures("rung")


def message_of(text: str) -> int:
    with unit_of_work() as session:
        return session.scalars(select(Message.id).where(Message.text.startswith(text))).one()


def item(number: int) -> WorkItem:
    with unit_of_work() as session:
        return session.scalars(select(WorkItem).where(WorkItem.number == number)).one()


def test_a_mail_becomes_a_ticket_of_who_wrote_it_and_merging_brings_it_back(inbox, office, sign_in_as):
    old = item_of(inbox.receive(mail(message_id="<ann@acme.example>")))
    how: dict[str, Any] = {"sender": "Bob <bob@acme.example>", "headers": {"In-Reply-To": "<ann@acme.example>"}}
    bobs = mail(
        "My chair squeaks.", message_id="<chair@acme.example>", subject="Re: Chair", files={"c.txt": b"x"}, **how
    )
    line = inbox.receive(bobs)
    browser, message_id = sign_in_as(office.technician), message_of("My chair squeaks.")
    place = f"/items/{old.number}/messages/{message_id}/split-off"
    assert place in browser.get(f"/items/{old.number}").text
    assert 'value="Chair"' in browser.get(place).text
    assert browser.post(place, data={"subject": " "}).status_code == 422

    new = item(int(browser.post(place, data={"subject": "Chair squeaks"}).location.rpartition("/")[2]))

    assert (new.title, new.status, new.project_id) == ("Chair squeaks", "new", office.acme_project.id)
    assert (texts(old.id), texts(new.id)) == (["It prints blank labels."], ["My chair squeaks."])
    assert people(new.id) == ["bob@acme.example"]
    page = browser.get(f"/items/{new.number}").text
    assert "c.txt" in page
    assert f"split the mail of Bob off from #{old.number}" in page
    assert f"made the mail of Bob #{new.number}" in browser.get(f"/items/{old.number}").text
    with unit_of_work() as session:
        assert session.get_one(InboundEffect, line.id).work_item_id == new.id
    how["headers"] = {"In-Reply-To": "<chair@acme.example>", "References": "<ann@acme.example> <chair@acme.example>"}
    inbox.receive(mail("And it rolls.", subject="Re: Chair", **how))
    assert texts(new.id)[-1] == "And it rolls."
    browser.post(f"/items/{new.number}/merge", data={"into": old.number})
    assert texts(old.id) == ["It prints blank labels.", "My chair squeaks.", "And it rolls."]


@pytest.mark.on_sqlite
def test_the_page_before_asks_as_little_on_a_long_ticket_as_on_a_short_one(inbox, office, sign_in_as, count_queries):
    into = item_of(inbox.receive(mail(message_id="<ann@acme.example>")))
    browser, asked = sign_in_as(office.technician), []
    for notes in (1, 40):
        other = open_ticket(office)
        with unit_of_work() as session:
            for n in range(notes):
                service.add_note(
                    session, actor=office.actor("technician"), now=NOW, number=other, text=f"Note {n} of {notes}",
                    time=WorkedTime("0:01"),
                )  # fmt: skip
        merge(office, other, into.number)
        with count_queries() as statements:
            page = browser.get(f"/items/{into.number}/messages/{message_of(f'Note 0 of {notes}')}/split-off")
        assert page.status_code == 200
        asked.append([one for one in statements if one != "BEGIN"])

    assert [len(each) for each in asked] == [len(asked[0])] * 2
    assert len(asked[1]) <= 8, "\n".join(asked[1])


@pytest.mark.on_sqlite
def test_time_goes_along_only_where_somebody_says_so_and_never_when_it_is_approved(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    with unit_of_work() as session:
        for text in ("First", "stays", "goes", "approved"):
            service.add_note(
                session, actor=office.actor("technician"), now=NOW, number=number, text=text, time=WorkedTime("0:30")
            )
    places = {text: f"/items/{number}/messages/{message_of(text)}/split-off" for text in ("stays", "goes", "approved")}
    with unit_of_work() as session:
        last = session.scalars(select(TimeEntry).order_by(TimeEntry.id.desc())).first()
        assert last is not None
        last.status, last.billable_seconds = "approved", 1800
    assert "0:30 of Technician Person" in browser.get(places["goes"]).text

    stays = browser.post(places["stays"], data={"subject": "A"})
    goes = browser.post(places["goes"], data={"subject": "B", "with_time": "y"})
    refused = browser.post(places["approved"], data={"subject": "C", "with_time": "y"})

    assert refused.status_code == 422
    assert f"This time is approved for #{number}, and stays there." in refused.text
    with unit_of_work() as session:
        entries = session.scalars(select(TimeEntry).order_by(TimeEntry.id)).all()
        told = [one.work_item.number for one in entries]
    assert told == [number, number, int(goes.location.rpartition("/")[2]), number]
    assert texts(item(int(stays.location.rpartition("/")[2])).id) == ["stays"]
    assert texts(item(number).id) == ["First", "approved"]
    assert "put it on another ticket" in browser.get(f"/time/entries/{entries[2].id}").text


@pytest.mark.on_sqlite
def test_time_of_a_ticket_that_was_merged_in_stays_there_and_none_goes_to_another_project(office, sign_in_as):
    number, into, browser = open_ticket(office), open_ticket(office), sign_in_as(office.technician)
    actor = office.actor("technician")
    with unit_of_work() as session:
        service.add_note(session, actor=actor, now=NOW, number=number, text="timed", time=WorkedTime("0:30"))
    merge(office, number, into)
    place = f"/items/{into}/messages/{message_of('timed')}/split-off"

    assert 'name="with_time"' not in browser.get(place).text
    assert browser.post(place, data={"subject": "A", "with_time": "y"}).status_code == 303

    with unit_of_work() as session:
        entry = session.scalars(select(TimeEntry)).one()
        assert entry.work_item.number == number
        elsewhere = session.get_one(WorkItem, office.globex_ticket.id)
        with pytest.raises(RuleViolation, match="another project"):
            timekeeping.put_on(session, actor=actor, now=NOW, entry_id=entry.id, item=elsewhere)


def test_an_answer_to_a_mail_that_came_by_a_merge_finds_the_ticket_split_off(inbox, office):
    into = item_of(inbox.receive(mail(message_id="<ann@acme.example>")))
    bob = "Bob <bob@acme.example>"
    old = item_of(inbox.receive(mail("Blank here too.", sender=bob, message_id="<bob@acme.example>")))
    merge(office, old.number, into.number)
    message_id = message_of("Blank here too.")
    with unit_of_work() as session:
        new = splitting.split(
            session,
            actor=office.actor("technician"),
            now=NOW,
            item=session.get_one(WorkItem, into.id),
            message_id=message_id,
            title="Blank",
        )

    inbox.receive(mail("Still blank.", sender=bob, headers={"In-Reply-To": "<bob@acme.example>"}))

    assert texts(new.id) == ["Blank here too.", "Still blank."]
    assert texts(into.id) == ["It prints blank labels."]


def test_the_mail_that_opened_the_ticket_stays_where_an_older_one_was_merged_in(inbox, office, sign_in_as):
    older = item_of(inbox.receive(mail(message_id="<ann@acme.example>")))
    bobs = mail("Blank here too.", sender="Bob <bob@acme.example>", message_id="<bob@acme.example>")
    into = item_of(inbox.receive(bobs))
    merge(office, older.number, into.number)
    browser = sign_in_as(office.technician)
    opener, other = (
        f"/items/{into.number}/messages/{message_of(text)}/split-off"
        for text in ("Blank here too.", "It prints blank labels.")
    )

    assert browser.post(opener, data={"subject": "X"}).status_code == 303
    assert "This mail opened the ticket." in browser.get(f"/items/{into.number}").text
    new = item(int(browser.post(other, data={"subject": "Labels"}).location.rpartition("/")[2]))

    assert (texts(into.id), texts(new.id)) == (["Blank here too."], ["It prints blank labels."])


def test_what_stays_says_why(inbox, office, sign_in_as):
    browser = sign_in_as(office.technician)
    first = item_of(inbox.receive(mail("It began here.", message_id="<ann@acme.example>")))
    with unit_of_work() as session:
        service.reply(session, actor=office.actor("technician"), now=NOW, number=first.number, text="We answer.")
        session.add(
            Message(
                work_item_id=first.id,
                kind="mail",
                contact_id=office.globex_contact.id,
                posted_at=NOW,
                text="Globex here.",
                recipients=[],
                blocked_images=[],
                reasons=[],
            )
        )
    whys = {
        "It began here.": "This mail opened the ticket.",
        "We answer.": "An answer of ours stays where it was sent from",
        "Globex here.": "Globex Person is a contact of another client",
    }

    for text, why in whys.items():
        place = f"/items/{first.number}/messages/{message_of(text)}/split-off"
        assert browser.post(place, data={"subject": "X"}).status_code == 303
        assert why in browser.get(f"/items/{first.number}").text
    assert len(texts(first.id)) == len(whys)
    elsewhere = f"/items/{office.acme_ticket.number}/messages/{message_of('Globex here.')}/split-off"
    assert browser.get(elsewhere).status_code == 404
    assert browser.post(elsewhere, data={"subject": "X"}).status_code == 404
