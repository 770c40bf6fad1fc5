"""Issue gives a number and makes a document for ever; void keeps both (docs/billing.md rules 17 and 19)."""

import json
import threading
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from helpdesk.clients.models import Client
from helpdesk.doctor import examine
from helpdesk.infra.blobs import store
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import service
from helpdesk.invoicing.domain.documents import sha256_of
from helpdesk.invoicing.models import Invoice, NumberSeries
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping.models import TimeEntry
from tests.slices.invoicing.conftest import NOVEMBER, hours


def void(story, invoice, reason="Wrong address"):
    with unit_of_work() as session:
        service.void(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, reason=reason)


def test_issue_gives_number_dates_and_the_document_with_its_hash(story):
    story.log("2")

    invoice = story.issue(story.drafted())

    assert (invoice.status, invoice.number) == ("issued", "INV-2026-0001")
    assert (invoice.issued_on, invoice.due_on) == (date(2026, 12, 1), date(2026, 12, 15))
    assert invoice.canonical_json is not None
    assert invoice.canonical_sha256 == sha256_of(invoice.canonical_json)
    assert story.charges() == [("hourly", hours("2"), "fixed")]


def test_the_document_says_everything_that_is_printed(story):
    story.change_client(address="Zuffenhauser Straße 84\n70435 Stuttgart", vat_id="DE300000002", purchase_order="PO-1")
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("25", "2026-11-02")
    story.close()

    invoice = story.issue(story.drafted())

    document = json.loads(invoice.canonical_json or "")
    assert (document["number"], document["issued_on"], document["due_on"]) == (
        "INV-2026-0001",
        "2026-12-01",
        "2026-12-15",
    )
    assert document["period"] == {
        "month": "2026-11",
        "from": "2026-11-01",
        "to": "2026-11-30",
        "time_zone": "Europe/Berlin",
    }
    assert document["seller"]["name"] == "Halden & Okoye"
    assert document["buyer"]["address"] == "Zuffenhauser Straße 84\n70435 Stuttgart"
    assert [(line["kind"], line["amount"]) for line in document["lines"]] == [
        ("retainer_fee", "5000.00"),
        ("overage", "1000.00"),
    ]
    assert document["lines"][1]["entries"] == [
        {
            "day": "2026-11-02",
            "person": "Technician Person",
            "note": "Checked the cables",
            "work_type": "",
            "worked_seconds": hours("25"),
            "billed_seconds": hours("5"),
        }
    ]
    assert document["taxes"] == [{"category": "S", "percent": "19", "net": "6000.00", "tax": "1140.00", "reason": ""}]
    assert (document["net"], document["tax"], document["total"]) == ("6000.00", "1140.00", "7140.00")
    [retainer] = document["retainers"]
    assert (retainer["used_seconds"], retainer["overage_seconds"]) == (hours("20"), hours("5"))
    assert retainer["burned_by_day"][1] == hours("25")
    assert retainer["covered"] == [
        {"reference": "#1", "description": "Printer prints blank labels", "seconds": hours("20")}
    ]


def test_the_year_of_the_number_is_that_of_the_companys_zone(story):
    story.log("1")
    story.now = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    invoice = story.issue(story.drafted())

    assert (invoice.number, invoice.issued_on) == ("INV-2027-0001", date(2027, 1, 1))


def test_a_series_keeps_its_pattern_for_the_year_and_one_without_a_year_goes_on(story):
    story.change_company(invoice_number_pattern="R{number:05}")
    story.log("1")
    first = story.issue(story.drafted())
    void(story, first)
    story.now = datetime(2027, 1, 5, tzinfo=UTC)

    second = story.issue(story.drafted())

    assert (first.number, second.number) == ("R00001", "R00002")


def test_other_numbers_begin_with_the_next_document_and_none_comes_again(story, sign_in_as, session):
    admin = sign_in_as(story.office.admin)
    story.log("1")
    first = story.issue(story.drafted())
    void(story, first)
    wanted = {"invoice_pattern": "INV-{year}-{number:04}", "credit_note_pattern": "CN-{number:03}"}

    again = admin.post("/settings/numbers", data=wanted)
    unclear = admin.post("/settings/numbers", data=wanted | {"credit_note_yearly": "y"})
    changed = admin.post("/settings/numbers", data=wanted | {"invoice_pattern": "HO-{year}-{number:03}"})

    assert (again.status_code, unclear.status_code, changed.status_code) == (422, 422, 303)
    assert "would be called INV-2026-0001, as one is already" in again.text
    assert "need {year} in them" in unclear.text
    assert "The next one is called CN-001." in admin.get("/settings/numbers").text
    assert [story.issue(story.drafted()).number] == ["HO-2026-001"]
    assert [each for each in examine(session, store=store(), now=story.now) if each.invariant == 7] == []


def test_a_pattern_that_gives_a_number_again_is_refused_and_loses_none(story):
    story.log("1")
    void(story, story.issue(story.drafted()))
    with unit_of_work() as session:
        session.scalars(select(NumberSeries)).one().last_number = 0
    draft = story.drafted()

    with pytest.raises(RuleViolation, match="INV-2026-0001 is taken"):
        story.issue(draft)

    assert story.invoice(draft.id).status == "draft"


def test_an_issued_invoice_is_not_issued_again(story):
    story.log("1")
    invoice = story.issue(story.drafted())

    with pytest.raises(Conflict, match="issued already as INV-2026-0001"):
        story.issue(invoice)


def test_a_draft_that_changed_since_it_was_read_is_not_issued(story):
    story.log("1")
    draft = story.drafted()

    with pytest.raises(Conflict, match="changed in the meantime"), unit_of_work() as session:
        service.issue(session, actor=SYSTEM, now=story.now, invoice_id=draft.id, version=draft.version + 1)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE invoices SET total_minor = 1, net_minor = 1, tax_minor = 0",
        "UPDATE invoices SET canonical_json = '{}'",
        "UPDATE invoices SET number = 'X'",
        "DELETE FROM invoices",
        "UPDATE invoice_lines SET amount_minor = 1",
        "DELETE FROM invoice_lines",
    ],
)
def test_the_database_itself_refuses_to_change_an_issued_invoice(story, statement):
    story.log("1")
    story.issue(story.drafted())

    with pytest.raises(DBAPIError, match="issued invoice"), unit_of_work() as session:
        session.execute(text(statement))


def test_later_changes_of_client_and_company_leave_the_document_alone(story):
    story.log("1")
    invoice = story.issue(story.drafted())

    story.change_client(name="Acme Holding", address="Elsewhere")
    story.change_company(name="Okoye & Halden")

    assert story.invoice(invoice.id).canonical_json == invoice.canonical_json


def test_void_keeps_number_and_document_and_frees_the_time(story):
    entry = story.log("2")
    invoice = story.issue(story.drafted())

    void(story, invoice)

    after = story.invoice(invoice.id)
    assert (after.status, after.number, after.canonical_json) == ("void", invoice.number, invoice.canonical_json)
    assert story.charges() == []
    with unit_of_work() as session:
        assert session.get_one(TimeEntry, entry.id).status == "approved"
    assert story.drafted().id != invoice.id


def test_a_sent_invoice_is_not_voided(story):
    story.mailbox()
    story.log("1")
    invoice = story.print_and_send(story.issue(story.drafted()))

    with pytest.raises(RuleViolation, match="corrected by a credit note"):
        void(story, invoice)

    assert story.invoice(invoice.id).status == "issued"


def test_void_needs_a_reason_and_an_issued_invoice(story):
    story.log("1")
    draft = story.drafted()

    with pytest.raises(RuleViolation, match="Say why"):
        void(story, draft, reason="  ")
    with pytest.raises(Conflict, match="only an issued invoice is voided"):
        void(story, draft)


def test_a_dropped_draft_frees_its_time_and_takes_no_number(story):
    story.log("1")
    draft = story.drafted()

    with unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=draft.id)

    assert story.charges() == []
    assert story.issue(story.drafted()).number == "INV-2026-0001"
    with pytest.raises(Conflict, match="dropped already"), unit_of_work() as session:
        service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=draft.id)


def test_somebody_elses_invoice_looks_like_none(story):
    story.log("1")
    draft = story.drafted()

    with pytest.raises(NotFound, match="no such invoice"), unit_of_work() as session:
        service.issue(session, actor=story.office.actor("rival"), now=story.now, invoice_id=draft.id)


def test_twelve_issues_at_once_have_twelve_numbers_without_a_gap(app: Flask, story):
    drafts = [_draft_of_new_client(story, number) for number in range(12)]

    failed = _at_once(app, [lambda each=each: story.issue(each) for each in drafts])

    with unit_of_work() as session:
        numbers = session.scalars(select(Invoice.number).order_by(Invoice.series_number)).all()
    assert failed == []
    assert numbers == [f"INV-2026-{number:04}" for number in range(1, 13)]


def test_of_eight_issues_of_one_draft_one_wins_and_no_number_is_lost(app: Flask, story):
    story.log("1")
    draft = story.drafted()

    failed = _at_once(app, [lambda: story.issue(draft)] * 8)

    assert [type(error) for error in failed] == [Conflict] * 7
    with unit_of_work() as session:
        assert session.scalars(select(NumberSeries.last_number)).all() == [1]


def test_of_eight_drafts_of_one_month_at_once_there_is_one(app: Flask, story):
    story.log("1")

    failed = _at_once(app, [story.draft] * 8)

    assert failed == []
    with unit_of_work() as session:
        assert session.scalar(select(func.count(Invoice.id))) == 1
    assert story.charges() == [("hourly", hours("1"), "held")]


def _at_once(app: Flask, acts) -> list[Exception]:
    """Run all acts in threads that begin together; return what they raised."""
    ready, failed = threading.Barrier(len(acts)), []

    def run(act) -> None:
        with app.app_context():
            ready.wait()
            try:
                act()
            except Exception as error:  # noqa: BLE001 - the test looks at it
                failed.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def _draft_of_new_client(story, number: int) -> Invoice:
    with unit_of_work() as session:
        client = Client(
            name=f"Client {number}",
            address="Wien",
            country="AT",
            currency="EUR",
            time_zone="Europe/Berlin",
            tax_percent="19",
            created_at=story.now,
        )
        session.add(client)
        session.flush()
        project = Project(client_id=client.id, name="Support", created_at=story.now)
        session.add(project)
        session.flush()
        item = WorkItem(
            number=500 + number,
            kind="ticket",
            project_id=project.id,
            title="Something",
            created_at=story.now,
            updated_at=story.now,
        )
        session.add(item)
    story.log("1", item=item)
    with unit_of_work() as session:
        drafted = service.draft_month(session, actor=SYSTEM, now=story.now, client_id=client.id, month=NOVEMBER)
        assert drafted is not None
        return drafted
