"""Two people change the same field: nothing is lost unseen (docs/desk.md rules 49 and 50)."""

import html
import re

import pytest
from sqlalchemy import select

from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import WorkItem
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.on_sqlite


def facts(number):
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        return item.status, item.assignee_id, item.title, item.priority


def test_a_status_that_somebody_else_set_is_shown_and_set_anyway_or_left(office, sign_in_as):
    number, mine, theirs = open_ticket(office), sign_in_as(office.technician), sign_in_as(office.manager)
    theirs.post(f"/items/{number}/status", data={"status": "waiting", "was": "new"})

    stopped = mine.post(f"/items/{number}/status", data={"status": "solved", "was": "new"})
    part = mine.post(f"/items/{number}/status", data={"status": "solved", "was": "new"}, headers={"HX-Request": "true"})
    stays = facts(number)[0]
    said = re.sub(r"<[^>]+>|\s+", " ", stopped.text.split("overtaken")[1].split("</dl>")[0])

    assert (stopped.status_code, part.status_code, stays) == (409, 422, "waiting")
    for words in ("New", "Waiting", "Solved", office.manager.name):
        assert words in said
    assert "Set it to Solved anyway" in stopped.text
    chosen = re.search(r'<option selected value="(\d+)"', stopped.text.split('id="reply-type"')[1])
    assert chosen is not None  # the boxes begin as on any page
    assert chosen[1] == str(office.remote.id)
    again = re.search(r'name="status" value="solved"><input type="hidden" name="was" value="(\w+)"', part.text)
    assert again is not None
    anyway = mine.post(f"/items/{number}/status", data={"status": "solved", "was": again[1]})
    assert (anyway.status_code, facts(number)[0]) == (303, "solved")


def test_different_fields_both_hold_and_so_does_the_same_from_two(office, sign_in_as):
    number, mine, theirs = open_ticket(office), sign_in_as(office.technician), sign_in_as(office.manager)
    me, they = office.technician.id, office.manager.id

    answers = [
        theirs.post(f"/items/{number}/status", data={"status": "waiting", "was": "new"}),
        mine.post(f"/items/{number}/assign", data={"assignee_id": me, "was": ""}),
        theirs.post(f"/items/{number}/assign", data={"assignee_id": me, "was": ""}),
        theirs.post(f"/items/{number}/assign", data={"assignee_id": they, "was": ""}),
    ]

    assert [each.status_code for each in answers] == [303, 303, 303, 409]
    assert f"Set it to {office.manager.name} anyway" in answers[3].text
    assert facts(number)[:2] == ("waiting", me)


def task_form(browser, url):
    page = browser.get(url).text
    found = re.search(r'<form class="stack narrow"(.*?)</form>', page, re.DOTALL)
    assert found
    fields = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', found[1]))
    chosen = re.search(r'<option selected value="(\w+)"', found[1])
    assert chosen
    return {**{name: html.unescape(value) for name, value in fields.items()}, "priority": chosen[1]}


def test_a_form_of_a_task_takes_what_others_changed_and_asks_where_both_changed_the_same(office, sign_in_as):
    number, project = office.acme_task.number, office.acme_project.id
    url = f"/projects/{project}/plan/tasks/{number}"
    mine, theirs = sign_in_as(office.technician), sign_in_as(office.manager)
    shown = task_form(mine, url)

    theirs.post(f"{url}/details", data={**shown, "priority": "high"})
    merged = mine.post(f"{url}/details", data={**shown, "title": "Mine"})
    both = facts(number)[2:]
    stopped = mine.post(f"{url}/details", data={**shown, "title": "Other", "estimate": "2:00"})
    kept = facts(number)[2]
    decided = re.search(r'name="decided"[^>]*value="(\d+)"', stopped.text)
    assert decided is not None
    typed = {**shown, "title": "Other", "estimate": "2:00", "decided": decided[1]}
    theirs.post(f"/items/{number}/status", data={"status": "waiting"})
    overruled = mine.post(f"{url}/details", data={**typed, "keep": "mine"})
    decided = re.search(r'name="decided"[^>]*value="(\d+)"', overruled.text)
    assert decided is not None
    rest = mine.post(f"{url}/details", data={**typed, "decided": decided[1], "keep": "theirs"})

    assert (merged.status_code, both) == (303, ("Mine", "high"))
    assert (stopped.status_code, kept, overruled.status_code) == (409, "Mine", 409)
    assert 'value="Other"' in stopped.text
    assert (rest.status_code, facts(number)[2]) == (303, "Mine")
    assert 'value="2:00"' in mine.get(url).text


def test_a_card_of_the_board_and_acts_on_many_say_who_was_faster(office, sign_in_as):
    number, mine, theirs = open_ticket(office), sign_in_as(office.technician), sign_in_as(office.manager)
    card, board = office.acme_task.number, f"/projects/{office.acme_project.id}/board"
    theirs.post(board, data={"number": card, "status": "waiting"})
    theirs.post(f"/items/{number}/status", data={"status": "waiting"})

    mine.post(board, data={"number": card, "status": "solved", "was": "new"})
    moved = mine.get(board).text
    mine.post("/desk/bulk", data={"pick": f"{number}-1", "act": "status:solved"})
    picked = mine.get("/desk").text

    assert f"#{card} was changed since you looked: it is Waiting ({office.manager.name})" in moved
    assert f"{office.manager.name} set the status to waiting since you looked" in picked
    assert (facts(card)[0], facts(number)[0]) == ("waiting", "waiting")
