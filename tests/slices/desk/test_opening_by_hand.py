"""A ticket is opened while somebody is on the phone: for whom, with what was said and its time, in one act.

docs/desk.md rules 82 to 89.
"""

import re
import threading
from datetime import timedelta
from io import BytesIO

import pytest
from sqlalchemy import func, select

from helpdesk.clients import service as clients
from helpdesk.clients.models import Contact
from helpdesk.desk import opening
from helpdesk.desk.opening import Facts, Said, Whom
from helpdesk.infra.db import unit_of_work
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Attachment, Message, Participant, Talk, TicketDetails, TicketForm, TicketFormFile
from helpdesk.timekeeping.models import TimeEntry
from tests.conftest import NOW

on_sqlite = pytest.mark.on_sqlite
pytestmark = pytest.mark.usefixtures("rung")


@pytest.fixture
def browser(office, sign_in_as):
    with unit_of_work() as session:
        session.get_one(Contact, office.acme_contact.id).phone = "+49 (0)40 5550-12"
        clients.add_domain(
            session, actor=office.actor("admin"), now=NOW, client_id=office.acme.id, domain="acme.example"
        )
    return sign_in_as(office.technician)


def key_of(page):
    (key,) = re.findall(r'name="key"[^>]*value="([0-9a-f]{32})"', page)
    return key


def opened(answer):
    """Return the ticket that a form opened, with its details."""
    assert answer.status_code == 303, re.findall(r'class="danger"[^>]*>(.*?)</small>', answer.text)
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == int(answer.location.rpartition("/")[2]))).one()
        details = session.get_one(TicketDetails, item.id)
        return item, details, session.get_one(Contact, details.requester_id)


def all_of(model, **having):
    with unit_of_work() as session:
        return list(session.scalars(select(model).filter_by(**having)).unique())


@on_sqlite
def test_a_caller_is_found_by_name_address_client_or_number_and_only_where_one_sees_them(office, browser):
    person = office.acme_contact
    for typed in (person.name, person.email.upper(), "0049 40/555012", "040 5550 12", "5550-12", office.acme.name):
        assert f'value="pick:{person.id}"' in browser.get("/tickets/new/for", query_string={"who": typed}).text
    for typed in ("person@globex.example", office.globex.name, "040 5550 13", "x"):
        assert 'value="pick:' not in browser.get("/tickets/new/for", query_string={"who": typed}).text

    chosen = browser.get("/tickets/new/for", query_string={"contact_id": person.id}).text
    assert f'<option selected value="{office.acme_project.id}">' in chosen
    assert f"#{office.acme_ticket.number}" not in chosen  # nobody takes part in that one
    assert browser.get(f"/tickets/new?contact={office.globex_contact.id}").status_code == 404


@on_sqlite
def test_a_call_opens_a_ticket_with_its_time_files_people_and_who_reported_it(office, browser, mailbox):
    page = browser.get(f"/tickets/new?contact={office.acme_contact.id}").text
    assert f'<option selected value="{office.technician.id}">' in page
    form = {
        "key": key_of(page),
        "contact_id": office.acme_contact.id,
        "subject": "Labels stay blank",
        "body": "Since <b>Monday</b>",
        "html": "<div>Since <strong>Monday</strong><script>x</script></div>",
        "worked": "25",
        "tags": "Printer, Label  Maker",
        "priority": "high",
        "assignee_id": office.technician.id,
        "cc": "ida@acme.example",
        "reporter": "Bob Boss <bob@acme.example>",
        "reporter_in_copy": "y",
        "status": "waiting",
    }
    browser.post(f"/tickets/new/{form['key']}/files", data={"files": [(BytesIO(b"log"), "a.txt")]})
    refused = browser.post("/tickets/new", data={**form, "worked": "soon", "files": [(BytesIO(b"log"), "b.txt")]})
    assert (refused.status_code, len(all_of(WorkItem, title="Labels stay blank"))) == (422, 0)
    for kept in ("Labels stay blank", "a.txt", "b.txt", "Printer, Label  Maker", "&lt;strong&gt;Monday", "Bob Boss"):
        assert kept in refused.text
    assert all_of(Contact, email="bob@acme.example") == []

    answer = browser.post("/tickets/new", data=form)
    again = browser.post("/tickets/new", data=form)

    item, details, requester = opened(answer)
    assert (again.location, len(all_of(WorkItem, title="Labels stay blank"))) == (answer.location, 1)
    assert (requester.id, item.project_id, item.priority, item.assignee_id, item.status) == (
        office.acme_contact.id, office.acme_project.id, "high", office.technician.id, "waiting",
    )  # fmt: skip
    (bob,) = all_of(Contact, email="bob@acme.example")
    assert (details.reporter_id, bob.client_id) == (bob.id, office.acme.id)
    assert details.reasons == [f"opened by {office.technician.name}, on the phone", "reported by Bob Boss"]
    (talk,), (entry,) = all_of(Talk), all_of(TimeEntry, work_item_id=item.id)
    assert (talk.channel, talk.direction, talk.contact_id, talk.answers) == ("call", "in", bob.id, False)
    assert (entry.ended_at - entry.started_at, entry.note) == (timedelta(minutes=25), "Call with Bob Boss")
    (note,) = all_of(Message, id=talk.message_id)
    assert (note.kind, note.html) == ("note", "<div>Since <strong>Monday</strong></div>")
    assert sorted(one.name for one in all_of(Attachment, message_id=note.id)) == ["a.txt", "b.txt"]
    with unit_of_work() as session:
        assert len(session.scalars(select(Participant).where(Participant.work_item_id == item.id)).all()) == 3
        assert session.scalar(select(func.count(TicketFormFile.id))) == 0
    assert all_of(OutgoingMessage) == []
    assert f"<b>{requester.name}</b>" in browser.get(answer.location).text


@on_sqlite
def test_somebody_new_becomes_a_contact_by_domain_by_client_or_with_a_number_alone(office, browser):
    def new(**typed):
        return opened(browser.post("/tickets/new", data={"subject": "Hums", **typed}))

    by_domain = new(new_name="Nina New", new_email="nina@acme.example", new_phone="040 1")
    typed = new(who="Tom Typed <tom@mail.acme.example>", channel="own")
    by_phone = new(new_name="Carl Caller", new_phone="0171 2345678", client_id=office.acme.id)
    again = new(who="+49 171 2345678", channel="visit")

    people = [(one.name, one.email, one.phone, one.client_id) for _item, _details, one in (by_domain, typed, by_phone)]
    assert people == [
        ("Nina New", "nina@acme.example", "040 1", office.acme.id),
        ("Tom Typed", "tom@mail.acme.example", "", office.acme.id),
        ("Carl Caller", "", "0171 2345678", office.acme.id),
    ]
    assert again[2].id == by_phone[2].id
    for typed, words in (
        ({"who": "Nobody Known"}, "Nobody is found by that."),
        ({}, "Say who it is for."),
        ({"who": office.acme.name}, "Choose who is meant"),
        ({"new_name": "Stray", "new_email": "stray@nowhere.example"}, "Choose the project"),
        ({"new_phone": "0171", "client_id": office.acme.id}, "Write their name"),
        ({"who": "person@globex.example", "project_id": office.acme_project.id}, "a contact of another client"),
        ({"contact_id": by_phone[2].id, "confirm": "y"}, "It cannot be confirmed by mail: Carl Caller has no address."),
        ({"contact_id": by_phone[2].id, "first_message": "y", "body": "Hello"}, "has no mail address"),
    ):
        answer = browser.post("/tickets/new", data={"subject": "Refused", **typed})
        assert (answer.status_code, words in answer.text, "Refused" in answer.text) == (422, True, True), typed
    assert (all_of(WorkItem, title="Refused"), all_of(Contact, name="Stray")) == ([], [])


@on_sqlite
def test_it_is_confirmed_by_mail_with_what_is_fit_for_them_and_their_answer_finds_the_ticket(office, browser, mailbox):
    with unit_of_work() as session:
        session.get_one(Contact, office.acme_contact.id).language = "de"
    form = {"contact_id": office.acme_contact.id, "subject": "Hums", "body": "He is angry.", "confirm": "y"}
    item, _details, _requester = opened(browser.post("/tickets/new", data={**form, "words": "The printer hums."}))

    (mail,) = all_of(OutgoingMessage)
    assert (mail.purpose, mail.automatic, mail.subject) == ("acknowledgement", False, f"[#{item.number}] Hums")
    assert f"Die Nummer ist #{item.number}." in mail.text
    assert "The printer hums." in mail.text
    assert "angry" not in mail.text + (mail.html or "")
    assert f"+t.{item.id}." in mail.reply_to
    events = [one.text for one in all_of(Message, work_item_id=item.id, kind="event")]
    assert events == [f"confirmed it by mail to {office.acme_contact.email}: The printer hums."]


@on_sqlite
def test_a_first_message_of_ours_leaves_with_its_files_and_can_be_taken_back(office, browser, mailbox):
    page = browser.get("/tickets/new").text
    form = {"key": key_of(page), "contact_id": office.acme_contact.id, "subject": "We move", "first_message": "y",
            "worked": "10", "body": "On Monday."}  # fmt: skip
    outside = browser.post(
        "/tickets/new", data={**form, "cc": "eve@elsewhere.example", "files": [(BytesIO(b"x"), "plan.txt")]}
    )
    assert outside.status_code == 422
    assert "Confirm that they may have it." in outside.text

    answer = browser.post("/tickets/new", data={**form, "cc": "eve@elsewhere.example", "to_new_outside": "y"})

    item, details, _requester = opened(answer)
    (mail,), (entry,) = all_of(OutgoingMessage), all_of(TimeEntry, work_item_id=item.id)
    (message,) = all_of(Message, work_item_id=item.id, kind="reply")
    assert ([one["address"] for one in (*mail.to, *mail.cc)], mail.next_attempt_at) == (
        [office.acme_contact.email, "eve@elsewhere.example"], NOW + timedelta(seconds=10),
    )  # fmt: skip
    assert (item.status, entry.ended_at - entry.started_at, details.reasons[0][-16:]) == (
        "open", timedelta(minutes=10), ", to write first",
    )  # fmt: skip
    assert [one.name for one in all_of(Attachment, message_id=message.id)] == ["plan.txt"]
    assert "take-back" in browser.get(answer.location).text


@on_sqlite
def test_what_is_typed_goes_onto_a_ticket_that_is_open_already_in_one_click(office, browser):
    first = opened(browser.post("/tickets/new", data={"contact_id": office.acme_contact.id, "subject": "Hums"}))[0]
    page = browser.get("/tickets/new/for", query_string={"who": office.acme_contact.email}).text
    assert f'value="onto:{first.number}"' in page
    form = {
        "key": "b" * 32,
        "contact_id": office.acme_contact.id,
        "subject": "Again",
        "body": "Louder now.",
        "worked": "5",
    }

    answers = [browser.post("/tickets/new", data={**form, "act": f"onto:{first.number}"}) for _time in range(2)]

    assert {one.location for one in answers} == {f"/items/{first.number}"}
    talks = all_of(Talk)
    (message,) = all_of(Message, id=talks[-1].message_id)
    assert (len(talks), message.work_item_id, message.text) == (2, first.id, "Again\n\nLouder now.")
    assert talks[-1].answers  # they spoke with who asks
    assert len(all_of(TimeEntry, work_item_id=first.id)) == 1
    other = browser.post(
        "/tickets/new",
        data={"act": f"onto:{office.globex_ticket.number}", "contact_id": office.acme_contact.id, "subject": "x"},
    )
    nothing = browser.post("/tickets/new", data={"act": "onto:", "contact_id": office.acme_contact.id, "subject": "x"})
    assert (other.status_code, nothing.status_code, len(all_of(WorkItem, title="x"))) == (404, 422, 0)


@on_sqlite
def test_without_a_script_people_are_found_chosen_and_added_by_buttons_that_keep_what_is_typed(office, browser):
    form = {"key": "c" * 32, "who": office.acme.name, "subject": "Hums", "body": "All day.", "tags": "noise"}
    found = browser.post("/tickets/new", data={**form, "act": "find"}).text
    chosen = browser.post("/tickets/new", data={**form, "act": f"pick:{office.acme_contact.id}"}).text
    new = browser.post("/tickets/new", data={**form, "who": "Nina New", "act": "new"}).text
    with_file = browser.post("/tickets/new", data={**form, "act": "find", "files": [(BytesIO(b"x"), "a.txt")]}).text
    (file,) = all_of(TicketFormFile)
    without = browser.post(f"/tickets/new/{form['key']}/files/{file.id}/remove", data=form).text

    assert f'value="pick:{office.acme_contact.id}"' in found
    assert f'name="contact_id" value="{office.acme_contact.id}"' in chosen
    assert re.search(r'name="new_name"[^>]*value="Nina New"', new)
    assert ("a.txt" in with_file, "a.txt" in without) == (True, False)
    for page in (found, chosen, new, with_file, without):
        assert ("All day." in page, 'value="noise"' in page, "Not opened yet" in page) == (True, True, False)
    assert all_of(WorkItem, title="Hums") == []


@pytest.mark.parametrize("app", ["postgres"], indirect=True)
def test_a_form_that_is_sent_twice_at_once_opens_one_ticket(app, office):
    numbers, gate = [], threading.Barrier(2)

    def send():
        with app.app_context():
            gate.wait()
            with unit_of_work() as session:
                item = opening.open_by_hand(
                    session,
                    actor=office.actor("technician"),
                    now=NOW,
                    whom=Whom(contact_id=office.acme_contact.id),
                    said=Said("d" * 32, subject="Twice"),
                    facts=Facts(),
                )
                numbers.append(item.number)

    threads = [threading.Thread(target=send) for _time in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (len(numbers), len(set(numbers))) == (2, 1)
    with unit_of_work() as session:
        assert len(session.scalars(select(WorkItem).where(WorkItem.title == "Twice")).all()) == 1
        form = session.scalars(select(TicketForm)).one()
        form.begun_at = NOW - timedelta(days=5)
    with unit_of_work() as session:
        opening.open_by_hand(
            session,
            actor=office.actor("technician"),
            now=NOW,
            whom=Whom(contact_id=office.acme_contact.id),
            said=Said("e" * 32, subject="Later"),
            facts=Facts(),
        )
        assert [one.key for one in session.scalars(select(TicketForm))] == ["e" * 32]


@on_sqlite
def test_pages_and_the_palette_begin_one_with_who_it_is_for(office, browser):
    person, client, project = office.acme_contact, office.acme, office.acme_project
    for page, link in (
        (f"/contacts/{person.id}", f"/tickets/new?contact={person.id}"),
        (f"/clients/{client.id}", f"/tickets/new?client={client.id}"),
        (f"/projects/{project.id}", f"/tickets/new?project={project.id}"),
        (f"/desk?view=client&client={client.id}", f"/tickets/new?client={client.id}"),
        ("/search/results?q=person", f"/tickets/new?contact={person.id}"),
        ("/search/results?q=new+ticket+for+acme", f"/tickets/new?contact={person.id}"),
    ):
        assert f'href="{link}"' in browser.get(page).text, page
        form = browser.get(link).text
        assert f'<option selected value="{project.id}">' in form, link
        assert (f'value="pick:{person.id}"' in form) != ("contact=" in link), link
    assert browser.get(f"/tickets/new?project={office.globex_project.id}").status_code == 404


@on_sqlite
def test_a_project_of_ours_takes_nobody_whom_one_does_not_see(office, browser, mailbox):
    hidden, ours = "person@globex.example", {"subject": "S", "channel": "own", "project_id": office.triage.id}
    for typed in (
        {"who": hidden, "confirm": "y", "words": "secret"},
        {"new_name": "X", "new_email": hidden, "confirm": "y"},
        {"contact_id": office.acme_contact.id, "reporter": hidden, "reporter_in_copy": "y"},
    ):
        refused = browser.post("/tickets/new", data={**ours, **typed})
        assert (refused.status_code, "belongs to a contact of another client" in refused.text) == (422, True), typed
        assert "Globex Person" not in refused.text
    assert all_of(OutgoingMessage) == []
    assert all_of(WorkItem, title="S") == []


@on_sqlite
def test_a_form_that_is_sent_again_with_something_else_keeps_it_for_another_ticket(office, browser):
    key = key_of(browser.get("/tickets/new").text)
    first = {"key": key, "contact_id": office.acme_contact.id, "subject": "One", "body": "a"}
    item, _details, _asks = opened(browser.post("/tickets/new", data=first))
    browser.post(f"/tickets/new/{key}/files", data={"files": [(BytesIO(b"log"), "two.txt")]})
    second = {**first, "subject": "Two", "body": "quite another call", "worked": "30"}

    again = browser.post("/tickets/new", data=second)
    onto = browser.post("/tickets/new", data={**first, "act": f"onto:{item.number}"})

    for refused in (again, onto):
        assert (refused.status_code, f"it is on #{item.number}" in refused.text) == (422, True)
        assert key_of(refused.text) != key
    assert "quite another call" in again.text
    assert opened(browser.post("/tickets/new", data=first))[0].id == item.id
    other, _details, _asks = opened(browser.post("/tickets/new", data={**second, "key": key_of(again.text)}))
    assert (other.id == item.id, other.title, [one.name for one in all_of(Attachment)]) == (False, "Two", ["two.txt"])


@on_sqlite
def test_who_has_left_is_neither_offered_nor_mailed_and_neither_is_whom_no_mail_reaches(office, browser, mailbox):
    with unit_of_work() as session:
        session.get_one(Contact, office.acme_contact.id).retired_at = NOW
    offered = browser.get("/tickets/new/for", query_string={"who": "person@acme.example"}).text
    left = browser.post("/tickets/new", data={"who": "person@acme.example", "subject": "S", "confirm": "y"})
    with unit_of_work() as session:
        contact = session.get_one(Contact, office.acme_contact.id)
        contact.retired_at, contact.undeliverable_at = None, NOW
    form = {"contact_id": office.acme_contact.id, "subject": "S", "confirm": "y"}
    returned = browser.post("/tickets/new", data=form)

    why = "It cannot be confirmed by mail: mail to Acme Person cannot be delivered."
    assert "pick:" not in offered
    assert (left.status_code, "has left" in left.text) == (422, True)
    assert (
        returned.status_code,
        why in returned.text,
    ) == (422, True)
    assert all_of(OutgoingMessage) == []


@on_sqlite
def test_a_first_message_that_is_taken_back_takes_its_status_back(office, browser, mailbox):
    form = {"contact_id": office.acme_contact.id, "subject": "S", "body": "Hi", "first_message": "y"}
    answer = browser.post("/tickets/new", data={**form, "status": "waiting"})
    item, _details, _asks = opened(answer)
    (take_back,) = re.findall(r'action="([^"]+/take-back)"', browser.get(answer.location).text)
    browser.post(take_back)

    assert item.status == "waiting"
    assert all_of(WorkItem, id=item.id)[0].status != "waiting"


@on_sqlite
def test_a_call_goes_onto_a_ticket_that_lies_in_triage(office, browser):
    with unit_of_work() as session:
        number = tickets.open_ticket(
            session,
            actor=office.actor("technician"),
            now=NOW,
            project_id=office.triage.id,
            requester_id=office.acme_contact.id,
            title="In triage",
            text="x",
        ).number
    form = {"contact_id": office.acme_contact.id, "subject": "S", "body": "Still hums.", "act": f"onto:{number}"}
    assert browser.post("/tickets/new", data=form).status_code == 303
    assert [one.text for one in all_of(Message) if "Still hums." in (one.text or "")] == ["S\n\nStill hums."]
