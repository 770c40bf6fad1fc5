"""The week as a sheet: cells, rows, copies and parts, as people use them without a script."""

import re
from datetime import date, timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts import weekly_hours
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import Denied, RuleViolation
from helpdesk.projects.models import Project
from helpdesk.timekeeping import service
from helpdesk.timekeeping.domain.worked import Week
from helpdesk.timekeeping.models import TimeEntry, TimesheetRow
from helpdesk.timekeeping.queries import entries as queries
from helpdesk.timekeeping.queries import weeks
from tests.conftest import NOW
from tests.slices.timekeeping.conftest import MORNING

WEEK = "/time?week=2026-W47"
W47 = Week(2026, 47)
MONDAY = date(2026, 11, 16)


def all_entries() -> list[TimeEntry]:
    with unit_of_work() as session:
        return list(session.scalars(select(TimeEntry).order_by(TimeEntry.started_at, TimeEntry.id)))


def seconds() -> list[int]:
    return [queries.worked_of(entry).seconds for entry in all_entries()]


def test_what_is_right_is_saved_and_what_is_not_stays_with_its_reason(office, sign_in_as, log_time):
    kept = log_time(minutes=60, duration_only=True, note="labels", work_type_id=office.remote.id)
    row = f"{office.acme_ticket.number}.{office.remote.id}"

    answer = sign_in_as(office.technician).post(
        "/time/week",
        data={
            "week": "2026-W47",
            f"{row}.2026-11-16": "1:30",
            f"was.{row}.2026-11-16": f"{kept.id}.{kept.version}|1:00",
            f"{row}.2026-11-17": "soon",
            f"{row}.2026-11-18": "9-10",
            f"{row}.2026-11-20": "1h",
            "9999.0.2026-11-16": "15",
            f"{office.acme_ticket.number}.999.2026-11-16": "15",
        },
    )

    assert answer.status_code == 422
    for expected in (
        "2 cells are saved.",
        "4 cells are not saved",
        'value="soon"',
        "is no duration",
        "is not here yet",
    ):
        assert expected in answer.text, expected
    assert seconds() == [5400, 3600]
    assert [(entry.note, entry.work_type_id) for entry in all_entries()] == [
        ("labels", office.remote.id),
        ("", office.remote.id),
    ]


def test_a_cell_that_somebody_changed_meanwhile_is_told_and_can_be_replaced(office, sign_in_as, log_time):
    entry, browser = log_time(minutes=60, duration_only=True), sign_in_as(office.technician)
    name = f"{office.acme_ticket.number}.0.2026-11-16"
    form = {"week": "2026-W47", name: "0:45", f"was.{name}": f"{entry.id}.{entry.version}|1:00"}
    with unit_of_work() as session:
        changed = service.edit_entry(
            session, actor=office.actor("technician"), now=NOW, entry_id=entry.id, day=MONDAY, worked="2:00"
        )

    answer = browser.post("/time/week", data=form)
    again = browser.post("/time/week", data={**form, f"was.{name}": f"{entry.id}.{changed.version}|2:00"})

    assert answer.status_code == 409
    assert "was changed meanwhile and says 2:00 now" in answer.text
    assert again.status_code == 303
    assert seconds() == [2700]


def test_a_sheet_that_is_sent_twice_doubles_nothing(office, sign_in_as):
    browser = sign_in_as(office.technician)
    form = {"week": "2026-W47", f"{office.acme_ticket.number}.0.2026-11-16": "0:15"}

    for _again in range(2):
        assert browser.post("/time/week", data=form).status_code == 303

    assert seconds() == [900]
    assert browser.post("/time/week", data={**form, "status": "approved"}).status_code == 422


def test_emptying_a_cell_deletes_a_bare_duration_and_the_trail_keeps_it(office, sign_in_as, log_time):
    entry = log_time(minutes=60, duration_only=True)
    name = f"{office.acme_ticket.number}.0.2026-11-16"

    sign_in_as(office.technician).post(
        "/time/week", data={"week": "2026-W47", name: "", f"was.{name}": f"{entry.id}.{entry.version}|1:00"}
    )

    assert all_entries() == []
    with unit_of_work() as session:
        assert session.scalar(select(AuditRow.object_id).where(AuditRow.action == "deleted")) == entry.id


def test_a_cell_of_several_entries_shows_their_sum_and_opens_as_a_list(office, sign_in_as, log_time):
    log_time(minutes=60, note="labels")
    log_time(minutes=30, note="driver", started_at=MORNING + timedelta(minutes=30))
    browser = sign_in_as(office.technician)
    cell = f"/time/cell?row={office.acme_ticket.number}.0&amp;day=2026-11-16"

    page, opened = browser.get(WEEK).text, browser.get(cell.replace("&amp;", "&")).text

    assert cell in page
    assert "sum of 2 entries" in page
    assert "Overlaps with #" in page
    for expected in ("labels", "driver", "Another entry in this cell", "Europe/Berlin"):
        assert expected in opened, expected


def test_days_are_those_of_each_client_and_the_page_says_whose(office, sign_in_as, log_time):
    with unit_of_work() as session:
        session.merge(office.acme).time_zone = "Asia/Kathmandu"
    log_time(minutes=30, started_at=MORNING.replace(hour=20))  # Tuesday 1:45 in Kathmandu

    page = sign_in_as(office.technician).get(WEEK).text

    assert "days of Asia/Kathmandu" in page
    assert f'name="{office.acme_ticket.number}.0.2026-11-17" id' in page
    assert f"was.{office.acme_ticket.number}.0.2026-11-17" in page


def test_a_row_is_added_by_number_or_letters_and_taken_out_again(office, sign_in_as):
    browser = sign_in_as(office.technician)
    form = {"week": "2026-W47", "row_type_id": str(office.remote.id)}

    by_number = browser.post("/time/rows", data={**form, "item": f"#{office.acme_task.number}"})
    again = browser.post("/time/rows", data={**form, "item": f"{office.acme_task.number}"})
    by_letters = browser.post("/time/rows", data={**form, "item": "labels"})
    several = browser.post("/time/rows", data={**form, "item": "acme"})
    none = browser.post("/time/rows", data={**form, "item": "canary"})

    assert [answer.status_code for answer in (by_number, again, by_letters, several, none)] == [303, 303, 303, 422, 422]
    assert "Several have these words" in several.text
    assert "Move the mail server" in several.text
    assert "No ticket or task has this number" in none.text
    assert "Globex" not in several.text
    key = f"{office.acme_task.number}.{office.remote.id}"
    assert f'id="r{key}"' in browser.get(WEEK).text
    browser.post("/time/rows/remove", data={"week": "2026-W47", "row": key})
    assert f'id="r{key}"' not in browser.get(WEEK).text
    with unit_of_work() as session:
        assert [row.work_item_id for row in session.scalars(select(TimesheetRow))] == [office.acme_ticket.id]


def test_last_week_is_copied_as_rows_or_with_hours_and_twice_is_once(office, sign_in_as, log_time):
    browser, last = sign_in_as(office.technician), MORNING - timedelta(weeks=1)
    log_time(minutes=60, started_at=last, note="labels", status="approved")
    log_time(minutes=30, started_at=last + timedelta(hours=2), billable="no_charge")
    log_time(minutes=20, started_at=last + timedelta(days=4))  # a Friday that is not here yet in week 47
    log_time(minutes=10, started_at=last + timedelta(days=1), work_item_id=office.acme_task.id)
    log_time(minutes=5, started_at=MORNING + timedelta(days=1), work_item_id=office.acme_task.id)

    rows = browser.post("/time/copy", data={"week": "2026-W47", "what": "rows"}, follow_redirects=True)
    with unit_of_work() as session:
        session.get_one(Project, office.acme_project.id).max_billable_seconds = 2 * HOUR
    hours = browser.post("/time/copy", data={"week": "2026-W47", "what": "hours"}, follow_redirects=True)
    browser.post("/time/copy", data={"week": "2026-W47", "what": "hours"})

    assert "1 row is copied." in rows.text
    assert "2 entries are copied as drafts: 1:30." in hours.text
    assert "is not here yet" in hours.text
    assert "Support takes 2:00 billable hours at most, 2:35 are worked" in hours.text
    copied = [entry for entry in all_entries() if entry.started_at >= MORNING]
    assert [(one.note, one.billable, one.status, one.duration_only) for one in copied] == [
        ("labels", "billable", "draft", True),
        ("", "no_charge", "draft", True),
        ("", "billable", "draft", False),
    ]


def test_a_part_of_a_week_is_submitted_by_days_and_by_rows(office, sign_in_as, log_time):
    log_time(minutes=60)
    log_time(minutes=30, work_item_id=office.acme_task.id)
    log_time(minutes=20, started_at=MORNING + timedelta(days=1))
    browser, task = sign_in_as(office.technician), f"{office.acme_task.number}.0"

    browser.post("/time/submit", data={"week": "2026-W47", "days": ["2026-11-16"], "rows": [task]})
    by_both = [entry.status for entry in all_entries()]
    browser.post("/time/submit", data={"week": "2026-W47", "days": ["2026-11-16"]})

    assert by_both == ["draft", "submitted", "draft"]
    assert [entry.status for entry in all_entries()] == ["submitted", "submitted", "draft"]


def test_a_day_has_no_more_hours_than_it_has(session, office):
    add = {"actor": office.actor("technician"), "now": NOW, "item_id": office.acme_ticket.id}
    service.add_entry(session, day=MONDAY, worked="20h", **add)
    service.add_entry(session, day=date(2026, 10, 25), worked="24h", **add)

    with pytest.raises(RuleViolation, match="5:00 more on Mon 16 Nov would make 25:00"):
        service.add_entry(session, day=MONDAY, worked="5h", **add)
    long = service.add_entry(session, day=date(2026, 10, 25), worked="1h", **add)  # the clocks go back: 25 hours
    with pytest.raises(RuleViolation, match="more than a day"):
        service.edit_entry(
            session, actor=add["actor"], now=NOW, entry_id=long.id, day=date(2026, 10, 25), worked="1:01"
        )


def test_a_manager_fills_somebodys_week_and_the_page_says_who_wrote_it(office, sign_in_as):
    name = f"{office.acme_ticket.number}.0.2026-11-16"

    answer = sign_in_as(office.manager).post(
        "/time/week", data={"week": "2026-W47", "person_id": str(office.technician.id), name: "0:15"}
    )

    assert answer.location == f"{WEEK}&person={office.technician.id}"
    assert "written by Manager Person" in sign_in_as(office.technician).get(WEEK).text


def test_a_target_is_ones_own_or_everybodys_from_a_monday_on(session, office):
    def target(person: str, day: date) -> int | None:
        return weekly_hours.target_seconds(session, person_id=getattr(office, person).id, monday=day)

    def say(hours: int, day: date, person_id: int | None = None) -> None:
        weekly_hours.set_target(
            session,
            actor=office.actor("admin"),
            now=NOW,
            person_id=person_id,
            effective_on=day,
            seconds=hours * 3600,
        )

    assert target("technician", MONDAY) is None
    say(40, date(2026, 1, 1))
    say(20, date(2026, 11, 11), office.technician.id)  # a Wednesday: from the 16th on
    say(38, date(2026, 12, 1))

    assert [target("technician", day) for day in (date(2026, 11, 9), MONDAY, date(2027, 1, 4))] == [
        144000,
        72000,
        72000,
    ]
    assert [target("manager", day) for day in (MONDAY, date(2026, 12, 7))] == [144000, 136800]
    with pytest.raises(Denied):
        weekly_hours.set_target(
            session, actor=office.actor("account_manager"), now=NOW, person_id=None, effective_on=MONDAY, seconds=0
        )


def test_a_manager_says_how_long_somebody_works_and_the_week_shows_it(office, sign_in_as):
    browser, url = sign_in_as(office.manager), f"/people/hours?person={office.technician.id}"

    def say(hours: str, day: str) -> int:
        sent = {"person_id": str(office.technician.id), "effective_on": day, "hours": hours}
        return int(browser.post("/people/hours", data=sent).status_code)

    for hours, day in (("40", "2026-11-01"), ("38.5", "2026-11-10"), ("38:30", "2026-11-10"), ("20", "2027-01-01")):
        assert say(hours, day) == 303
    assert [say("much", "2026-11-10"), say("169", "2026-11-10")] == [422, 422]

    rows = re.findall(
        r"Technician Person</a></th><td[^>]*>([^<]*)</td><td[^>]*>([^<]*)<.*?</svg>([^<]*)", browser.get(url).text
    )
    assert rows == [
        ("4 Jan 2027", "20:00", "Planned"),
        ("16 Nov 2026", "38:30", "In force"),
        ("2 Nov 2026", "40:00", "Ended"),
    ]
    assert "of 38:30" in sign_in_as(office.technician).get(WEEK).text
    with unit_of_work() as session:
        query = select(AuditRow.data).where(AuditRow.object_kind == "weekly_target").order_by(AuditRow.id)
        audited = [(row["before"], row["after"]) for row in session.scalars(query)]
    assert audited == [(None, 144000), (None, 138600), (138600, 138600), (None, 72000)]


def test_letters_find_open_items_of_ones_own_clients_first_by_number(session, office):
    def found(words: str) -> list[int]:
        return [item.number for item in weeks.matching_items(session, actor=office.actor("technician"), words=words)]

    assert found(f"#{office.acme_ticket.number}") == [office.acme_ticket.number]
    assert found("mail acme") == [office.acme_task.number]
    assert found("%") == []
    assert found("  ") == []
    assert found(str(office.globex_ticket.number)) == []
