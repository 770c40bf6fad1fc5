"""What is typed is kept until it is sent or thrown away (docs/answering.md rules 1 to 4)."""

import re

from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.models import Draft
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

TYPED = {"body": "We look <b>today</b>.", "worked": "0:25", "status": "waiting", "billable": "billable"}


def drafts() -> list[tuple[int, str, str]]:
    with unit_of_work() as session:
        return [(one.person_id, one.kind, one.body) for one in session.scalars(select(Draft).order_by(Draft.kind))]


def seen(page: str) -> str:
    found = re.search(r'name="last_seen_id"[^>]*value="(\d*)"', page)
    assert found
    return found[1]


def test_a_draft_is_there_again_for_its_writer_alone_and_goes_when_it_is_sent(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    page, at = f"/items/{number}", seen(browser.get(f"/items/{number}").text)

    kept = browser.post(f"{page}/drafts/reply", data={**TYPED, "last_seen_id": at}, headers={"HX-Request": "true"})
    noted = browser.post(f"{page}/drafts/note", data={"body": "Ask Ida.", "billable": "", "last_seen_id": at})
    again = browser.get(page).text

    assert (kept.status_code, noted.status_code, noted.location) == (200, 303, page)
    assert "We look &lt;b&gt;today&lt;/b&gt;." in again
    assert 'value="0:25"' in again
    assert re.search(r'<option selected[^>]*value="waiting"', again)
    assert "Ask Ida." in again
    assert "Draft saved" in again
    sent = browser.post(f"{page}/reply", data={**TYPED, "last_seen_id": at})
    late = browser.post(f"{page}/drafts/reply", data={**TYPED, "last_seen_id": at}, headers={"HX-Request": "true"})
    assert (sent.status_code, late.status_code) == (303, 205)
    assert drafts() == [(office.technician.id, "note", "Ask Ida.")]
    assert "Ask Ida." not in sign_in_as(office.manager).get(page).text


def test_a_refused_answer_keeps_its_draft_and_an_emptied_box_none(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, text="It is slow."), sign_in_as(office.technician)
    page, at = f"/items/{number}", seen(browser.get(f"/items/{number}").text)
    browser.post(f"{page}/drafts/reply", data={**TYPED, "last_seen_id": at})
    with unit_of_work() as session:
        item_id = session.scalars(select(WorkItem.id).where(WorkItem.number == number)).one()
        tickets.add_note(session, actor=office.actor("manager"), now=NOW, item_id=item_id, text="Wait for me.")

    stopped = browser.post(f"{page}/reply", data={**TYPED, "last_seen_id": at})

    assert stopped.status_code == 409
    assert "Wait for me." in stopped.text
    assert "We look &lt;b&gt;today&lt;/b&gt;." in browser.get(page).text
    emptied = browser.post(f"{page}/drafts/reply", data={"body": " ", "worked": ""}, headers={"HX-Request": "true"})
    assert (emptied.status_code, drafts()) == (205, [])
    browser.post(f"{page}/drafts/note", data={"body": "Ask Ida."})
    browser.post(f"{page}/drafts/note/discard")
    assert drafts() == []


def test_a_draft_that_cannot_be_kept_says_why(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)

    too_long = browser.post(f"/items/{number}/drafts/note", data={"body": "x" * 100_001})

    assert too_long.status_code == 422
    assert drafts() == []


def test_what_came_meanwhile_stops_an_answer_once_is_shown_and_leaves_it_the_draft(office, mailbox, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    page, at = f"/items/{number}", seen(browser.get(f"/items/{number}").text)

    def write(text: str) -> None:
        with unit_of_work() as session:
            item_id = session.scalars(select(WorkItem.id).where(WorkItem.number == number)).one()
            tickets.add_note(session, actor=office.actor("manager"), now=NOW, item_id=item_id, text=text)

    write("Wait for me.")
    stopped = browser.post(f"{page}/reply", data={**TYPED, "last_seen_id": at})
    shown = seen(stopped.text)
    write("Really, wait.")
    again = browser.post(f"{page}/reply", data={**TYPED, "last_seen_id": shown})
    said = [each.text.split('class="came"')[1].split("</ul>")[0] for each in (stopped, again)]

    assert (at, stopped.status_code, again.status_code) == ("", 409, 409)
    assert "Internal note by" in said[0]
    assert ["Wait for me." in each for each in said] == [True, False]
    assert ["Really, wait." in each for each in said] == [False, True]
    assert drafts() == [(office.technician.id, "reply", TYPED["body"])]
    sent = browser.post(f"{page}/reply", data={**TYPED, "last_seen_id": seen(again.text)})
    assert (sent.status_code, drafts()) == (303, [])
