"""Values behind an operator are completed, of what the reader sees and nothing else (docs/desk.md rule 108)."""

import html
import re

import pytest
from sqlalchemy import event

from helpdesk.accounts.models import Team
from helpdesk.clients import service as clients
from helpdesk.infra.db import db, unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.projects.models import ItemTag
from tests.conftest import NOW

pytestmark = pytest.mark.usefixtures("rung")


@pytest.fixture
def offered(office, sign_in_as):
    """Return what somebody is offered below a box, as it will stand there: ``offered("to:an", "rival")``."""

    def lines(typed: str, who: str = "technician", path: str = "/search/complete") -> list[str]:
        answer = sign_in_as(getattr(office, who)).get(path, query_string={"q": typed})
        assert answer.status_code == 200
        return [html.unescape(one) for one in re.findall(r'data-completes="([^"]*)"', answer.text)]

    return lines


@pytest.fixture
def people(office):
    """Two more people at Acme, and one whom nobody knows."""
    with unit_of_work() as session:
        for name, email, client_id in [
            ("Ådam Söder", "soder@acme.example", office.acme.id),
            ("Soledad", "sol@acme.example", office.acme.id),
            ("Sorin Nobody", "sorin@elsewhere.example", None),
        ]:
            clients.add_contact(session, actor=SYSTEM, now=NOW, client_id=client_id, name=name, email=email)


def test_people_are_completed_by_the_beginnings_of_their_names_and_addresses(offered, people, mailbox):
    assert offered("so from:so") == ["so from:Soledad ", 'so from:"Sorin Nobody" ', 'so from:"Ådam Söder" ']
    assert offered('to:"adam s') == ['to:"Ådam Söder" ']
    assert offered("-to:soder@acme") == ['-to:"Ådam Söder" ']
    assert offered("to:supp") == ["to:support@halden-okoye.example "]
    assert 'from:"Technician Person" ' in offered("from:tech")
    assert offered('from:"Technician Person') == []
    assert offered("from:zz") == offered("so") == offered("from:so ") == offered("nothing:so") == []


def test_what_one_may_not_see_is_not_offered(office, offered, people):
    with unit_of_work() as session:
        session.add_all(
            [
                ItemTag(work_item_id=office.globex_ticket.id, tag="vip-canary"),
                ItemTag(work_item_id=office.acme_ticket.id, tag="vip 100%"),
            ]
        )
    canary = office.globex_contact.name

    seen = {
        who: [
            *offered(f"from:{canary.split()[0]}", who),
            *offered(f"to:{canary.split()[0]}", who),
            *offered("client:glo", who),
            *offered("project:supp", who),
            *offered("tag:v", who),
        ]
        for who in ("technician", "rival")
    }

    assert [one for one in seen["technician"] if canary in one or "canary" in one or "Globex" in one] == []
    assert {one for one in seen["rival"] if canary in one or "canary" in one or "Globex" in one} >= {
        "client:Globex ",
        "tag:vip-canary ",
    }
    assert 'tag:"vip 100%" ' in seen["technician"]


def test_fixed_values_colleagues_teams_and_one_self(office, offered):
    with unit_of_work() as session:
        session.add(Team(name="Old team", retired_at=NOW))

    assert offered("status:w") == ["status:waiting "]
    assert offered("status:") == [
        f"status:{one} " for one in ("new", "open", "in_progress", "waiting", "solved", "closed")
    ]
    assert offered("status:waiting") == []
    assert offered("assignee:")[:2] == ["assignee:me ", "assignee:nobody "]
    assert len(offered("assignee:")) == 6
    assert offered("assignee:tech") == ['assignee:"Technician Person" ']
    assert offered("team:") == ["team:me ", "team:nobody ", 'team:"Globex team" ']
    assert offered("type:inc") == ["type:Incident "]


def test_the_palette_has_them_first_in_its_one_request_and_whoever_does_not_search_tickets_has_none(
    office, offered, people, sign_in_as
):
    browser, asked = sign_in_as(office.technician), []

    def note(_connection, _cursor, statement, *_rest):
        asked.append(statement)

    assert offered("from:so", path="/search/results")[0] == "from:Soledad "
    assert offered("from:so", "bookkeeper", path="/search/results") == []
    browser.get("/search/complete?q=x")
    event.listen(db.engine, "before_cursor_execute", note)
    browser.get("/search/complete?q=x")
    plain = len(asked)
    browser.get("/search/complete?q=to:so")
    event.remove(db.engine, "before_cursor_execute", note)
    assert len(asked) - plain == plain + 1
