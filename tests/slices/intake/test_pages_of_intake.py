"""The inbound log and the mailboxes, as people see them."""

import pytest
from sqlalchemy import select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundMessage
from tests.mails import mail

pytestmark = pytest.mark.usefixtures("rung")


def test_every_mail_stands_on_the_log_with_its_outcome_and_reasons(office, inbox, sign_in_as):
    inbox.receive(mail(subject="<b>Printer</b>"))
    inbox.receive(mail(subject="News", headers={"Precedence": "bulk"}))
    browser = sign_in_as(office.manager)

    page = browser.get("/inbound").text
    ignored = browser.get("/inbound?outcome=ignored").text

    assert "&lt;b&gt;Printer&lt;/b&gt;" in page
    assert "client by domain: Acme" in page
    assert "New ticket" in page
    assert "Precedence: bulk" in ignored
    assert "Printer" not in ignored


def test_a_full_page_of_the_log_costs_as_many_queries_as_a_short_one(office, inbox, sign_in_as, count_queries):
    browser = sign_in_as(office.manager)
    inbox.receive(mail())
    browser.get("/inbound")
    with count_queries() as short:
        browser.get("/inbound")
    for number in range(55):
        inbox.receive(mail(subject=f"Mail {number}"))

    with count_queries() as full:
        page = browser.get("/inbound").text
    older = browser.get("/inbound?before=7").text

    assert len(full) == len(short)
    assert page.count("<tr data-row>") == 50
    assert "before=7" in page
    assert older.count("<tr data-row>") == 6


def test_the_raw_mail_is_saved_as_it_came(office, inbox, sign_in_as):
    raw = mail()
    line = inbox.receive(raw)

    answer = sign_in_as(office.manager).get(f"/inbound/{line.id}/raw")

    assert answer.data == raw
    assert answer.headers["Content-Disposition"] == f"attachment; filename=inbound-{line.id}.eml"
    assert "sandbox" in answer.headers["Content-Security-Policy"]


def test_a_quarantined_mail_is_read_once_more_from_our_copy(office, inbox, sign_in_as, rung):
    inbox.folder.deliver(mail())
    inbox.fetch()
    with unit_of_work() as session:
        line = session.scalars(select(InboundMessage)).one()
        line.state, line.attempts, line.error = "quarantined", 3, "RuntimeError: boom"
    browser = sign_in_as(office.manager)
    assert "RuntimeError: boom (3 attempts)" in browser.get("/inbound?outcome=quarantined").text
    rung.clear()

    answer = browser.post(f"/inbound/{line.id}/retry")

    assert answer.status_code == 303
    assert [(bell.job, bell.args) for bell in rung] == [("handle_inbound", ())]
    assert inbox.handle(line.id).outcome == "ticket"


def test_the_stored_bytes_have_a_row_of_their_own(inbox):
    line = inbox.receive(mail())

    assert blobs.store().path_of(line.blob_sha256).exists()
