"""Pages of the desk ask the database at most eight questions, whatever stands on them and whoever looks."""

import pytest

from helpdesk.desk import saved_views, service
from helpdesk.desk.narrowing import Asked, Narrowing
from helpdesk.infra.db import unit_of_work
from tests.conftest import NOW

MOST = 8
pytestmark = pytest.mark.on_sqlite


@pytest.fixture
def busy(office):
    """An office in which everybody's timer runs, and which has saved views."""
    with unit_of_work() as session:
        for role in ("admin", "manager", "technician"):
            actor = office.actor(role)
            service.start_timer(session, actor=actor, now=NOW, number=office.acme_ticket.number)
            asked = Asked("all", None, Narrowing(status="open"))
            saved_views.save(
                session, actor=actor, now=NOW, name=f"Of {role}", asked=asked, is_shared=role != "technician"
            )
    return office


@pytest.mark.parametrize("role", ["admin", "manager", "technician"])
@pytest.mark.parametrize(
    "path",
    [
        "/desk",
        "/desk?view=mine",
        "/desk?view=my_teams&team=nobody",
        "/desk?view=due",
        "/desk?view=snoozed",
        "/desk?view=closed",
        "/desk?view=spam",
        "/desk?view=client&client={client}",
        "/desk?view=unassigned&status=open&words=printer",
        "/search/results?q=printer+hall",
        "/search?q=printer+hall",
        "/search?q=printer+from:ann+client:acme+assignee:me+-team:me+-is:closed&before=99999",
        "/items/{ticket}",
        "/projects",
    ],
)
def test_a_page_asks_at_most_eight_questions(busy, sign_in_as, count_queries, role, path):
    browser = sign_in_as(getattr(busy, role))

    with count_queries() as asked:
        page = browser.get(path.format(client=busy.acme.id, ticket=busy.acme_ticket.number))

    assert page.status_code == 200
    questions = [one for one in asked if one != "BEGIN"]
    assert len(questions) <= MOST, "\n".join(questions)


def test_the_page_of_a_project_asks_as_little(office, sign_in_as, count_queries):
    browser = sign_in_as(office.manager)

    with count_queries() as asked:
        page = browser.get(f"/projects/{office.acme_project.id}")

    assert page.status_code == 200
    questions = [one for one in asked if one != "BEGIN"]
    assert len(questions) <= MOST, "\n".join(questions)
