"""After issue: one PDF from the stored document, one mail with it, however often it is tried (rules 19, 22 and 23)."""

import hashlib
import io
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from sqlalchemy import func, select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.jobs import Bell
from helpdesk.infra.models import Blob
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import delivery, process, queries, render, service
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.proof import links
from helpdesk.kernel.errors import Conflict, ExternalFailure, RuleViolation
from helpdesk.outbox.models import OutgoingMessage


def mails() -> list[OutgoingMessage]:
    with unit_of_work() as session:
        found = session.scalars(select(OutgoingMessage).order_by(OutgoingMessage.id)).all()
        for mail in found:
            assert mail.attachments is not None
        return list(found)


def pdf_of(invoice) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(blobs.store().get(invoice.pdf_sha256)))


def text_of(reader: pypdf.PdfReader) -> str:
    return " ".join("\n".join(page.extract_text() for page in reader.pages).split())


def issued_story(story):
    story.change_client(address="Zuffenhauser Straße 84\n70435 Stuttgart\nGermany", vat_id="DE300000002")
    story.change_company(
        legal_name="Halden & Okoye GmbH", address="Kajen 12\n20459 Hamburg", iban="DE21 9999 0000 0012 3456 78"
    )
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("13", "2026-11-02")
    story.log("12", "2026-11-03", item=story.ticket("Scanner gateway lost <after> the switch change"))
    story.log("1", "2026-10-30", item=story.ticket("ERP label templates", kind="task"))
    story.close()
    return story.issue(story.drafted())


def test_the_pdf_says_number_total_and_every_line_and_is_readable_by_all(story):
    story.mailbox()

    invoice = story.print_and_send(issued_story(story))

    reader = pdf_of(invoice)
    text = text_of(reader)
    assert "INV-2026-0001" in text
    assert "€7,259.00" in text
    assert "Managed workplace, November 2026" in text
    assert "Scanner gateway lost <after> the switch change 3 Nov, Technician Person 5:00 300 min 200.00 /h" in text
    assert "ERP label templates" in text
    assert "VAT 19 % on 6,100.00 1,159.00" in text
    assert "Retainer statement, November 2026" in text
    assert "Zuffenhauser Straße 84" in text
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/MarkInfo"]["/Marked"]
    assert catalogue["/Lang"] == "en"
    assert not reader.attachments


def test_printed_quantity_times_price_is_the_printed_amount_on_every_line(story):
    invoice = issued_story(story)

    for line in json.loads(invoice.canonical_json)["lines"]:
        quantity = Decimal(line["minutes"]) / 60 if line["minutes"] else Decimal(1)
        assert (quantity * Decimal(line["unit_price"])).quantize(Decimal("0.01")) == Decimal(line["amount"])


def test_work_of_an_earlier_month_shows_in_the_days_of_work(story):
    story.log("1", "2026-10-30")

    invoice = story.print_and_send(story.issue(story.drafted()))

    assert "Work done 30 October to 30 November 2026" in text_of(pdf_of(invoice))


def test_the_pdf_is_in_the_clients_language(story):
    story.change_client(language="de")
    story.log("1")

    invoice = story.print_and_send(story.issue(story.drafted()))

    reader = pdf_of(invoice)
    catalogue: Any = reader.trailer["/Root"]
    assert catalogue["/Lang"] == "de"
    assert "119,00 €" in text_of(reader).replace("\xa0", " ")
    assert "1. Dezember 2026" in text_of(reader)


def test_the_mail_goes_to_the_clients_address_with_the_pdf(story, rung):
    story.mailbox()
    invoice = story.print_and_send(issued_story(story))

    [mail] = mails()
    assert (mail.purpose, mail.about_kind, mail.about_id) == ("invoice", "invoice", invoice.id)
    assert [person["address"] for person in mail.to] == ["accounts@acme.example"]
    assert mail.subject == "Invoice INV-2026-0001 from Halden & Okoye"
    assert "€7,259.00" in mail.text
    assert [(file.name, file.content_type, file.blob_sha256) for file in mail.attachments] == [
        ("INV-2026-0001.pdf", "application/pdf", invoice.pdf_sha256)
    ]
    assert Bell("render_invoice", (invoice.id,), "default") in rung
    assert Bell("deliver_outgoing", (mail.id,), "mail") in rung


def test_the_stored_hash_is_that_of_the_pdf_and_of_no_other_file(story):
    invoice = story.print_and_send(issued_story(story))

    content = blobs.store().get(str(invoice.pdf_sha256))
    with unit_of_work() as session:
        link = links.url_to_print(session, session.get_one(Invoice, invoice.id))

    assert hashlib.sha256(content).hexdigest() == invoice.pdf_sha256
    assert render.to_pdf({**json.loads(str(invoice.canonical_json)), "proof": link}) == content


class Killed(Exception):  # noqa: N818 - stands for SIGKILL
    """The process died here."""


@pytest.mark.parametrize("step", ["to_pdf", "put", "record_pdf", "queue_mail"])
def test_a_kill_before_any_step_and_a_repeat_end_as_one_run_does(story, monkeypatch, step):
    story.mailbox()
    invoice = issued_story(story)
    place = {"to_pdf": render, "put": blobs.BlobStore, "record_pdf": delivery, "queue_mail": delivery}[step]

    def die(*_args: object, **_more: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(place, step, die)
        with pytest.raises(Killed):
            story.print_and_send(invoice)
    done = story.print_and_send(invoice)
    again = story.print_and_send(invoice)

    assert done.pdf_sha256 == again.pdf_sha256
    assert done.outgoing_message_id == again.outgoing_message_id
    assert len(mails()) == 1
    files = [path for path in blobs.store().root.rglob("*") if path.is_file()]
    with unit_of_work() as session:
        assert [path.name for path in files] == session.scalars(select(Blob.sha256)).all()


def test_a_pdf_that_cannot_be_made_leaves_the_invoice_to_the_sweeper(story, monkeypatch, rung):
    story.mailbox()
    invoice = issued_story(story)

    def refuse(_document: object) -> bytes:
        message = "no fonts"
        raise ExternalFailure(message)

    with monkeypatch.context() as patched:
        patched.setattr(render, "to_pdf", refuse)
        with pytest.raises(ExternalFailure):
            story.print_and_send(invoice)
    rung.clear()
    story.now += timedelta(seconds=61)
    swept = process.sweep(unit_of_work, clock=lambda: story.now)

    assert swept == 1
    assert rung == [Bell("render_invoice", (invoice.id,), "default")]


def test_what_is_printed_and_mailed_is_finished_and_so_is_what_names_nobody(story):
    story.mailbox()
    sent = story.print_and_send(issued_story(story))
    story.change_client(invoice_email="")
    story.log("1", "2026-11-05", item=story.ticket("More"), work_type_id=None)
    story.now += timedelta(hours=1)

    with unit_of_work() as session:
        assert queries.unfinished(session, now=story.now) == []
        assert sent.outgoing_message_id is not None


def test_without_a_mailbox_the_mail_waits_and_the_pdf_does_not(story):
    invoice = story.print_and_send(issued_story(story))
    story.now += timedelta(hours=1)

    with unit_of_work() as session:
        assert queries.unfinished(session, now=story.now) == [invoice.id]
    story.mailbox()
    later = story.print_and_send(invoice)

    assert invoice.pdf_sha256 == later.pdf_sha256
    assert later.outgoing_message_id is not None


def test_a_void_invoice_gets_its_pdf_and_no_mail(story):
    story.mailbox()
    story.log("1")
    invoice = story.issue(story.drafted())
    with unit_of_work() as session:
        service.void(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id, reason="Wrong address")

    story.print_and_send(invoice)

    assert mails() == []


def test_sending_again_makes_one_more_mail_with_the_same_file(story):
    story.mailbox()
    invoice = story.print_and_send(issued_story(story))
    story.change_client(invoice_email="new@acme.example")
    with pytest.raises(Conflict, match="on its way already"), unit_of_work() as session:
        service.send_again(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id)
    with unit_of_work() as session:
        session.scalars(select(OutgoingMessage)).one().state = "sent"

    with unit_of_work() as session:
        service.send_again(session, actor=SYSTEM, now=story.now, invoice_id=invoice.id)

    first, second = mails()
    assert second.to[0]["address"] == "new@acme.example"
    assert first.attachments[0].blob_sha256 == second.attachments[0].blob_sha256
    assert story.invoice(invoice.id).outgoing_message_id == second.id


def test_a_draft_or_an_invoice_without_a_pdf_is_not_sent(story):
    story.mailbox()
    story.log("1")
    draft = story.drafted()

    with pytest.raises(RuleViolation, match="cannot be sent"), unit_of_work() as session:
        service.send_again(session, actor=SYSTEM, now=story.now, invoice_id=draft.id)

    with unit_of_work() as session:
        assert session.scalar(select(func.count(OutgoingMessage.id))) == 0
