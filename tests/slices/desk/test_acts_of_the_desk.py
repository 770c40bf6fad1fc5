"""Acts that span slices: all of one happens, or nothing."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.clients import service as clients
from helpdesk.clients.models import Contact
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Message
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket


def ticket(number: int) -> WorkItem:
    with unit_of_work() as session:
        return session.scalars(select(WorkItem).where(WorkItem.number == number)).one()


def count(model: type) -> int:
    with unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def entries() -> list[TimeEntry]:
    with unit_of_work() as session:
        return list(session.scalars(time.with_work().order_by(TimeEntry.id)))


def events(number: int) -> list[str]:
    with unit_of_work() as session:
        query = select(Message.text).join(Message.work_item).where(WorkItem.number == number, Message.kind == "event")
        return list(session.scalars(query.order_by(Message.id)))


def test_a_reply_sends_logs_time_and_sets_the_status_in_one_act(office, mailbox, sign_in_as, rung):
    number, browser = open_ticket(office), sign_in_as(office.technician)

    answer = browser.post(
        f"/items/{number}/reply",
        data={
            "body": "The driver is replaced.",
            "last_seen_id": "",
            "status": "solved",
            "worked": "25",
            "work_type_id": str(office.remote.id),
            "billable": "billable",
        },
    )

    assert (answer.status_code, answer.location) == (303, f"/items/{number}")
    assert (ticket(number).status, ticket(number).assignee_id) == ("solved", office.technician.id)
    [entry] = entries()
    assert (time.worked_of(entry).seconds, entry.work_item.number, entry.work_type_id) == (
        1500,
        number,
        office.remote.id,
    )
    assert count(OutgoingMessage) == 1
    assert [bell.job for bell in rung] == ["deliver_outgoing"]
    page = browser.get(f"/items/{number}").text
    assert "0:25 logged" in page
    assert "set the status to solved" in page


def test_a_reply_without_time_or_status_is_just_a_reply(office, mailbox, sign_in_as):
    number = open_ticket(office)

    sign_in_as(office.technician).post(f"/items/{number}/reply", data={"body": "Looking.", "billable": "billable"})

    assert (ticket(number).status, entries()) == ("open", [])


def test_what_somebody_wrote_meanwhile_stops_the_reply_and_keeps_the_draft(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It began on Monday."), sign_in_as(office.technician)
    page = browser.get(f"/items/{number}").text
    seen = page.split('id="reply-seen"')[1].split('value="')[1].split('"')[0]
    with unit_of_work() as session:
        tickets.add_note(
            session,
            actor=office.actor("manager"),
            now=NOW,
            item_id=ticket(number).id,
            text="I am on the phone with her",
        )

    answer = browser.post(
        f"/items/{number}/reply",
        data={"body": "Please restart it.", "last_seen_id": seen, "worked": "15", "billable": "billable"},
    )

    assert answer.status_code == 409
    assert "Somebody wrote on this ticket while you did" in answer.text
    assert "Please restart it." in answer.text
    assert "I am on the phone with her" in answer.text
    assert (count(OutgoingMessage), entries()) == (0, [])


def test_an_overtaken_reply_reaches_the_script_with_a_status_that_it_shows(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It began on Monday."), sign_in_as(office.technician)

    answer = browser.post(
        f"/items/{number}/reply",
        data={"body": "Please restart it.", "last_seen_id": "0", "billable": "billable"},
        headers={"HX-Request": "true"},
    )

    assert answer.status_code == 422
    assert "Somebody wrote on this ticket while you did" in answer.text


@pytest.mark.parametrize(
    ("typed", "complaint"),
    [
        ({"body": "Done.", "worked": "soon"}, "is no duration"),
        ({"body": "Done.", "worked": "23:50-23:59"}, "later than now"),
        ({"body": "", "worked": "15"}, "This field is required"),
        ({"body": "   ", "worked": "15"}, "Nothing is written yet"),
        ({"body": "Done.", "status": "paused"}, "Not a valid choice"),
    ],
)
def test_a_refused_reply_sends_nothing_and_keeps_what_was_typed(office, mailbox, sign_in_as, typed, complaint):
    number = open_ticket(office)

    answer = sign_in_as(office.technician).post(f"/items/{number}/reply", data={"billable": "billable", **typed})

    assert answer.status_code == 422
    assert complaint in answer.text
    assert typed["body"].strip() in answer.text
    assert (count(OutgoingMessage), entries()) == (0, [])


def test_a_reply_on_a_closed_project_is_not_half_done(office, mailbox, sign_in_as):
    number = open_ticket(office)
    with unit_of_work() as session:
        session.get_one(Project, office.acme_project.id).status = "done"

    answer = sign_in_as(office.technician).post(
        f"/items/{number}/reply", data={"body": "Done.", "worked": "15", "billable": "billable"}
    )

    assert answer.status_code == 422
    assert "takes no more time" in answer.text
    assert count(OutgoingMessage) == 0


def test_without_a_mailbox_the_reply_waits_in_the_form(office, sign_in_as):
    number = open_ticket(office)

    answer = sign_in_as(office.technician).post(
        f"/items/{number}/reply", data={"body": "Done.", "billable": "billable"}
    )

    assert answer.status_code == 422
    assert "No mailbox is connected yet" in answer.text


def test_a_field_that_nobody_asked_for_is_refused(office, mailbox, sign_in_as):
    number = open_ticket(office)

    answer = sign_in_as(office.technician).post(
        f"/items/{number}/reply", data={"body": "Done.", "billable": "billable", "assignee_id": "1"}
    )

    assert answer.status_code == 422
    assert count(OutgoingMessage) == 0


def test_a_note_with_time_goes_to_nobody_outside(office, mailbox, sign_in_as):
    browser = sign_in_as(office.technician)

    answer = browser.post(
        f"/items/{office.acme_task.number}/note",
        data={"body": "Waiting for the DNS.", "worked": "9:00-10:30", "billable": "no_charge"},
    )

    assert answer.status_code == 303
    [entry] = entries()
    assert (time.worked_of(entry).seconds, entry.billable) == (5400, "no_charge")
    assert count(OutgoingMessage) == 0
    assert "Waiting for the DNS." in browser.get(f"/items/{office.acme_task.number}").text


def test_a_refused_note_keeps_its_text(office, sign_in_as):
    answer = sign_in_as(office.technician).post(
        f"/items/{office.acme_task.number}/note",
        data={"body": "Waiting for the DNS.", "worked": "99h", "billable": "billable"},
    )

    assert answer.status_code == 422
    assert "Waiting for the DNS." in answer.text
    assert count(Message) == 0


def test_a_status_is_said_once_in_the_conversation(office, sign_in_as):
    number, browser = office.acme_ticket.number, sign_in_as(office.technician)

    for _time in range(2):
        browser.post(f"/items/{number}/status", data={"status": "in_progress"})

    assert ticket(number).status == "in_progress"
    assert events(number) == ["set the status to in progress"]


def test_an_unknown_status_is_refused(office, sign_in_as):
    answer = sign_in_as(office.technician).post(
        f"/items/{office.acme_ticket.number}/status", data={"status": "forgotten"}
    )

    assert answer.status_code == 422
    assert ticket(office.acme_ticket.number).status == "open"


def test_work_is_given_to_somebody_and_taken_back(office, sign_in_as):
    number, browser = office.acme_ticket.number, sign_in_as(office.technician)

    browser.post(f"/items/{number}/assign", data={"assignee_id": str(office.manager.id)})
    assert ticket(number).assignee_id == office.manager.id
    browser.post(f"/items/{number}/assign", data={"assignee_id": ""})

    assert ticket(number).assignee_id is None
    assert events(number) == ["assigned this to Manager Person", "assigned this to nobody"]


@pytest.mark.parametrize("who", ["bookkeeper", "nobody we know"])
def test_work_is_given_only_to_those_who_do_it(office, sign_in_as, who):
    assignee_id = office.bookkeeper.id if who == "bookkeeper" else 999

    answer = sign_in_as(office.technician).post(
        f"/items/{office.acme_ticket.number}/assign", data={"assignee_id": str(assignee_id)}
    )

    assert answer.status_code in {404, 422}
    assert ticket(office.acme_ticket.number).assignee_id is None


def test_no_reply_leaves_without_a_mailbox_and_the_page_says_who_connects_one(office, sign_in_as):
    form = {"new_name": "Anna", "new_email": "Anna@acme.example", "subject": "Labels stay blank"}
    answer = sign_in_as(office.technician).post("/tickets/new", data=form)

    told = "No reply can leave yet:</b> no mailbox is connected. "
    assert f"{told}Ask an administrator to connect one." in sign_in_as(office.technician).get(answer.location).text
    assert f'{told}<a class="link" href="/settings/mailboxes">' in sign_in_as(office.admin).get(answer.location).text


def test_a_ticket_form_offers_no_projects_that_are_not_to_be_seen(office, sign_in_as):
    browser = sign_in_as(office.technician)

    page = browser.get(f"/tickets/new?project={office.acme_project.id}").text
    assert "lobex" not in page.replace("Globex team", "")  # what teams there are everybody knows
    form = {"project_id": str(office.globex_project.id), "who": "person@globex.example", "subject": "Peek"}
    assert browser.post("/tickets/new", data=form).status_code == 422


def test_the_timer_starts_by_number_from_anywhere_and_stops(office, sign_in_as, fixed_clock):
    browser = sign_in_as(office.technician)

    started = browser.post("/timer/start", data={"number": str(office.acme_ticket.number), "next": "/time"})
    fixed_clock.advance(minutes=42)
    stopped = browser.post("/timer/stop", data={"next": f"/items/{office.acme_ticket.number}"})

    assert (started.location, stopped.location) == ("/time", f"/items/{office.acme_ticket.number}")
    [entry] = entries()
    assert entry.ended_at == NOW + timedelta(minutes=42)


def test_the_timer_leads_nowhere_outside(office, sign_in_as):
    browser = sign_in_as(office.technician)

    for target in ("https://evil.example", "//evil.example", "/\\evil.example"):
        answer = browser.post("/timer/stop", data={"next": target})
        assert answer.location == "/desk"


def test_a_timer_on_a_closed_project_is_refused_in_words(office, sign_in_as):
    browser = sign_in_as(office.technician)
    with unit_of_work() as session:
        session.get_one(Project, office.acme_project.id).status = "done"

    answer = browser.post("/timer/start", data={"number": str(office.acme_ticket.number)}, follow_redirects=True)

    assert "takes no more time" in answer.text
    assert entries() == []


@pytest.mark.parametrize("number", ["", "x", "-1", "99999999999999999999"])
def test_a_number_that_is_none_starts_nothing(office, sign_in_as, number):
    answer = sign_in_as(office.technician).post("/timer/start", data={"number": number}, follow_redirects=True)

    assert "Write the number of the ticket or task." in answer.text
    assert entries() == []


def triage_ticket(office, sender: str = "hugo@somewhere.example") -> int:
    """Open a ticket in Triage of somebody whom nobody knows, and return its number."""
    with unit_of_work() as session:
        stranger = clients.add_contact(session, actor=SYSTEM, now=NOW, name="Hugo", email=sender, client_id=None)
        item = tickets.open_ticket(
            session,
            actor=SYSTEM,
            now=NOW,
            project_id=office.triage.id,
            requester_id=stranger.id,
            title="Do you sell servers?",
            text="",
        )
    return item.number


def project_of(number: int) -> int:
    return ticket(number).project_id


def test_a_ticket_leaves_triage_and_its_requester_becomes_a_contact_of_the_client(office, sign_in_as):
    number, browser = triage_ticket(office), sign_in_as(office.technician)

    answer = browser.post(f"/items/{number}/move", data={"project_id": str(office.acme_project.id)})

    with unit_of_work() as session:
        hugo = session.scalars(select(Contact).where(Contact.email == "hugo@somewhere.example")).one()
    assert (answer.status_code, answer.location) == (303, f"/items/{number}")
    assert (project_of(number), hugo.client_id) == (office.acme_project.id, office.acme.id)
    assert events(number) == ["moved this to Acme, Support"]


def test_only_a_ticket_in_triage_is_offered_every_project(office, sign_in_as):
    browser, offered = sign_in_as(office.technician), f'<option value="{office.acme_project.id}">Acme · Support'

    in_triage, of_acme = (
        browser.get(f"/items/{number}").text for number in (triage_ticket(office), office.acme_ticket.number)
    )

    assert offered in in_triage
    assert "Nobody knew the client." in in_triage
    assert "Globex ·" not in in_triage
    assert "Move to a project" not in of_acme


@pytest.mark.parametrize(
    ("move", "complaint"),
    [
        (lambda office, _number: (office.acme_ticket.number, office.globex_project.id), "does not move to another"),
        (lambda office, _number: (office.acme_task.number, office.acme_project.id), "it moves to no other"),
        (lambda _office, number: (number, ""), "Choose the project"),
    ],
    ids=["another client", "a task where it is", "no project"],
)
def test_what_may_not_move_stays_and_says_why(office, sign_in_as, move, complaint):
    number, project_id = move(office, triage_ticket(office))
    before = project_of(number)

    answer = sign_in_as(office.manager).post(
        f"/items/{number}/move", data={"project_id": str(project_id)}, follow_redirects=True
    )

    assert complaint in answer.text
    assert project_of(number) == before


def test_a_requester_of_another_client_keeps_the_ticket_in_triage(office, sign_in_as):
    number = triage_ticket(office, office.globex_contact.email)

    answer = sign_in_as(office.manager).post(
        f"/items/{number}/move", data={"project_id": str(office.acme_project.id)}, follow_redirects=True
    )

    assert "is a contact of another client" in answer.text
    assert project_of(number) == office.triage.id


def test_tickets_of_strangers_are_not_counted_as_those_of_one_client(office, sign_in_as):
    triage_ticket(office, "anna@elsewhere.example")

    page = sign_in_as(office.technician).get(f"/items/{triage_ticket(office)}").text

    assert "Other open" not in page
