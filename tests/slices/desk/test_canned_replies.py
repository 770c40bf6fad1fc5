"""Canned replies: written once, filled in for a ticket (docs/answering.md rules 5 to 7)."""

import html
import re

import pytest
from sqlalchemy import select

from helpdesk.desk.views.canned import _variables
from helpdesk.infra.db import unit_of_work
from helpdesk.tickets.domain import CANNED_FIELDS
from helpdesk.tickets.models import CannedReply, Draft
from tests.slices.desk.conftest import open_ticket

HELLO = "Hello {{requester.first_name}},\r\n#{{ticket.number}} {{ ticket.subject }} is done.\r\n{{me.name}}"


def ids() -> dict[str, int]:
    with unit_of_work() as session:
        return {one.name: one.id for one in session.scalars(select(CannedReply))}


def test_a_canned_reply_is_filled_in_for_the_ticket_and_goes_below_the_draft(office, mailbox, sign_in_as):
    number, browser = open_ticket(office, title="Labels {{me.name}}"), sign_in_as(office.technician)
    browser.post("/canned-replies", data={"name": "Done", "body": HELLO})
    said = f"#{number} Labels {{{{me.name}}}} is done.\r\n{office.technician.name}"

    part = browser.get(f"/items/{number}/canned", headers={"HX-Request": "true"}).text
    draft = browser.post(f"/items/{number}/drafts/reply?then=canned", data={"body": "First.", "worked": "0:10"})
    used = browser.post(f"/items/{number}/canned/{ids()['Done']}")

    assert "<html" not in part
    assert said in html.unescape(part)
    assert draft.location == f"/items/{number}/canned"
    assert "<html" in browser.get(draft.location).text
    assert used.location == f"/items/{number}#reply-body"
    with unit_of_work() as session:
        kept = session.scalars(select(Draft)).one()
    assert kept.body.startswith("First.\n\nHello ")
    assert kept.body.endswith(said)
    assert kept.worked == "0:10"


def test_shared_ones_are_everybodys_to_read_and_a_managers_to_write_and_own_ones_nobody_elses(office, sign_in_as):
    manager, technician = sign_in_as(office.manager), sign_in_as(office.technician)
    shared = {"name": "Closing", "body": "Bye.", "shared": "y"}

    assert manager.post("/canned-replies", data=shared).status_code == 303
    assert manager.post("/canned-replies", data={"name": "Secret", "body": "Hush."}).status_code == 303
    page = technician.get("/canned-replies").text

    assert "Closing" in page
    assert "Secret" not in page
    own, theirs = (f"/canned-replies/{ids()[name]}" for name in ("Closing", "Secret"))
    assert technician.post(own, data={"name": "Closing", "body": "No."}).status_code == 422
    assert technician.post(f"{own}/remove").status_code == 422
    assert technician.post("/canned-replies", data=shared | {"name": "Other"}).status_code == 422
    assert technician.post(theirs, data={"name": "Secret", "body": "No."}).status_code == 404
    assert technician.post("/canned-replies", data={"name": "closing", "body": "Of my own."}).status_code == 303
    assert manager.post(own, data={"name": "Farewell", "body": "Bye.", "shared": "y"}).status_code == 303
    assert manager.post(f"{own}/remove").status_code == 303
    assert sorted(ids()) == ["Secret", "closing"]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "A", "body": "{{requester.firstname}} and {{ticket}}"}, "{{requester.firstname}}, {{ticket}} is no"),
        ({"name": "A", "body": "{{requester.name"}, "Two braces belong to a field"),
        ({"name": "DONE", "body": "Again."}, "There is one with this name already."),
        ({"name": "", "body": "No name."}, "This field is required."),
    ],
)
def test_what_cannot_be_saved_says_why_and_keeps_what_was_typed(office, sign_in_as, form, words):
    browser = sign_in_as(office.technician)
    browser.post("/canned-replies", data={"name": "Done", "body": "Done."})

    refused = browser.post("/canned-replies", data=form)

    page = html.unescape(refused.text)
    assert refused.status_code == 422
    assert words in page
    assert form["body"] in page
    assert list(ids()) == ["Done"]


def test_every_variable_is_explained():
    assert tuple(_variables()) == CANNED_FIELDS


def test_a_formatted_canned_reply_keeps_its_formatting_and_a_variable_brings_words_alone(office, mailbox, sign_in_as):
    number = open_ticket(office, title='"><script>alert(1)</script><b>Labels</b>')
    browser, link = sign_in_as(office.technician), "https://x.example/{{ticket.number}}"
    whole = f'<div><strong>{{{{ticket.subject}}}}</strong> <a href="{link}">here</a><img src="x" onerror="y"></div>'
    halved = "<div>{{ticket.<em>number</em>}}</div>"

    kept = browser.post("/canned-replies", data={"name": "Done", "body": "typed", "html": whole})
    refused = browser.post("/canned-replies", data={"name": "Half", "body": "typed", "html": halved})
    part = browser.get(f"/items/{number}/canned", headers={"HX-Request": "true"}).text
    browser.post(f"/items/{number}/canned/{ids()['Done']}")

    assert (kept.status_code, refused.status_code, set(ids())) == (303, 422, {"Done"})
    assert "Two braces belong to a field" in refused.text
    with unit_of_work() as session:
        draft = session.scalars(select(Draft)).one()
    assert draft.html.startswith('<div><strong>"&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;b&gt;Labels')
    assert f'href="https://x.example/{number}"' in draft.html
    assert draft.body.endswith(f"</b> here <https://x.example/{number}>")
    assert re.findall(r'data-canned-html="&lt;div&gt;&lt;(\w+)', part) == ["strong"]
    assert "onerror" not in browser.get("/canned-replies").text
