"""What waits for approval: grouped, filtered, page by page, with what stands out, and who decides (rule 2)."""

import re
from datetime import timedelta
from itertools import product

import pytest
from sqlalchemy import select

from helpdesk.company.models import Company
from helpdesk.infra.db import unit_of_work
from helpdesk.kernel.errors import Conflict, Denied
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import Project, TaskDetails, WorkItem
from helpdesk.timekeeping import service
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import waiting
from helpdesk.timekeeping.queries.rights import reach_of
from helpdesk.timekeeping.queries.submitted import Filters
from tests.conftest import NOW
from tests.slices.timekeeping.conftest import MORNING


def queue(session, office, by="manager", group="person", after=None, **filters):
    reach = reach_of(session, office.actor(by))
    return waiting.queue(session, reach=reach, group=group, filters=Filters(**filters), after=after)


def ids(found):
    return [line.entry.id for line in found.lines]


def test_it_is_grouped_and_filtered_by_person_client_project_and_manager(session, office, log_time):
    session.get_one(Project, office.globex_project.id).manager_id = office.rival.id
    log_time()  # a draft
    acme = log_time(status="submitted")
    globex = log_time(status="submitted", person_id=office.manager.id, work_item_id=office.globex_ticket.id, minutes=30)
    later = log_time(status="submitted", started_at=MORNING + timedelta(hours=1))

    by_person, by_client = queue(session, office), queue(session, office, group="client")
    by_manager = queue(session, office, group="manager")

    assert ids(by_person) == [globex.id, acme.id, later.id]  # Manager Person before Technician Person
    assert ids(by_client) == [acme.id, later.id, globex.id]
    assert [(each.name, each.count, each.seconds) for each in by_client.groups.values()] == [
        ("Acme", 2, 7200),
        ("Globex", 1, 1800),
    ]
    assert [(each.name, each.count) for each in by_manager.groups.values()] == [("", 2), ("Rival Person", 1)]
    for asked, expected in (
        ({"person": office.technician.id}, {acme.id, later.id}),
        ({"client": office.globex.id}, {globex.id}),
        ({"project": office.acme_project.id}, {acme.id, later.id}),
        ({"manager": office.rival.id}, {globex.id}),
        ({"manager": 0}, {acme.id, later.id}),
    ):
        assert set(ids(queue(session, office, **asked))) == expected, asked
    assert len(queue(session, office, client=office.globex.id).choices["client"]) == 2


def test_pages_go_by_key_even_where_the_last_entry_was_approved_meanwhile(session, office, log_time, monkeypatch):
    monkeypatch.setattr(waiting, "PAGE", 2)
    entries = [log_time(status="submitted", started_at=MORNING + timedelta(hours=hour)) for hour in range(5)]

    first = queue(session, office, group="project")
    service.approve(session, actor=office.actor("manager"), now=NOW, entry_ids=[entries[0].id, entries[1].id])
    second = queue(session, office, group="project", after=first.next_after)
    third = queue(session, office, group="project", after=second.next_after)

    assert [ids(page) for page in (first, second, third)] == [
        [entries[0].id, entries[1].id],
        [entries[2].id, entries[3].id],
        [entries[4].id],
    ]
    assert third.next_after is None


def test_pages_over_many_groups_show_each_entry_within_reach_once(session, office, log_time, monkeypatch):
    monkeypatch.setattr(waiting, "PAGE", 2)
    session.get_one(Company, 1).approved_by = "project_manager"
    session.get_one(Project, office.acme_project.id).manager_id = office.technician.id
    session.flush()
    people, items = (office.technician, office.rival, office.manager), (office.globex_ticket, office.acme_task)
    starts = (MORNING + timedelta(hours=hour) for hour in range(12))
    for person, item, _again in product(people, items, range(2)):
        log_time(status="submitted", person_id=person.id, work_item_id=item.id, started_at=next(starts))
    log_time(started_at=MORNING.replace(day=18))  # a draft
    names = {
        "person": lambda entry: entry.person.name,
        "client": lambda entry: entry.work_item.project.client.name,
        "project": lambda entry: f"{entry.work_item.project.client.name}, {entry.work_item.project.name}",
        "manager": lambda entry: entry.work_item.project.manager_id or 0,
    }

    def pages(by, group, **filters):
        after, shown = None, list[TimeEntry]()
        while after or not shown:
            found = queue(session, office, by=by, group=group, after=after, **filters)
            shown += [line.entry for line in found.lines]
            after = found.next_after
        return [(names[group](entry), entry.started_at, entry.id) for entry in shown]

    for group in names:
        everything, of_acme = pages("manager", group), pages("technician", group)
        of_rival = pages("manager", group, person=office.rival.id, manager=office.technician.id)

        assert [len({entry_id for *_, entry_id in shown}) for shown in (everything, of_acme, of_rival)] == [12, 6, 2]
        assert [shown == sorted(shown) for shown in (everything, of_acme, of_rival)] == [True, True, True], group


def test_what_stands_out_is_found_in_the_rows(session, office, log_time):
    session.get_one(TaskDetails, office.acme_task.id).estimate_seconds = 3600
    plain = log_time(status="submitted", note="labels")
    overlapping = log_time(status="submitted", note="x", started_at=MORNING + timedelta(minutes=30))
    task = log_time(
        status="submitted", note="x", minutes=90, work_item_id=office.acme_task.id, started_at=MORNING.replace(day=17)
    )
    night = log_time(status="submitted", note="x", started_at=MORNING.replace(day=18, hour=21))
    told = log_time(
        status="submitted",
        note="",
        started_at=MORNING.replace(day=19),
        created_by_id=office.manager.id,
        edited_at=NOW,
        duration_only=True,
    )
    timed = log_time(
        status="submitted",
        note="x",
        source="timer",
        started_at=MORNING.replace(day=20),
        timer_says={"ended_at": MORNING.replace(day=20, hour=11).isoformat()},
    )
    globex = session.get_one(Project, office.globex_project.id)
    globex.max_billable_seconds = 3000
    limited = log_time(
        status="submitted", note="x", work_item_id=office.globex_ticket.id, started_at=MORNING.replace(day=23)
    )
    log_time(status="rejected", minutes=600, work_item_id=office.acme_task.id, started_at=MORNING.replace(day=10))

    found = {line.entry.id: [remark.name for remark in line.remarks] for line in queue(session, office).lines}

    assert found == {
        plain.id: ["overlapping"],
        overlapping.id: ["overlapping"],
        task.id: ["over_estimate"],
        night.id: ["out_of_hours"],
        told.id: ["edited_since", "on_behalf", "without_note"],
        timed.id: ["trimmed"],
        limited.id: ["over_maximum"],
    }


def test_everything_without_remarks_is_approved_in_one_act(session, office, log_time):
    plain = log_time(status="submitted", note="labels")
    elsewhere = log_time(
        status="submitted", note="x", work_item_id=office.globex_ticket.id, started_at=MORNING.replace(day=17)
    )
    silent = log_time(status="submitted", started_at=MORNING.replace(day=18))
    own = log_time(status="submitted", note="x", person_id=office.manager.id)

    approved = service.approve_plain(
        session, actor=office.actor("manager"), now=NOW, filters=Filters(client=office.acme.id)
    )

    assert [entry.id for entry in approved] == [plain.id]
    assert {entry.status for entry in (elsewhere, silent, own)} == {"submitted"}


@pytest.mark.parametrize(
    ("setting", "by", "approves"),
    [
        ("managers", "technician", False),
        ("managers", "manager", True),
        ("project_manager", "technician", True),
        ("project_manager", "account_manager", False),
        ("project_manager", "manager", True),
        ("account_manager", "account_manager", True),
        ("account_manager", "technician", False),
    ],
)
def test_the_company_says_who_approves_beside_managers(session, office, log_time, setting, by, approves):
    session.get_one(Company, 1).approved_by = setting
    session.get_one(Project, office.acme_project.id).manager_id = office.technician.id
    session.flush()
    entry = log_time(status="submitted", person_id=office.rival.id)
    elsewhere = log_time(status="submitted", person_id=office.rival.id, work_item_id=office.globex_ticket.id)
    actor = office.actor(by)

    if not approves:
        with pytest.raises(Denied):
            service.approve(session, actor=actor, now=NOW, entry_ids=[entry.id])
        return
    assert entry.id in ids(queue(session, office, by=by))
    assert (elsewhere.id in ids(queue(session, office, by=by))) == (by == "manager")
    assert [each.id for each in service.approve(session, actor=actor, now=NOW, entry_ids=[entry.id])] == [entry.id]


def test_a_rejection_mails_the_person_once_and_shows_on_the_timesheet(office, sign_in_as, log_time, mailbox):
    entries = [log_time(status="submitted", note=f"labels {at}", submitted_at=NOW) for at in (1, 2)]
    own = log_time(status="submitted", person_id=office.manager.id)
    browser = sign_in_as(office.manager)
    form = {"ids": [entry.id for entry in entries], "reason": "Which labels?"}

    told = browser.post("/time/reject", data=form, follow_redirects=True).text
    again = browser.post("/time/reject", data=form, follow_redirects=True).text
    with unit_of_work() as session:
        mails = list(session.scalars(select(OutgoingMessage)))
        service.submit(session, actor=office.actor("technician"), now=NOW, entry_ids=[entries[0].id])
        with pytest.raises(Conflict):
            service.reject(session, actor=office.actor("manager"), now=NOW, entry_ids=[own.id, 1], reason="no")

    assert "2 entries went back." in told
    assert "is rejected, not waiting for approval" in again
    [mail] = mails
    assert mail.to == [{"name": "Technician Person", "address": "technician@halden-okoye.example"}]
    assert mail.subject == "2 time entries came back"
    assert all(words in mail.text for words in ("Manager Person rejected", "labels 1", "labels 2", "Which labels?"))
    assert "Which labels?" in sign_in_as(office.technician).get("/time?week=2026-W47").text


def test_the_page_shows_groups_remarks_and_the_act_for_all_that_is_plain(office, sign_in_as, log_time):
    log_time(status="submitted", note="labels")
    log_time(status="submitted", started_at=MORNING.replace(hour=21))
    browser = sign_in_as(office.manager)

    page = browser.get("/time/approvals?group=client").text
    told = browser.post("/time/approve/plain", data={"client": office.acme.id}, follow_redirects=True).text
    rest = browser.post("/time/approve/plain", data={}, follow_redirects=True).text

    for words in (
        "Acme",
        "Out of hours: 22:00 to 23:00",
        "No note",
        "Approve all without remarks",
        "Technician Person, ",
    ):
        assert words in page, words
    assert "1 entry is approved." in told
    assert "Everything that waits here stands out" in rest
    assert browser.get("/time/approvals?person=x").status_code == 422
    with unit_of_work() as session:
        assert sorted(session.scalars(select(TimeEntry.status))) == ["approved", "submitted"]


def test_an_approval_beyond_many_limits_tells_of_some_and_says_that_there_are_more(office, sign_in_as, log_time):
    items = [office.globex_ticket.id]
    with unit_of_work() as session:
        session.get_one(Project, office.globex_project.id).max_billable_seconds = 60
        for number in range(4):
            project = Project(
                client_id=office.acme.id, name=f"Job {number}", max_billable_seconds=60, created_at=MORNING
            )
            item = WorkItem(
                number=900 + number,
                kind="task",
                project=project,
                title="Work",
                status="open",
                created_at=MORNING,
                updated_at=MORNING,
            )
            session.add(item)
            session.flush()
            items.append(item.id)
    entries = [log_time(status="submitted", work_item_id=item_id) for item_id in items]
    browser = sign_in_as(office.manager)

    told = browser.post("/time/approve", data={"ids": [each.id for each in entries]}, follow_redirects=True).text

    assert "5 entries are approved." in told
    assert "Globex: " in told
    assert len(re.findall(r"Job [0-3]", told)) == 2
    assert "More time is beyond what was agreed" in told


def test_those_who_run_a_project_find_the_queue(office, sign_in_as, log_time):
    entry = log_time(status="submitted", person_id=office.rival.id)
    with unit_of_work() as session:
        session.get_one(Company, 1).approved_by = "project_manager"
        session.get_one(Project, office.acme_project.id).manager_id = office.technician.id
    browser = sign_in_as(office.technician)

    page = browser.get("/time/approvals").text
    browser.post("/time/approve", data={"ids": [entry.id]})

    assert "Rival Person" in page
    assert browser.get(f"/time/entries/{entry.id}").status_code == 200
    with unit_of_work() as session:
        assert session.get_one(TimeEntry, entry.id).approved_by_id == office.technician.id
