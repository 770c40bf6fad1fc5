"""Exports of Toggl Track, Clockify, Harvest and Kimai are recognised by their header, and say when somebody worked."""

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from helpdesk.imports.domain.columns import guess, missing, recognise
from helpdesk.imports.domain.lines import Form, Line, key_of, order_of_sheet, read_lines
from helpdesk.imports.domain.sheet import read_sheet
from helpdesk.imports.domain.worked import is_cut, worked_of
from helpdesk.kernel.errors import RuleViolation
from helpdesk.timekeeping.domain.worked import Worked

BERLIN = ZoneInfo("Europe/Berlin")
EXPORTS = Path(__file__).parents[2] / "exports"
TOGGL = (EXPORTS / "toggl.csv").read_text()
CLOCKIFY = (EXPORTS / "clockify.csv").read_text()
HARVEST = (EXPORTS / "harvest.csv").read_text()
KIMAI = (EXPORTS / "kimai.csv").read_text()
KIMAI_DE = (EXPORTS / "kimai_de.csv").read_text()


def lines_of(text: str) -> list[Line]:
    sheet = read_sheet(text.encode())
    found = recognise(sheet.header)
    order = order_of_sheet(sheet, found.kind, found.columns)
    assert order is not None
    assert missing(found.kind, found.columns) == []
    return read_lines(sheet, Form(found.kind, found.columns, order, found.source))


def worked(text: str) -> Worked:
    (line,) = lines_of(text)
    assert line.problems == ()
    return worked_of(line.values, zone=BERLIN, home=BERLIN)


@pytest.mark.parametrize(
    ("text", "source", "said"),
    [
        (TOGGL, "toggl", {"email": "ann@ours.example", "note": "Fix, login", "task": "", "billable": True}),
        (CLOCKIFY, "clockify", {"email": "ann@ours.example", "task": "Login", "billable": False}),
        (
            HARVEST,
            "harvest",
            {"first_name": "Ann", "work_type": "Programming", "task": "Programming", "invoiced": True},
        ),
        (KIMAI, "kimai", {"person": "Ann Lee", "work_type": "Programming", "invoiced": False, "billable": True}),
        (KIMAI_DE, "kimai", {"person": "Ann Lee", "work_type": "Programmierung", "invoiced": False, "billable": True}),
    ],
    ids=["toggl", "clockify", "harvest", "kimai", "kimai in German"],
)
def test_an_export_is_recognised_and_read(text, source, said):
    (line,) = lines_of(text)

    assert recognise(read_sheet(text.encode()).header).source == source
    assert {name: line.values[name] for name in said} == said
    assert (line.values["client"], line.values["project"]) == ("Acme", "Web")


@pytest.mark.parametrize(
    ("text", "start", "seconds", "duration_only"),
    [
        (TOGGL, datetime(2026, 3, 4, 22, 30, 10, tzinfo=UTC), 2730, False),
        (CLOCKIFY, datetime(2026, 3, 14, 12, 26, tzinfo=UTC), 4620, False),
        (HARVEST, datetime(2026, 3, 4, 11, tzinfo=UTC), 4500, True),
        (KIMAI, datetime(2026, 3, 4, 8, tzinfo=UTC), 10800, False),  # with a break of half an hour
        (KIMAI_DE, datetime(2026, 3, 4, 8, tzinfo=UTC), 5400, False),
    ],
    ids=["toggl", "clockify", "harvest", "kimai", "kimai in German"],
)
def test_an_export_says_when_and_how_long_to_the_second(text, start, seconds, duration_only):
    found = worked(text)

    assert (found.started_at, found.seconds, found.duration_only) == (start, seconds, duration_only)


def test_an_end_that_lies_later_than_the_length_says_is_told():
    (kimai,), (german,) = lines_of(KIMAI), lines_of(KIMAI_DE)

    assert is_cut(kimai.values, worked(KIMAI), zone=BERLIN)
    assert not is_cut(german.values, worked(KIMAI_DE), zone=BERLIN)


def test_a_length_that_does_not_fit_between_start_and_end_is_refused():
    with pytest.raises(RuleViolation, match="It says 4:00, but between start and end are 3:30"):
        worked(KIMAI.replace("10800", "14400"))


def test_a_start_that_is_a_time_alone_is_of_the_day_that_another_column_says():
    header, line = HARVEST.splitlines()
    found = worked(f"{header},Started At,Ended At\n{line},10:30pm,12:00am\n".replace(",1.25,", ",1.5,"))

    assert (found.started_at, found.seconds) == (datetime(2026, 3, 4, 21, 30, tzinfo=UTC), 5400)


def test_each_wrong_cell_is_named_with_its_column():
    text = TOGGL + "Ann Lee,ann@ours.example,Acme,We\x00b,,x,perhaps,2026-02-31,9 o'clock,2026-03-05,00:15:40,soon,,\n"

    fine, wrong = lines_of(text)

    assert fine.problems == ()
    assert [(problem.line, problem.column) for problem in wrong.problems] == [
        (3, "Project"),
        (3, "Start date"),
        (3, "Start time"),
        (3, "Duration"),
        (3, "Billable"),
    ]


@pytest.mark.parametrize(
    ("header", "kind", "fields"),
    [
        (["Firma", "USt-IdNr.", "Währung"], "clients", {"name", "vat_id", "currency"}),
        (["Vorname", "Nachname", "E-Mail", "Firma", "Telefon"], "contacts", {"first_name", "email", "client", "phone"}),
        (["Client", "Project", "Budget hours", "Status"], "projects", {"client", "name", "budget_seconds", "status"}),
        (["Projekt", "Aufgabe", "Fällig am", "Zuständig"], "tasks", {"project", "title", "due_on", "assignee"}),
        (["Mitarbeiter", "Datum", "Kunde", "Projekt", "Stunden"], "time", {"person", "start_date", "hours"}),
    ],
)
def test_an_unknown_table_is_guessed_from_its_words_in_both_languages(header, kind, fields):
    found = recognise(header)

    assert found.kind == kind
    assert fields <= set(found.columns)
    assert len(set(guess(header, kind).values())) == len(guess(header, kind)), "no column stands for two things"


def test_equal_lines_of_time_have_keys_of_their_own_and_the_same_in_every_file():
    def keys() -> list[str]:
        seen: Counter[str] = Counter()
        return [key_of("time", {}, ["ann", "2026-03-04", 900], seen) for _time in range(2)]

    assert len(set(keys())) == 2
    assert keys() == keys()
    assert key_of("time", {"id": "77"}, [], Counter()) == "time:id:77"
    assert key_of("time", {"key": "time:abc:1", "id": "77"}, [], Counter()) == "time:abc:1"
