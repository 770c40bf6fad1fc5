"""From the upload to the result, as a manager sees it."""

import io

import pytest

from helpdesk.imports import process, service
from helpdesk.imports.domain.plans import Planned
from helpdesk.imports.domain.sheet import Problem
from helpdesk.imports.models import Import
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.timekeeping.models import TimeEntry

TEXT = (
    "Mitarbeiter;Datum;Kunde;Projekt;Aufgabe;Stunden;Notiz\n"
    "Technician Person;03/04/2026;Acme;Support;Cables;1,5;=HYPERLINK(1)\n"
    "Technician Person;03/05/2026;Acme;Support;Cables;1,5;<script>alert(1)</script>\n"
    "Somebody <b>Else</b>;03/05/2026;Acme;Support;Cables;90;\n"
)


def test_a_file_is_uploaded_asked_about_previewed_and_imported(office, sign_in_as, fixed_clock, rung):
    browser = sign_in_as(office.manager)

    sent = browser.post("/imports", data={"file": (io.BytesIO(TEXT.encode()), "stunden.csv"), "kind": ""})
    asked = browser.get(sent.location).text
    refused_start = browser.post(f"{sent.location}/start", follow_redirects=True).text
    chosen = {"kind": "time", "order": "mdy", "unknown": "make", "zone": "person", "fallback_task": "Imported time"}
    columns = {"person": 0, "start_date": 1, "client": 2, "project": 3, "task": 4, "hours": 5, "note": 6}
    browser.post(f"{sent.location}/columns", data=chosen | {f"column_{name}": at for name, at in columns.items()})
    seen = browser.get(sent.location).text
    table = browser.get(f"{sent.location}/refused.csv")
    browser.post(f"{sent.location}/start")
    running = browser.get(sent.location).text
    import_id = int(sent.location.rsplit("/", 1)[1])
    process.run_for_a_while(
        import_id, unit_of_work, store=blobs.store(), clock=fixed_clock, holder="worker", is_over=lambda: False
    )
    done = browser.get(sent.location).text

    for page in (asked, refused_start):
        assert "can be read in two ways" in page
    assert "Import 2 lines" in seen
    assert "Day</span> 2026-03-04" in seen
    assert "<script>alert(1)" not in seen
    assert "&lt;script&gt;alert(1)" in seen
    assert "Nobody here is Somebody &lt;b&gt;Else&lt;/b&gt;" in seen
    assert table.headers["Content-Disposition"] == f"attachment; filename=refused-{import_id}.csv"
    assert "0 of 3 lines" in running
    assert 'hx-trigger="every 2s"' in running
    assert [bell.job for bell in rung] == ["run_import"]
    assert "1 line was refused; everything else is here." in done
    with unit_of_work() as session:
        notes = [entry.note for entry in session.query(TimeEntry).order_by(TimeEntry.id)]
    assert notes == ["=HYPERLINK(1)", "<script>alert(1)</script>"]


def test_an_upload_that_is_no_table_is_refused_and_one_of_another_kind_begins_anew(office, sign_in_as):
    browser = sign_in_as(office.manager)

    workbook = browser.post("/imports", data={"file": (io.BytesIO(b"PK\x03\x04..."), "a.xlsx"), "kind": ""})
    sent = browser.post(
        "/imports", data={"file": (io.BytesIO(b"Name,Email\nAnn,a@acme.example\n"), "a.csv"), "kind": "clients"}
    )
    changed = browser.post(f"{sent.location}/columns", data={"kind": "contacts", "unknown": "make", "zone": "UTC"})
    seen = browser.get(changed.location).text
    browser.post(f"{sent.location}/drop")

    assert workbook.status_code == 422
    assert "save the sheet as CSV" in workbook.text
    assert "Contacts, as it would be imported" in seen
    assert "E-mail</span> a@acme.example" in seen
    assert browser.get(sent.location).status_code == 404


FILES = {
    "clients": ("Name,Mail domain", "Client {n},c{n}.example", "Client {n},no domain"),
    "contacts": ("Name,Email,Client", "Ann {n},ann{n}@acme.example,Acme", "Ann {n},,Acme"),
    "projects": ("Name,Client", "Project {n},Acme", "Project {n},"),
    "tasks": ("Title,Project,Client", "Task {n},Support,Acme", "Task {n},,Acme"),
    "time": (
        "Email,Client,Project,Task,Date,Hours,Note",
        "technician@halden-okoye.example,Acme,Support,Cables,2026-11-16,0.01,Cable {n}",
        "nobody{n}@halden-okoye.example,Acme,Support,Cables,2026-11-16,0.01,Cable {n}",
    ),
}


@pytest.mark.parametrize("kind", FILES)
def test_the_pages_of_an_import_ask_as_little_for_a_long_file(office, importer, sign_in_as, count_queries, kind):
    header, good, bad = FILES[kind]
    browser = sign_in_as(office.manager)

    def asked(lines: int) -> list[int]:
        text = "\n".join([header, *(row.format(n=n) for n in range(lines) for row in (good, bad))])
        path = f"/imports/{importer.upload(text, kind=kind)}"
        found = []
        for page in (path, f"{path}/refused.csv"):
            with count_queries() as statements:
                answer = browser.get(page)
            found.append(len([one for one in statements if one != "BEGIN"]))
        assert answer.text.count("\r\n") == lines + 1
        return found

    few = asked(2)

    assert max(few) <= 8
    assert asked(510) == few


def test_five_hundred_refused_lines_of_what_was_imported_take_no_more_questions(
    office, importer, sign_in_as, count_queries
):
    header, _good, bad = FILES["time"]
    import_id = importer.upload("\n".join([header, *(bad.format(n=n) for n in range(500))]), kind="time")
    importer.start(import_id)
    refused = [
        Planned(line, "refused", problems=(Problem(line, "Email", "Nobody here has that."),)) for line in range(2, 502)
    ]
    with unit_of_work() as session:
        service.record_refusals(session, row=session.get_one(Import, import_id), refused=refused)
    browser = sign_in_as(office.manager)

    with count_queries() as of_page:
        page = browser.get(f"/imports/{import_id}").text
    with count_queries() as of_table:
        table = browser.get(f"/imports/{import_id}/refused.csv").text

    assert page.count("Nobody here has that.") == 200
    assert table.count("Nobody here has that.") == 500
    assert max(len([one for one in asked if one != "BEGIN"]) for asked in (of_page, of_table)) <= 8
