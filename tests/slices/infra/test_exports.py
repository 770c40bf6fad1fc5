import csv
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from helpdesk.desk import exports as desk_exports
from helpdesk.desk import queries as desk
from helpdesk.desk.narrowing import Asked
from helpdesk.infra.db import snapshot, unit_of_work
from helpdesk.infra.export.columns import Sheet
from helpdesk.projects import exports as project_exports
from helpdesk.projects import tasks
from helpdesk.projects.models import WorkItem
from tests.conftest import NOW


def numbers_of(sheet: Sheet[Any]) -> list[int]:
    return [sheet.columns[0].read(row) for row in sheet.rows]


@pytest.fixture
def seven_items(office):
    """Seven tickets and as many tasks of Acme beside the office's own, changed a minute apart, in no order."""
    with unit_of_work() as session:
        session.add_all(
            WorkItem(
                number=100 + at,
                kind="ticket" if at < 7 else "task",
                project_id=office.acme_project.id,
                title=f"=item {at}",
                status="open",
                created_at=NOW,
                updated_at=NOW + timedelta(minutes=at * 5 % 14),
            )
            for at in range(14)
        )


def test_an_export_has_all_pages_in_the_order_of_the_list(app, office, seven_items, monkeypatch):
    actor, newest_first = office.actor("technician"), tasks.TaskFilter(sort="changed")
    for module in (desk_exports, project_exports):
        monkeypatch.setattr(module, "AT_ONCE", 3)

    with app.test_request_context(), snapshot() as session:
        queue = numbers_of(desk_exports.queue_sheet(session, actor=actor, now=NOW, asked=Asked(), name="All"))
        listed = numbers_of(project_exports.tasks_sheet(session, actor=actor, wanted=newest_first, today=NOW.date()))
        shown = [row.number for row in desk.queue(session, actor=actor, now=NOW, asked=Asked()).rows]
        page = tasks.page(session, actor=actor, wanted=newest_first, today=NOW.date())

    assert queue == shown
    assert len(queue) == 8
    assert listed == [row.number for row in page.rows]
    assert len(listed) == 8


def test_what_happens_while_a_list_is_written_is_not_in_it(office, seven_items):
    def count() -> int:
        return session.scalar(select(func.count()).where(WorkItem.kind == "ticket")) or 0

    with snapshot() as session:
        before = count()
        with unit_of_work() as work:
            work.get_one(WorkItem, office.acme_ticket.id).kind = "task"
        during = count()
    with snapshot() as session:
        after = count()

    assert (before, during, after) == (9, 9, 8)


def test_the_page_offers_what_it_shows_as_a_file_and_keeps_its_filters(office, seven_items, sign_in_as):
    browser = sign_in_as(office.technician)

    page = browser.get("/tasks?status=all&sort=newest&after=107")
    answer = browser.get("/tasks?status=all&sort=newest&export=csv")

    assert "/tasks?status=all&amp;sort=newest&amp;export=csv" in page.text
    assert answer.headers["Content-Disposition"] == "attachment; filename=tasks-all-2026-11-18-1100.csv"
    rows = list(csv.DictReader(answer.data.decode("utf-8-sig").splitlines()))
    assert [row["Number"] for row in rows[:2]] == ["113", "112"]
    assert (rows[0]["Task"], rows[0]["Client"], rows[0]["Status"]) == ("'=item 13", "Acme", "Open")
    assert rows[0]["Changed (Europe/Berlin)"] == "2026-11-18 11:09:00"
