"""Who begins a reply on a ticket that nobody has gets it (docs/desk.md rules 45 and 46)."""

import re

import pytest
from sqlalchemy import select, update

from helpdesk.company.models import Company
from helpdesk.desk import service
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import ItemFollower, WorkItem
from helpdesk.tickets.models import Message, TicketDetails
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.on_sqlite
HTMX = {"HX-Request": "true"}


def assignee(number: int) -> int | None:
    with unit_of_work() as session:
        return session.scalar(select(WorkItem.assignee_id).where(WorkItem.number == number))


def said() -> list[str]:
    with unit_of_work() as session:
        return list(session.scalars(select(Message.text).where(Message.kind == "event").order_by(Message.id)))


def begin(browser, number, body="Dear Ida,", kind="reply"):
    return browser.post(f"/items/{number}/drafts/{kind}", data={"body": body, "billable": ""}, headers=HTMX)


def test_the_first_words_of_a_reply_take_a_ticket_that_nobody_has_and_undo_gives_it_back(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)

    noted = begin(browser, number, kind="note")
    untouched = assignee(number)
    began = begin(browser, number)
    again = begin(browser, number, "Dear Ida, it")
    taken = assignee(number)
    undo = re.search(r'action="(/desk/bulk/\d+/undo)"', began.text)
    assert undo is not None
    back = browser.post(undo[1], data={"next": f"/items/{number}"})
    on = begin(browser, number, "Dear Ida, it prints.")

    assert [one.status_code for one in (noted, began, again, on)] == [204, 200, 204, 204]
    assert "it is yours now" in began.text
    assert (untouched, taken, assignee(number)) == (None, office.technician.id, None)
    assert back.location == f"/items/{number}"
    assert said()[0] == f"assigned this to {office.technician.name}, who began a reply"
    with unit_of_work() as session:
        assert session.scalars(select(ItemFollower.person_id)).all() == []


def test_nobody_loses_a_ticket_to_whoever_types_and_what_is_thrown_away_leaves_it_assigned(office, sign_in_as):
    number = open_ticket(office)
    first, second = sign_in_as(office.manager), sign_in_as(office.technician)

    begin(first, number)
    begin(second, number)
    first.post(f"/items/{number}/drafts/reply/discard")

    assert assignee(number) == office.manager.id
    assert len(said()) == 1


def test_spam_merged_tickets_and_a_company_that_does_not_want_it_are_left_alone(office, sign_in_as):
    spam, other, browser = open_ticket(office), open_ticket(office, title="Other"), sign_in_as(office.technician)
    with unit_of_work() as session:
        item_id = session.scalars(select(WorkItem.id).where(WorkItem.number == spam)).one()
        session.execute(update(TicketDetails).where(TicketDetails.work_item_id == item_id).values(spam_at=NOW))

    begin(browser, spam)
    with unit_of_work() as session:
        session.execute(update(Company).values(typing_assigns=False))
    begin(browser, other)

    assert (assignee(spam), assignee(other)) == (None, None)


def test_without_a_script_the_page_says_it(office, sign_in_as):
    number, browser = open_ticket(office), sign_in_as(office.technician)

    kept = browser.post(f"/items/{number}/drafts/reply", data={"body": "Dear Ida,", "billable": ""})

    assert kept.status_code == 303
    assert "it is yours now" in browser.get(f"/items/{number}").text
    with unit_of_work() as session:
        service.assign(session, actor=office.actor("manager"), now=NOW, number=number, assignee_id=None)
    begin(browser, number, "Dear Ida, again")
    assert assignee(number) is None
