"""Tickets and tasks that are a team's: on their page, in the queue, and kept out (docs/desk.md rules 73 to 79)."""

import re

import pytest
from sqlalchemy import select

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Team
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects.models import WorkItem
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket

pytestmark = pytest.mark.on_sqlite


@pytest.fixture
def teams(office):
    """The technician's team and one that is empty, beside that to which Globex is restricted."""
    with unit_of_work() as session:
        for name, people in (("Second line", (office.technician.id,)), ("Network", ())):
            accounts.add_team(session, actor=SYSTEM, now=NOW, name=name, person_ids=people)
        return {one.name: one.id for one in session.scalars(select(Team))}


def has(number):
    """Return the team and the person that an item has."""
    with unit_of_work() as session:
        item = session.scalars(select(WorkItem).where(WorkItem.number == number)).one()
        return item.team.name if item.team else None, item.assignee.name if item.assignee else None


def pick(page, number):
    [found] = re.findall(rf'name="pick" value="({number}-[\d-]+)"', page)
    return found


def test_a_ticket_has_a_team_and_a_person_says_so_and_loses_each_alone(office, sign_in_as, teams):
    number, browser = open_ticket(office), sign_in_as(office.technician)

    browser.post(f"/items/{number}/team", data={"team_id": teams["Second line"]})
    browser.post(f"/items/{number}/assign", data={"assignee_id": office.technician.id})
    page = browser.post(f"/items/{number}/team", data={"team_id": teams["Second line"]}, follow_redirects=True).text

    assert has(number) == ("Second line", "Technician Person")
    assert page.count("assigned this to the team Second line") == 1
    assert 'i-users"/></svg>Second line</span></span>' in browser.get("/desk").text
    page = browser.post(f"/items/{number}/team", data={"team_id": ""}, follow_redirects=True).text
    assert "took this from the team Second line" in page
    assert has(number) == (None, "Technician Person")
    for wrong in ("99999", "x", "-1"):
        assert browser.post(f"/items/{number}/team", data={"team_id": wrong}).status_code == 404


def test_a_task_has_one_as_well(office, sign_in_as, teams):
    number, browser = office.acme_task.number, sign_in_as(office.technician)

    page = browser.post(f"/items/{number}/team", data={"team_id": teams["Network"]}, follow_redirects=True).text

    assert has(number)[0] == "Network"
    assert "assigned this to the team Network" in page


def test_what_somebody_else_gave_it_to_since_is_shown_and_overruled_only_knowingly(office, sign_in_as, teams):
    number, browser, admin = open_ticket(office), sign_in_as(office.technician), sign_in_as(office.admin)
    admin.post(f"/items/{number}/team", data={"team_id": teams["Network"], "was": ""})

    refused = browser.post(f"/items/{number}/team", data={"team_id": teams["Second line"], "was": ""})

    assert refused.status_code == 409
    assert "Set it to Second line anyway" in refused.text
    assert "<b>Network</b>" in refused.text
    assert has(number)[0] == "Network"
    browser.post(f"/items/{number}/team", data={"team_id": teams["Second line"], "was": teams["Network"]})
    assert has(number)[0] == "Second line"


def test_a_team_that_the_client_keeps_out_or_that_is_retired_is_neither_offered_nor_taken(office, sign_in_as, teams):
    admin, globex, acme = sign_in_as(office.admin), office.globex_ticket.number, open_ticket(office)
    admin.post(f"/items/{acme}/team", data={"team_id": teams["Network"]})
    admin.post(f"/settings/teams/{teams['Network']}/offer")

    page = admin.get(f"/items/{globex}").text
    kept_out = admin.post(f"/items/{globex}/team", data={"team_id": teams["Second line"]}, follow_redirects=True).text
    other = open_ticket(office)
    retired = admin.post(f"/items/{other}/team", data={"team_id": teams["Network"]}, follow_redirects=True).text

    assert re.findall(r'name="team_id" value="(\d*)"', page) == [str(teams["Globex team"]), ""]
    assert "The team Second line cannot have this: Globex is restricted to the team Globex team." in kept_out
    assert "The team Network is retired, and gets nothing new." in retired
    assert (has(globex)[0], has(other)[0]) == (None, None)
    assert has(acme)[0] == "Network"
    assert "Network</button>" in admin.get(f"/items/{acme}").text
    assert "Network</button>" not in admin.get(f"/items/{other}").text


def test_what_was_given_on_the_page_is_undone_there_and_many_at_once_in_the_queue(office, sign_in_as, teams):
    first, second, browser = open_ticket(office), open_ticket(office), sign_in_as(office.technician)
    done = browser.post(f"/items/{first}/team", data={"team_id": teams["Network"]}).location
    act = done.partition("done=")[2]

    assert f'action="/desk/bulk/{act}/undo"' in browser.get(done).text
    browser.post(f"/desk/bulk/{act}/undo")
    assert has(first)[0] is None

    rows = browser.get("/desk").text
    picked = [pick(rows, first), pick(rows, second)]
    done = browser.post("/desk/bulk", data={"pick": picked, "act": f"team:{teams['Network']}", "next": "/desk"})
    assert (has(first)[0], has(second)[0]) == ("Network", "Network")
    assert "Network" in browser.get("/desk?as=csv").text
    sign_in_as(office.admin).post(f"/settings/teams/{teams['Network']}/offer")
    browser.post(f"/items/{second}/team", data={"team_id": teams["Second line"]})
    page = browser.post(f"/desk/bulk/{done.location.partition('done=')[2]}/undo", follow_redirects=True).text
    assert f"#{second}: somebody changed it since" in page
    assert (has(first)[0], has(second)[0]) == (None, "Second line")


def numbers(page):
    return [int(found) for found in re.findall(r'data-item="(\d+)"', page)]


def test_my_teams_are_what_nobody_has_yet_counted_narrowed_sorted_and_kept_as_a_view(office, sign_in_as, teams):
    waits, mine, done, network = (open_ticket(office, title=name) for name in ("Waits", "Mine", "Done", "Network"))
    browser, manager = sign_in_as(office.technician), sign_in_as(office.manager)
    for number in (waits, mine, done):
        manager.post(f"/items/{number}/team", data={"team_id": teams["Second line"]})
    manager.post(f"/items/{network}/team", data={"team_id": teams["Network"]})
    manager.post(f"/items/{mine}/assign", data={"assignee_id": office.technician.id})
    manager.post(f"/items/{done}/status", data={"status": "closed"})

    page = browser.get("/desk?view=my_teams").text

    assert numbers(page) == [waits]
    assert re.findall(r'My teams</span><span class="n">(\d+)', page) == ["1"]
    assert "My teams" not in re.sub("(?s)<select.*?</select>", "", manager.get("/desk").text)
    assert numbers(browser.get("/desk?team=mine").text) == [mine, waits]
    assert numbers(browser.get(f"/desk?team={teams['Second line']}&assignee=nobody&words=wai").text) == [waits]
    assert numbers(browser.get("/desk?sort=-team").text)[:3] == [mine, waits, network]
    assert network not in numbers(browser.get("/desk?team=nobody").text)
    assert browser.get("/desk?view=closed&team=mine").text.count("data-item=") == 1
    browser.post("/desk/views", data={"name": "Ours", "view": "all", "team": "mine", "priority": "normal"})
    browser.post("/desk/views", data={"name": "Net", "view": "all", "team": teams["Network"]})
    views = browser.get("/desk/views").text
    assert "All open, Normal, My teams" in views
    assert "All open, Network" in views
    assert numbers(browser.get("/desk?team=99999").text) == []
    assert browser.get("/desk?team=x").status_code == 404


def test_teams_are_renamed_retired_and_offered_again(office, sign_in_as, teams):
    number, admin, page_of = open_ticket(office), sign_in_as(office.admin), f"/settings/teams/{teams['Network']}"
    admin.post(f"/items/{number}/team", data={"team_id": teams["Network"]})

    taken = admin.post(page_of, data={"name": "SECOND line", "person_ids": [office.admin.id]})
    admin.post(page_of, data={"name": "Networks", "person_ids": [office.admin.id]})
    admin.post(f"{page_of}/offer")

    assert taken.status_code == 422
    assert "A team needs a name of its own." in taken.text
    assert 'value="SECOND line"' in taken.text
    assert has(number)[0] == "Networks"
    rows = admin.get("/settings/teams").text
    assert rows.rindex("Second line</a>") < rows.rindex("Networks</a>")
    assert "Offer again" in rows
    assert "Networks" not in admin.get("/clients/new").text
    assert "a retired team" in admin.get(f"/desk?team={teams['Network']}").text
    assert number in numbers(admin.get("/desk?view=my_teams").text)
    with unit_of_work() as session:
        session.get_one(Team, teams["Globex team"]).retired_at = NOW
    assert "Globex team" in admin.get(f"/clients/{office.globex.id}/edit").text
    admin.post(f"{page_of}/offer", data={"offered": "yes"})
    assert "Networks" in admin.get("/clients/new").text
