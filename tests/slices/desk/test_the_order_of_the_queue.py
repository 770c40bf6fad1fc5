"""The order of the queue: by each column, both ways, page by page; and how high its rows are."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Team
from helpdesk.desk import queries
from helpdesk.desk.narrowing import SORTS, Asked
from helpdesk.infra.db import unit_of_work
from helpdesk.projects import service as projects
from helpdesk.projects.models import WorkItem
from tests.conftest import NOW
from tests.slices.desk.conftest import open_ticket


@pytest.fixture
def mixed(office) -> None:
    """Tickets that differ in all that can be sorted by, and some that are alike."""
    kinds = [
        ("low", "waiting", "beta - 2", None),
        ("urgent", "new", "Alpha", office.technician.id),
        ("normal", "open", "beta - 2", office.account_manager.id),
        ("high", "in_progress", "Gamma", office.technician.id),
        ("urgent", "new", "delta", None),
    ]
    for minutes, (priority, status, title, assignee_id) in enumerate(kinds):
        now = NOW + timedelta(minutes=minutes)
        number = open_ticket(office, title=title, priority=priority, now=now, assignee_id=assignee_id)
        with unit_of_work() as session:
            item = session.query(WorkItem).filter_by(number=number).one()
            item.team_id = session.scalar(select(Team.id)) if minutes % 2 else None
            projects.set_status(session, actor=office.actor("admin"), now=now, item_id=item.id, status=status)


def pages(office, sort: str) -> list[queries.QueueRow]:
    """All rows in an order, two a page, there and back again."""
    rows: list[queries.QueueRow] = []
    with unit_of_work() as session:
        actor, key, asked = office.actor("manager"), None, Asked(sort=sort)
        while True:
            page = queries.queue(session, actor=actor, now=NOW, asked=asked, before=key, limit=2)
            if rows and page.rows:
                back = queries.queue(session, actor=actor, now=NOW, asked=asked, after=page.newer_key, limit=2)
                assert list(back.rows) == rows[-2:]
            rows += page.rows
            if (key := page.older_key) is None:
                return rows


@pytest.mark.usefixtures("mixed")
@pytest.mark.parametrize("name", SORTS)
def test_each_column_sorts_both_ways_and_no_page_leaves_anything_out(office, name):
    ranks = ["low", "normal", "high", "urgent"]
    moves = ["new", "open", "in_progress", "waiting"]
    values = {
        "priority": lambda row: ranks.index(row.priority),
        "number": lambda row: row.number,
        "status": lambda row: moves.index(row.status),
        "subject": lambda row: row.title.lower(),
        "client": lambda row: row.client_name.lower(),
        "team": lambda row: (row.team_name or "").lower(),
        "assignee": lambda row: (row.assignee_name or "").lower(),
        "changed": lambda row: row.changed_at,
    }

    rising, falling = pages(office, name), pages(office, f"-{name}")

    assert [(values[name](row), row.id) for row in rising] == sorted((values[name](row), row.id) for row in rising)
    assert [row.id for row in falling] == [row.id for row in rising][::-1]
    assert len(rising) == 7


@pytest.mark.usefixtures("mixed")
def test_a_click_on_a_head_sorts_and_another_turns_it_round(office, sign_in_as):
    browser = sign_in_as(office.technician)

    page = browser.get("/desk?priority=urgent").text
    sorted_page = browser.get("/desk?priority=urgent&sort=-number").text

    assert 'href="/desk?view=all&amp;priority=urgent&amp;sort=-number"' in page
    assert 'href="/desk?view=all&amp;priority=urgent&amp;sort=number"' in sorted_page
    assert "falling" in sorted_page
    assert sorted_page.index(">delta<") < sorted_page.index(">Alpha<")
    file = browser.get("/desk?priority=urgent&sort=-number&export=csv").text
    assert file.index("delta") < file.index("Alpha")
    assert browser.get("/desk?sort=nonsense").status_code == 404
    for key in ("x-1", "5-99999999999999999999", "99999999999-1"):
        assert browser.get("/desk", query_string={"sort": "number", "before": key}).status_code == 422
    assert browser.get("/desk", query_string={"sort": "client", "before": "a\x00b-1"}).status_code == 200
    browser.post("/desk/views", data={"name": "Urgent by number", "priority": "urgent", "sort": "-number"})
    again = browser.get("/desk?view=all&priority=urgent&sort=-number").text
    assert "<h1>Urgent by number <span" in again
    assert 'popovertarget="save-view"' not in again
    assert 'popovertarget="save-view"' in browser.get("/desk?view=all&priority=urgent&sort=number").text


@pytest.mark.on_sqlite
def test_rows_are_as_high_as_each_person_likes_them(office, sign_in_as):
    mine, theirs = sign_in_as(office.technician), sign_in_as(office.manager)

    answer = mine.post("/desk/rows", data={"rows": "dense", "next": "/desk?view=mine"})

    assert answer.location == "/desk?view=mine"
    assert ('class="dense"' in mine.get("/desk").text, 'class="dense"' in theirs.get("/desk").text) == (True, False)
    mine.post("/desk/rows", data={"rows": "wide"})
    assert 'class="dense"' not in mine.get("/desk").text
