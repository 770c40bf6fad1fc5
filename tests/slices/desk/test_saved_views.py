"""Views under a name: one's own and those of all, each with the count of what it shows."""

import html
import re

import pytest
from flask.testing import FlaskClient

from helpdesk.clients.models import Client
from helpdesk.infra.db import unit_of_work
from helpdesk.projects import service as projects
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

URGENT: dict[str, object] = {"view": "all", "priority": "urgent"}


def save(browser: FlaskClient, name: str, asked: dict[str, object], *, shared: bool = False) -> str:
    """Save a view, and return where that leads."""
    data = {"name": name, **asked} | ({"shared": "y"} if shared else {})
    answer = browser.post("/desk/views", data=data)
    assert answer.status_code == 303, answer.text
    return answer.location


def beside(browser: FlaskClient, path: str = "/desk") -> list[tuple[str, str]]:
    """The saved views in the rail of the queue, in their order, each with its count."""
    rail = re.search(r'id="side-saved".*?</nav>', browser.get(path).text, re.DOTALL)
    found = re.findall(r'clip">([^<]*)</span>(?:<span class="n">(\d+))?', rail[0]) if rail else []
    return [(name, count) for name, count in found]


def ids(browser: FlaskClient) -> dict[str, int]:
    page = browser.get("/desk/views").text
    names = re.findall(r'<a class="link" href="/desk\?[^"]*">([^<]+)</a>', page)
    return dict(zip(names, map(int, re.findall(r'id="delete-(\d+)"', page)), strict=False))


def test_what_narrows_the_queue_is_kept_with_the_count_of_what_it_shows(office, sign_in_as):
    one, _other = open_ticket(office, priority="urgent"), open_ticket(office, priority="urgent", title="It hums")
    with unit_of_work() as session:
        projects.set_priority(
            session, actor=office.actor("admin"), now=NOW, item_id=office.globex_ticket.id, priority="urgent"
        )
    browser = sign_in_as(office.technician)

    leads_to = save(browser, "  On   fire ", URGENT)
    save(browser, "Humming", {"view": "all", "client": office.acme.id, "words": "hums"})
    save(browser, "Closed ones", {"view": "closed", "words": "hums"})

    page = browser.get(leads_to).text
    assert "<h1>On fire <span" in page
    assert f"#{one}" in page
    assert page.count("data-row ") == 2
    assert beside(browser) == [("On fire", "2"), ("Humming", "1"), ("Closed ones", "")]
    assert "All open, Acme, “hums”" in browser.get("/desk/views").text
    assert 'popovertarget="save-view"' not in page
    assert 'popovertarget="save-view"' in browser.get("/desk?priority=low").text
    save(sign_in_as(office.manager), "All fires", URGENT, shared=True)
    assert beside(sign_in_as(office.rival)) == [("All fires", "3")]


def test_the_queue_is_narrowed_by_a_client_and_its_project(office, sign_in_as):
    browser, acme = sign_in_as(office.technician), office.acme.id
    number, project = open_ticket(office), office.acme_project.id
    asked: dict[str, object] = {"view": "all", "client": acme, "project": project}

    found = browser.get(f"/desk?client={acme}&project={project}").text
    other = browser.get(f"/desk?view=client&client={acme}&project={office.globex_project.id}").text
    leads_to = save(browser, "Support of Acme", asked)

    assert f'data-item="{number}"' in found
    assert f'<option value="{project}" selected>' in found
    assert "Nothing fits" in other
    assert f'data-item="{number}"' in browser.get(leads_to).text
    assert f"All open, Acme, {office.acme_project.name}" in browser.get("/desk/views").text
    assert f"view=client&amp;client={acme}&amp;project={project}" in browser.get(f"/projects/{project}").text
    assert browser.get(f"/desk?project={project}").status_code == 404
    assert browser.get(f"/desk?client={acme}&project=x").status_code == 404
    assert "Nothing fits" in browser.get(f"/desk?client={office.globex.id}").text  # not theirs to see


def test_views_are_renamed_put_in_order_and_deleted(office, sign_in_as):
    browser = sign_in_as(office.technician)
    for name in ("One", "Two", "Three"):
        save(browser, name, URGENT)
    known = ids(browser)

    browser.post(f"/desk/views/{known['Three']}/move", data={"by": "up"})
    browser.post(f"/desk/views/{known['One']}/move", data={"by": "up"})
    browser.post(f"/desk/views/{known['Two']}/move", data={"by": "down"})
    browser.post(f"/desk/views/{known['One']}", data={"name": "Uno"})

    assert [name for name, _count in beside(browser)] == ["Uno", "Three", "Two"]
    browser.post(f"/desk/views/{known['Three']}/delete")
    assert "The view “Three” is deleted" in browser.get("/desk").text
    assert [name for name, _count in beside(browser)] == ["Uno", "Two"]


def test_a_refused_name_stands_where_it_was_typed(office, sign_in_as):
    browser = sign_in_as(office.technician)
    save(browser, "On fire", URGENT)
    save(browser, "Other", URGENT)

    taken = browser.post("/desk/views", data={"name": "ON FIRE", "view": "all", "words": "hums"})
    renamed = browser.post(f"/desk/views/{ids(browser)['Other']}", data={"name": "on fire"})
    long = browser.post("/desk/views", data={"name": "x" * 61, **URGENT})

    assert [one.status_code for one in (taken, renamed, long)] == [422, 422, 422]
    assert "There is a view of that name already." in taken.text
    assert 'value="ON FIRE"' in taken.text
    assert 'name="words" value="hums"' in taken.text
    assert 'value="on fire"' in renamed.text
    assert "at most 60 characters" in long.text
    assert browser.post("/desk/views", data={"name": "x", "status": "odd"}).status_code == 404


@pytest.mark.on_sqlite
def test_those_of_all_are_looked_after_by_managers_and_ones_own_by_oneself(office, sign_in_as):
    manager, technician = sign_in_as(office.manager), sign_in_as(office.technician)
    save(manager, "Fires", URGENT, shared=True)
    save(manager, "Globex", {"view": "client", "client": office.globex.id, "priority": "high"}, shared=True)
    save(technician, "Mine alone", URGENT)
    shared, own = ids(manager)["Fires"], ids(technician)["Mine alone"]

    assert technician.post("/desk/views", data={"name": "x", "shared": "y", **URGENT}).status_code == 403
    for path, data in (("", {"name": "x"}), ("/move", {"by": "up"}), ("/delete", {})):
        assert technician.post(f"/desk/views/{shared}{path}", data=data).status_code == 403
        assert manager.post(f"/desk/views/{own}{path}", data=data).status_code == 404
    assert [name for name, _count in beside(technician)] == ["Mine alone", "Fires"]  # Globex is not theirs to see
    assert [name for name, _count in beside(manager)] == ["Fires", "Globex"]


def test_no_view_is_kept_of_a_client_that_one_does_not_see_or_of_a_tag_that_there_cannot_be(office, sign_in_as):
    browser, asked = sign_in_as(office.technician), {"name": "Theirs", "view": "client"}

    answers = [
        browser.post("/desk/views", data={**asked, "client": office.globex.id}),
        browser.post("/desk/views", data={**asked, "client": 999_999_999}),
        browser.post("/desk/views", data={"name": "Long", "view": "all", "tag": "x" * 41}),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 422]
    assert beside(browser) == []


def test_a_search_is_kept_as_a_view_that_shows_what_it_finds_and_nothing_where_it_cannot_be_asked_any_more(
    office, sign_in_as, count_queries
):
    ours = open_ticket(office, title="Toner", text="The toner smells of rubber.")
    open_ticket(office, title="Toner too", text="It is empty.")
    browser = sign_in_as(office.technician)
    page = browser.get("/search?q=smells+from:technician+client:acme").text
    assert 'name="search" value="smells from:technician client:acme"' in page
    for typed in ("smells+client:zebra", "is:task"):
        assert "Keep as view" not in browser.get(f"/search?q={typed}").text

    kept = browser.post(
        "/desk/views", data={"name": "Smells", "view": "all", "search": "smells from:technician client:acme"}
    )

    assert kept.status_code == 303
    with count_queries() as asked:
        shown = browser.get(kept.location).text
    assert len([one for one in asked if one != "BEGIN"]) <= 8
    assert re.findall(r'data-item="(\d+)"', shown) == [str(ours)]
    assert ("Smells", "") in beside(browser)
    assert "found by “smells from:technician client:acme”" in browser.get("/desk/views").text
    assert browser.get(f"{kept.location}&format=csv").text.count("Toner") == 1
    with unit_of_work() as session:
        client = session.get_one(Client, office.acme.id)
        client.name, client.legal_name = "Apex", ""
    gone = html.unescape(browser.get(kept.location).text)
    assert re.findall(r'data-item="(\d+)"', gone) == []
    assert "client:acme is left out: nobody and nothing that you see has that name." in gone
