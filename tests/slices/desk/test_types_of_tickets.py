"""What kind of thing a ticket is about: on its page, in the queue, and the list of them (docs/desk.md rules 35, 36)."""

import re

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import TicketType, WorkItem
from tests.slices.desk.conftest import open_ticket


@pytest.fixture
def ids():
    with unit_of_work() as session:
        return {one.name: one.id for one in session.scalars(select(TicketType))}


def type_of(number):
    with unit_of_work() as session:
        query = select(TicketType.name).join(WorkItem, WorkItem.type_id == TicketType.id)
        return session.scalar(query.where(WorkItem.number == number))


def pick(page, number):
    [found] = re.findall(rf'name="pick" value="({number}-[\d-]+)"', page)
    return found


def test_a_new_desk_has_four_types_and_a_ticket_gets_one_keeps_it_and_loses_it(office, sign_in_as, ids):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    assert list(ids) == ["Question", "Incident", "Problem", "Request"]

    page = browser.post(f"/items/{number}/type", data={"type_id": ids["Incident"]}, follow_redirects=True).text
    browser.post(f"/items/{number}/type", data={"type_id": ids["Incident"]})

    assert type_of(number) == "Incident"
    assert page.count("set the type to Incident") == 1
    page = browser.post(f"/items/{number}/type", data={"type_id": ""}, follow_redirects=True).text
    assert type_of(number) is None
    assert "took off the type" in page
    for wrong in ("99999", "x", "-1", "1" * 30):
        assert browser.post(f"/items/{number}/type", data={"type_id": wrong}).status_code == 404


def test_what_somebody_else_chose_since_is_not_overruled_unseen(office, sign_in_as, ids):
    number, browser = open_ticket(office), sign_in_as(office.technician)
    browser.post(f"/items/{number}/type", data={"type_id": ids["Incident"], "was": ""})

    page = browser.post(f"/items/{number}/type", data={"type_id": ids["Problem"], "was": ""}, follow_redirects=True)

    assert "Somebody else changed the type meanwhile" in page.text
    assert type_of(number) == "Incident"
    browser.post(f"/items/{number}/type", data={"type_id": ids["Problem"], "was": ids["Incident"]})
    assert type_of(number) == "Problem"


def test_a_task_has_none(office, sign_in_as, ids):
    browser = sign_in_as(office.technician)

    answer = browser.post(f"/items/{office.acme_task.number}/type", data={"type_id": ids["Problem"]})

    assert answer.status_code == 422
    assert "A task has no type" in answer.text
    assert 'id="type-menu"' not in browser.get(f"/items/{office.acme_task.number}").text


def test_the_queue_is_narrowed_by_it_acts_on_many_and_undoes_it(office, sign_in_as, ids):
    first, second = open_ticket(office), open_ticket(office)
    browser = sign_in_as(office.technician)
    rows = browser.get("/desk").text

    picked = [pick(rows, first), pick(rows, second)]
    done = browser.post("/desk/bulk", data={"pick": picked, "act": f"type:{ids['Problem']}", "next": "/desk"})
    found = browser.get(f"/desk?type={ids['Problem']}").text

    assert re.findall(r'data-item="(\d+)"', found) == [str(second), str(first)]
    assert "Problem" in browser.get(f"/desk?type={ids['Problem']}&as=csv").text
    browser.post("/desk/views", data={"name": "Problems", "view": "all", "type": ids["Problem"]})
    assert "All open, Problem" in browser.get("/desk/views").text
    browser.post(f"/desk/bulk/{done.location.partition('done=')[2]}/undo")
    assert (type_of(first), type_of(second)) == (None, None)
    assert browser.get("/desk?type=x").status_code == 404


def test_undo_leaves_a_ticket_whose_type_was_retired_meanwhile(office, sign_in_as, ids):
    number, browser, admin = open_ticket(office), sign_in_as(office.technician), sign_in_as(office.admin)
    browser.post(f"/items/{number}/type", data={"type_id": ids["Request"]})
    row = pick(browser.get("/desk").text, number)
    done = browser.post("/desk/bulk", data={"pick": row, "act": "type:", "next": "/desk"}).location
    admin.post(f"/settings/ticket-types/{ids['Request']}/offer", data={"offered": ""})

    page = browser.post(f"/desk/bulk/{done.partition('done=')[2]}/undo", follow_redirects=True).text

    assert "its type is not offered any more" in page
    assert type_of(number) is None


def test_the_list_is_named_ordered_retired_and_offered_again(office, sign_in_as, ids):
    number, admin = open_ticket(office), sign_in_as(office.admin)
    admin.post(f"/items/{number}/type", data={"type_id": ids["Question"]})

    admin.post("/settings/ticket-types", data={"name": "  Change   order "})
    taken = admin.post("/settings/ticket-types", data={"name": "INCIDENT"})
    nameless = admin.post(f"/settings/ticket-types/{ids['Problem']}", data={"name": " "})
    admin.post(f"/settings/ticket-types/{ids['Problem']}", data={"name": "Fault"})
    admin.post(f"/settings/ticket-types/{ids['Request']}/move", data={"by": "up"})
    admin.post(f"/settings/ticket-types/{ids['Question']}/offer", data={"offered": ""})
    page = admin.get("/settings/ticket-types").text

    assert (taken.status_code, nameless.status_code) == (422, 422)
    assert "There is a type of that name already" in taken.text
    assert 'value="INCIDENT"' in taken.text
    assert re.findall(r"<b>([^<]+)</b>", page) == ["Incident", "Request", "Fault", "Change order"]
    assert "Offer again" in page
    assert type_of(number) == "Question"
    item = admin.get(f"/items/{number}").text
    assert "Question" in item
    other = admin.get(f"/items/{open_ticket(office)}").text
    assert f'name="type_id" value="{ids["Question"]}"' not in other
    refused = admin.post(f"/items/{office.acme_ticket.number}/type", data={"type_id": ids["Question"]})
    assert refused.status_code == 404
    admin.post(f"/settings/ticket-types/{ids['Question']}/offer", data={"offered": "yes"})
    assert "Question" in re.findall(r"<b>([^<]+)</b>", admin.get("/settings/ticket-types").text)


def test_a_ticket_that_somebody_reported_is_opened_with_one(office, sign_in_as, ids):
    browser = sign_in_as(office.technician)
    form = {
        "project_id": office.acme_project.id,
        "who": "ann@acme.example",
        "subject": "No network",
        "type_id": ids["Incident"],
        "priority": "high",
    }

    answer = browser.post("/tickets/new", data=form)

    assert type_of(int(answer.location.rpartition("/")[2].partition("#")[0])) == "Incident"
