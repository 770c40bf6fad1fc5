from datetime import date
from typing import Any

import pytest

from helpdesk.accounts import weekly_hours
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.durations import HOUR
from helpdesk.projects.planning import editing
from helpdesk.projects.planning.editing import Details
from tests.conftest import NOW

WEEK: dict[str, Any] = {"starts_on": date(2026, 11, 23), "due_on": date(2026, 11, 27)}
"""The days of week 48; now is the Wednesday before."""


@pytest.fixture
def planned(office):
    """Work of Acme for the technician, for nobody, without days, without an estimate; and some of Globex, hidden.

    The id of the first task.
    """
    acme, globex, technician = office.acme_project.id, office.globex_project.id, office.technician.id
    how: dict[str, Any] = {"actor": SYSTEM, "now": NOW}
    added = []
    with unit_of_work() as session:
        for project_id, title, who, details in (
            (acme, "Racks", technician, Details(**WEEK, estimate_seconds=50 * HOUR)),
            (acme, "Labels", None, Details(**WEEK, estimate_seconds=4 * HOUR)),
            (acme, "Someday", technician, Details(estimate_seconds=3 * HOUR)),
            (acme, "Unknown", technician, Details(**WEEK)),
            (acme, "Go live", technician, Details(due_on=WEEK["due_on"], is_milestone=True)),
            (globex, "Canary", office.rival.id, Details(**WEEK, estimate_seconds=9 * HOUR)),
        ):
            added.append(
                editing.add(session, project_id=project_id, title=title, details=details, assignee_id=who, **how).id
            )
        weekly_hours.set_target(
            session,
            actor=SYSTEM,
            now=NOW,
            person_id=None,
            effective_on=date(2026, 1, 5),
            seconds=40 * HOUR,
        )
    return added[0]


def table_of(browser, query="") -> list[list[str]]:
    """Return the exported rows of the weeks that have something booked: who, week, booked, capacity, percent."""
    text = browser.get(f"/projects/workload?export=csv{query}").data.decode("utf-8-sig")
    return [row.split(",") for row in text.splitlines()[1:] if row.split(",")[2] != "0.00"]


def test_what_is_left_of_tasks_stands_against_what_people_mean_to_work(office, planned, log_time, sign_in_as):
    log_time(minutes=120, work_item_id=planned)

    browser = sign_in_as(office.manager)
    page = browser.get("/projects/workload").text
    cell = browser.get(f"/projects/workload?who={office.technician.id}&week=2026-W48").text

    assert table_of(browser) == [
        ["Rival Person", "2026-W48", "9.00", "40.00", "22"],
        ["Technician Person", "2026-W48", "48.00", "40.00", "120"],
        ["Nobody", "2026-W48", "4.00", "", ""],
    ]
    assert "more than can be worked" in page
    assert 'id="cell"' in cell
    assert "Racks" in cell.partition('id="cell"')[2].partition("</section>")[0]
    assert "Someday" in page.partition('id="undated"')[2].partition("</section>")[0]
    assert "Unknown" in page.partition('id="unestimated"')[2]
    assert "Go live" not in page


def test_the_workload_has_filters_and_never_tells_of_a_client_that_is_hidden(office, planned, sign_in_as):
    technician, rival = sign_in_as(office.technician), sign_in_as(office.rival)

    seen = technician.get("/projects/workload")
    other = technician.get(f"/projects/workload?who={office.rival.id}&week=2026-W48")

    assert [row[0] for row in table_of(technician)] == ["Technician Person", "Nobody"]
    assert "Canary" not in seen.text + other.text
    assert "Globex" not in seen.text.replace("Globex team", "")
    assert technician.get(f"/projects/workload?project={office.globex_project.id}").status_code == 404
    assert [row[0] for row in table_of(rival, f"&client={office.globex.id}")] == ["Rival Person"]
    assert [row[0] for row in table_of(rival, "&team=1")] == ["Rival Person"]
    assert table_of(rival, "&from=2026-W49") == []


def test_the_page_takes_as_many_statements_for_many_tasks_as_for_few(office, planned, sign_in_as, count_queries):
    browser = sign_in_as(office.technician)
    browser.get("/projects/workload")
    with count_queries() as few:
        browser.get("/projects/workload")

    with unit_of_work() as session:
        for title in "abcdef":
            editing.add(
                session,
                actor=SYSTEM,
                now=NOW,
                project_id=office.acme_project.id,
                title=title,
                details=Details(**WEEK, estimate_seconds=HOUR),
                assignee_id=office.technician.id,
            )
    with count_queries() as many:
        page = browser.get("/projects/workload").text

    assert len(many) == len(few)
    assert "56:00" in page
