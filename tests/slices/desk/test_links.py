"""Tickets and tasks linked by people, and a whole that asks before it is done (docs/desk.md rules 26 to 28)."""

import re
from itertools import pairwise

import pytest
from sqlalchemy import literal, select

from helpdesk.clients.queries import visible
from helpdesk.desk.links import Link, links_asked, links_of
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import WorkItem
from tests.slices.desk.conftest import open_ticket


def statuses(*numbers: int) -> list[str]:
    with unit_of_work() as session:
        found = session.scalars(select(WorkItem).where(WorkItem.number.in_(numbers)))
        return [one.status for one in sorted(found, key=lambda one: numbers.index(one.number))]


def links(office, number: int, who: str = "technician") -> list[tuple[str, int]]:
    with unit_of_work() as session:
        item_id = session.scalars(select(WorkItem.id).where(WorkItem.number == number)).one()
        asked = links_asked(literal(item_id), visible(office.actor(who)))
        return [(one.how, one.number) for one in links_of(session.execute(asked))]


def test_both_sides_show_a_link_until_it_is_taken_away(office, sign_in_as):
    first, second, task = open_ticket(office), open_ticket(office, title="Toner"), office.acme_task.number
    browser, rival = sign_in_as(office.technician), sign_in_as(office.rival)
    for other, how in ((second, "whole"), (task, "related"), (office.acme_ticket.number, "duplicate")):
        browser.post(f"/items/{first}/links", data={"number": other, "how": how})
    rival.post(f"/items/{first}/links", data={"number": office.globex_ticket.number, "how": "related"})

    assert links(office, first) == [("duplicate", office.acme_ticket.number), ("related", task), ("whole", second)]
    assert links(office, second) == [("part", first)]
    assert links(office, task) == [("related", first)]
    assert links(office, office.acme_ticket.number) == [("original", first)]
    assert ("related", office.globex_ticket.number) in links(office, first, who="rival")
    page = browser.get(f"/items/{first}").text
    assert re.search(rf'Has as a part</span><br><a class="n" href="/items/{second}">#{second} Toner</a>', page)
    assert f"said that this is part of #{first}" in browser.get(f"/items/{second}").text
    browser.post(f"/items/{second}/links/{first}/remove")
    assert links(office, second) == []
    assert browser.post(f"/items/{second}/links/{first}/remove").status_code == 404


@pytest.mark.on_sqlite
def test_what_makes_no_sense_is_refused_with_the_reason(office, sign_in_as):
    first, second, third = (open_ticket(office) for _ in range(3))
    browser = sign_in_as(office.technician)
    for below, above in pairwise((first, second, third)):
        browser.post(f"/items/{below}/links", data={"number": above, "how": "part"})

    for number, other, how, why in (
        (first, first, "related", "Nothing is linked with itself."),
        (second, first, "related", f"#{second} and #{first} are linked already."),
        (third, first, "part", f"#{first} is part of #{third} itself."),
        (first, third, "part", f"#{first} is part of #{second} already."),
        (first, office.globex_ticket.number, "related", "There is no such ticket or task."),
        (first, third, "nonsense", "Write the number of a ticket or task"),
        (first, "x", "related", "Write the number of a ticket or task"),
    ):
        browser.post(f"/items/{number}/links", data={"number": other, "how": how})
        assert why in browser.get(f"/items/{number}").text, why
    assert links(office, third) == [("whole", second)]


def test_a_whole_asks_what_becomes_of_its_open_parts(office, mailbox, sign_in_as):
    whole, part, deep, other = (open_ticket(office) for _ in range(4))
    browser = sign_in_as(office.technician)
    for below, above in ((part, whole), (deep, part), (other, whole)):
        browser.post(f"/items/{below}/links", data={"number": above, "how": "part"})
    browser.post(f"/items/{other}/status", data={"status": "solved"})
    asked = browser.post(f"/items/{whole}/status", data={"status": "solved"}).location
    refused = browser.post(f"/items/{whole}/reply", data={"body": "Done.", "billable": "billable", "status": "solved"})

    assert asked.endswith(f"/items/{whole}/close?status=solved")
    page = browser.get(asked).text
    assert (f"#{part}" in page, f"#{other}" in page, "1 part of it is open:" in page) == (True, False, True)
    assert refused.status_code == 409
    assert f"Parts of #{whole} are open: #{part}." in refused.text
    assert statuses(whole, part, deep, other) == ["new", "new", "new", "solved"]
    browser.post(f"/items/{whole}/status", data={"status": "waiting"})
    browser.post(f"/items/{whole}/close", data={"status": "solved", "parts": "stay"})
    assert statuses(whole, part, deep) == ["solved", "new", "new"]
    browser.post(f"/items/{whole}/status", data={"status": "open"})
    browser.post(f"/items/{whole}/close", data={"status": "closed", "parts": "too"})
    assert statuses(whole, part, deep, other) == ["closed", "closed", "closed", "solved"]
    assert browser.get(f"/items/{whole}/close?status=open").status_code == 404


@pytest.mark.parametrize(
    ("how", "why", "words"),
    [
        ("origin", ("split off by Ann",), "Split off from"),
        ("offspring", ("split off by Ann",), "Split off:"),
        ("origin", ("the same mail came to x@y",), "The same mail opened"),
        ("origin", ("the sender is unknown on ticket #4",), "Possibly related to"),
        ("whole", ("split off by Ann",), "Has as a part"),
    ],
)
@pytest.mark.on_sqlite
def test_where_a_ticket_came_from_is_said(app, how, why, words):
    with app.test_request_context():
        assert Link(1, "Toner", "open", how, why).words == words
