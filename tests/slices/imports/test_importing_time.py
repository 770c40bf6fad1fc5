"""Time from other systems: by the rules of typed time, each line once, whatever happens in between."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.imports.domain.sheet import read_sheet
from helpdesk.imports.models import Import
from helpdesk.imports.render import refused_lines
from helpdesk.imports.service import stop
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import entries as time
from tests.conftest import NOW
from tests.slices.imports.conftest import COLUMNS

ANN = "technician@halden-okoye.example"


def line(
    *, email: str = ANN, client="Acme", project="Support", task="Cables", note="", day="2026-11-16", hour=9, **more
):
    end = more.get("end", f"{hour:02}:30:00")
    duration = more.get("duration", "00:30:00")
    billable = more.get("billable", "Yes")
    return f"T,{email},{client},{project},{task},{note},{billable},{day},{hour:02}:00:00,{day},{end},{duration}"


def table(*lines: str) -> str:
    return "\n".join([COLUMNS, *lines, ""])


def entries() -> list[TimeEntry]:
    with unit_of_work() as session:
        return list(session.scalars(time.with_work().order_by(TimeEntry.started_at, TimeEntry.id)))


def test_an_export_becomes_drafts_and_everything_that_it_names(importer, office):
    text = table(
        line(
            note="=1+1 <b>Kick-off</b>",
            client="Northwind",
            project="Website",
            task="",
            end="09:45:10",
            duration="00:45:10",
        ),
        line(task="move the MAIL server", hour=11, billable="No"),
        line(email="nobody@halden-okoye.example", hour=12),
    )
    import_id = importer.upload(text)

    seen = importer.look(import_id)
    assert entries() == []
    importer.start(import_id)
    importer.run(import_id)

    assert seen.counts == importer.counts(import_id) == {"new": 2, "changed": 0, "same": 0, "refused": 1}
    assert seen.makes == {
        "client": ["Northwind"],
        "project": ["Northwind / Website"],
        "task": ["Northwind / Website / Imported time"],
    }
    (refused,) = importer.refused(import_id)
    assert (refused.line, refused.column) == (4, "Email")
    assert "Nobody here is T <nobody@halden-okoye.example>" in refused.message
    first, second = entries()
    assert first.started_at == datetime(2026, 11, 16, 8, tzinfo=UTC), "9:00 in Berlin, where the company is"
    assert first.ended_at == first.started_at + timedelta(seconds=2710)
    assert (first.status, first.billable, first.note) == ("draft", "billable", "=1+1 <b>Kick-off</b>")
    assert (first.person_id, first.created_by_id) == (office.technician.id, office.manager.id)
    assert (first.work_item.title, first.work_item.project.client.name) == ("Imported time", "Northwind")
    assert (second.work_item_id, second.billable) == (office.acme_task.id, "not_billable")


def test_the_same_file_again_makes_nothing_twice_and_a_mended_line_is_made_once(importer, office):
    text = table(line(), line(), line(hour=11), line(email="new@halden-okoye.example", hour=12))
    first = importer.upload(text)
    importer.start(first)
    importer.run(first)

    again = importer.imported(text)
    wrong = [(one.line, one.key, one.message) for one in importer.refused(first)]
    mended = refused_lines(read_sheet(text.encode()), wrong).decode("utf-8-sig")
    mended = mended.replace("new@halden-okoye.example", ANN)
    once, twice = importer.imported(mended), importer.imported(mended)

    assert importer.counts(first) == {"new": 3, "changed": 0, "same": 0, "refused": 1}
    assert again == {"new": 0, "changed": 0, "same": 3, "refused": 1}
    assert once == {"new": 1, "changed": 0, "same": 0, "refused": 0}
    assert twice == {"new": 0, "changed": 0, "same": 1, "refused": 0}
    assert [entry.started_at.hour for entry in entries()] == [8, 8, 10, 11]


def test_a_killed_import_goes_on_behind_the_last_line_that_stands_and_so_does_a_stopped_one(importer, office, rung):
    days = [date(2026, 10, 1) + timedelta(days=day) for day in range(30)]
    import_id = importer.upload(table(*(line(day=day.isoformat(), note=f"day {day}") for day in days)))
    importer.start(import_id)
    importer.start(import_id)

    killed = importer.run(import_id, batches=1)
    beside = importer.run(import_id, holder="another worker")
    importer.now = lambda: NOW + timedelta(minutes=3)
    with unit_of_work() as session:
        stop(session, actor=importer.actor, now=NOW, import_id=import_id)
    stopped = importer.run(import_id, holder="another worker")
    importer.start(import_id)
    rest = importer.run(import_id, holder="another worker")

    assert (killed, beside, stopped, rest) == ([25], [], [], [5])
    assert [bell.job for bell in rung] == ["run_import"] * 2, "a start rings once, until it is stopped"
    assert importer.counts(import_id)["new"] == 30
    assert [entry.note for entry in entries()] == [f"day {day}" for day in days]


@pytest.mark.parametrize("change", [{"role": "technician"}, {"active": False}])
def test_an_import_rests_where_whoever_started_it_may_import_no_more(importer, office, change):
    import_id = importer.upload(table(line()))
    importer.start(import_id)
    with unit_of_work() as session:
        for name, value in change.items():
            setattr(session.get_one(Person, office.manager.id), name, value)

    importer.run(import_id)

    assert entries() == []
    with unit_of_work() as session:
        assert session.get_one(Import, import_id).state == "stopped"


def test_the_rules_of_time_refuse_line_by_line_in_the_preview_and_in_the_import_alike(importer, office):
    with unit_of_work() as session:
        timekeeping.set_lock(session, actor=importer.actor, now=NOW, through=date(2026, 10, 31))
        session.add(Project(client_id=office.acme.id, name="Closed", status="done", created_at=NOW))
        session.get_one(Person, office.rival.id).active = False
    long = {"end": "21:00:00", "duration": "12:00:00"}
    text = table(
        line(day="2026-10-31"),
        line(**long),
        line(**long),
        line(**long),
        line(project="Closed"),
        line(day="2026-11-18", hour=23),
        line(email="rival@halden-okoye.example", day="2026-11-17"),
        line(day="2026-11-17", end="08:00:00"),
        line(day="2026-11-17", project=""),
        line(day="2026-11-17"),
    )
    import_id = importer.upload(text)

    seen = importer.look(import_id)
    importer.start(import_id)
    importer.run(import_id)

    refused = importer.refused(import_id)
    assert [problem.line for problem in seen.problems] == [row.line for row in refused] == [2, 5, 6, 7, 8, 9, 10]
    assert importer.counts(import_id)["new"] == 3
    for row, words in zip(
        refused,
        [
            "31 Oct 2026 is locked",
            "more than a day",
            "is closed",
            "ends later than now",
            "is inactive",
            "ends before",
            "no project",
        ],
        strict=True,
    ):
        assert words in row.message
    with_reason = importer.imported(table(line(day="2026-10-31")), reason="Moved from the old system")
    assert with_reason["new"] == 1


def test_what_was_invoiced_before_is_never_billed_again(importer, office):
    harvest = (
        "Date,Client,Project,Task,Notes,Hours,Billable?,Invoiced?,First Name,Last Name\n"
        "2026-11-16,Acme,Support,Wiring,Invoiced,1.5,Yes,Yes,Technician,Person\n"
        "2026-11-02,Acme,Support,Wiring,Long ago,1,Yes,No,Technician,Person\n"
        "2026-11-17,Acme,Support,Wiring,Not yet,2,Yes,No,Technician,Person\n"
    )
    import_id = importer.upload(harvest, invoiced_through=date(2026, 11, 2))

    seen = importer.look(import_id)
    importer.start(import_id)
    importer.run(import_id)

    assert seen.remarks == [("invoiced before: imported as not billable", 2)]
    assert seen.makes["work_type"] == ["Wiring"]
    found = entries()
    assert [(entry.note, entry.billable) for entry in found] == [
        ("Long ago", "not_billable"),
        ("Invoiced", "not_billable"),
        ("Not yet", "billable"),
    ]
    assert all(entry.duration_only and entry.started_at.hour == 11 for entry in found), "noon at the client's"
    with unit_of_work() as session:
        assert session.scalar(select(WorkType.name).where(WorkType.id == found[0].work_type_id)) == "Wiring"


def test_what_the_other_system_changed_changes_drafts_and_never_approved_time(importer, office):
    def export(*notes: str) -> str:
        rows = (f"{number},{line(day=f'2026-11-1{number}', note=note)}" for number, note in enumerate(notes))
        return f"Entry ID,{COLUMNS}\n" + "\n".join(rows) + "\n"

    importer.imported(export("a", "b", "c"))
    with unit_of_work() as session:
        session.get_one(TimeEntry, entries()[1].id).status = "approved"

    outcome = importer.imported(export("a", "B", "C"))

    assert outcome == {"new": 0, "changed": 1, "same": 1, "refused": 1}
    assert [entry.note for entry in entries()] == ["a", "b", "C"]
    with unit_of_work() as session:
        assert session.scalar(select(WorkItem.title).where(WorkItem.id == entries()[0].work_item_id)) == "Cables"
        assert session.scalar(select(Client.name).where(Client.name == "Northwind")) is None


def test_nothing_is_made_where_that_is_not_wanted(importer, office):
    text = table(line(client="Northwind"), line(task="move the mail server"), line(project="Web"), line(task="Unknown"))

    assert importer.imported(text, unknown="refuse") == {"new": 1, "changed": 0, "same": 0, "refused": 3}
    with unit_of_work() as session:
        assert session.scalar(select(Client.name).where(Client.name == "Northwind")) is None
