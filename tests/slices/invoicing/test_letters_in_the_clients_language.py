"""What a client gets with an invoice is wholly in one language: words, days and amounts (docs/billing.md rule 22)."""

import html
import io
import json
import re
from typing import Any

import pypdf
import pytest
from babel.messages.pofile import read_po
from sqlalchemy import select

from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.i18n import TRANSLATIONS
from helpdesk.invoicing import render
from helpdesk.invoicing.models import Invoice
from helpdesk.outbox.models import OutgoingMessage
from tests.slices.invoicing.conftest import Story, mail_of

pytestmark = pytest.mark.on_sqlite

CATALOGUES = ["de", "es", "fr", "pt"]
PLACEHOLDER = re.compile(r"%\(\w+\)s|%%")


def issued(story: Story, language: str) -> Invoice:
    """Return an invoice on which every kind of line and every row of the head is printed."""
    story.change_client(
        language=language, vat_id="DE300000002", customer_number="K-1004", purchase_order="PO-118", tax_percent="9.975"
    )
    story.change_company(legal_name="Halden & Okoye GmbH", vat_id="DE300000001", iban="DE21 9999 0000 0012 3456 78")
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("25", "2026-11-02", item=story.ticket("Router"))
    story.log("1", "2026-10-30", item=story.ticket("Etikett", kind="task"))
    story.log("1", "2026-11-05", item=story.ticket("Kabel"), billable="no_charge")
    story.close()
    return story.issue(story.drafted())


def document_of(invoice: Invoice) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(str(invoice.canonical_json))
    return document


def words_of(page: str) -> str:
    """Return what the reader sees, without tags and with plain spaces."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def english_pieces(language: str) -> set[str]:
    """Return the fixed pieces of our own texts of which the language has another word."""
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        messages = [message for message in read_po(file, locale=language) if message.id]
    said = {piece for message in messages for piece in pieces(message.string)}
    return {piece for message in messages for piece in pieces(message.id)} - said


def pieces(texts: Any) -> set[str]:
    listed = [texts] if isinstance(texts, str) else texts
    return {word for text in listed for word in re.findall(r"[^\W\d_]{3,}", PLACEHOLDER.sub(" ", text))}


def test_a_german_invoice_is_german_to_the_last_label(story):
    text = words_of(render.to_html(document_of(issued(story, "de"))))

    for words in (
        "Rechnungsdatum 1. Dezember 2026",
        "Leistungszeitraum 30. Oktober bis 30. November 2026",
        "Ihre Bestellung PO-118",
        "Ihre USt-IdNr. DE300000002",
        "Kundennummer K-1004",
        "Zahlbar bis 15. Dezember 2026",
        "Managed workplace, November 2026, sowie Leistungen bis Ende November 2026.",
        "Der Kontingentnachweis steht auf der nächsten Seite.",
        "Beschreibung Menge Preis in EUR Betrag in EUR",
        "Stundenkontingent Managed workplace, November 2026 20:00 Stunden 1 5.000,00 5.000,00",
        "Über das Kontingent hinaus 20:00 verfügbar, 25:00 verbraucht: die letzten 5:00 nach Zeitpunkt der Arbeit",
        "2. Nov., Technician Person 5:00 300 min 200,00 /h",
        "Außerhalb des Kontingents nach Ticket und Aufgabe",
        "1:00, ohne Berechnung 60 min 0,00 /h",
        "Nettobetrag 6.100,00",
        "USt. 9,975 % auf 6.100,00 608,48",
        "Gesamtbetrag 6.708,48 €",
        "Bitte überweisen Sie 6.708,48 € bis zum 15. Dezember 2026 ohne Abzug unter Angabe der Nummer INV-2026-0001",
        "Kontingentnachweis, November 2026",
        "Der Monat richtet sich nach der Zeitzone Europe/Berlin.",
        "Vortrag Kontingent Verbraucht Mehrstunden Verfallen Übertrag",
        "25:00 verbraucht",
        "Durch das Kontingent abgedeckt Minuten Stunden Betrag in EUR",
        "Summe 1.200 20:00 0,00",
    ):
        assert words in text


@pytest.mark.parametrize("language", CATALOGUES)
def test_no_english_word_of_ours_is_left_in_page_or_mail(story, language):
    invoice = issued(story, language)
    document = document_of(invoice)
    letter = mail_of(document)
    foreign = english_pieces(language) - {"Europe", "out"}  # out. is October in Portuguese

    read = set(re.findall(r"[^\W\d_]{3,}", f"{words_of(render.to_html(document))} {letter.subject} {letter.text}"))

    assert len(foreign) > 80
    assert read & foreign == set()


@pytest.mark.parametrize(
    ("language", "subject", "opening", "total", "day", "worked"),
    [
        ("de", "Rechnung INV-2026-0001 von Halden & Okoye", "Guten Tag,", "6.708,48 €", "15. Dezember 2026", "30. O"),
        ("es", "Factura INV-2026-0001 de Halden & Okoye", "Buenos días:", "6.708,48 €", "15 de diciembre", "del 30"),
        ("fr", "Facture INV-2026-0001 de Halden & Okoye", "Bonjour,", "6 708,48 €", "15 décembre 2026", "du 30"),
        ("pt", "Fatura INV-2026-0001 de Halden & Okoye", "Bom dia,", "€ 6.708,48", "15 de dezembro", "de 30"),
        ("en", "Invoice INV-2026-0001 from Halden & Okoye", "Hello,", "€6,708.48", "15 December 2026", "30 October"),
    ],
)
def test_the_mail_says_the_same_in_each_language(story, language, subject, opening, total, day, worked):
    document = document_of(issued(story, language))

    letter = mail_of(document)

    text = re.sub(r"[\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}]", " ", letter.text)
    assert letter.subject == subject
    assert text.startswith(opening)
    assert text.endswith("Halden & Okoye\n")
    assert total in text
    assert day in text
    assert worked in words_of(render.to_html(document))


def test_the_pdf_and_its_mail_go_out_in_german(story):
    story.mailbox()

    invoice = story.print_and_send(issued(story, "de"))

    reader = pypdf.PdfReader(io.BytesIO(blobs.store().get(str(invoice.pdf_sha256))))
    first, last = reader.pages[0].extract_text(), reader.pages[-1].extract_text()
    catalogue: Any = reader.trailer["/Root"]
    with unit_of_work() as session:
        mail = session.scalars(select(OutgoingMessage)).one()
    assert catalogue["/Lang"] == "de"
    assert reader.metadata is not None
    assert reader.metadata.title == "Rechnung INV-2026-0001"
    assert "1 / 2" in first
    assert "Halden & Okoye, Rechnung INV-2026-0001" in last
    assert mail.subject == "Rechnung INV-2026-0001 von Halden & Okoye"


def test_a_client_whose_language_has_no_catalogue_gets_english_words_and_english_days(story):
    document = document_of(issued(story, "vi"))

    page = render.to_html(document)

    text = words_of(page)
    assert '<html lang="en">' in page
    assert "Work done 30 October to 30 November 2026" in text
    assert "Managed workplace, November 2026, and work up to the end of November 2026." in text
    assert "2 Nov, Technician Person 5:00" in text
    assert "Total €6,708.48" in text
    assert "tháng" not in text
    assert "due on 15 December 2026" in mail_of(document).text


def test_a_document_keeps_the_language_it_was_issued_in(story):
    invoice = issued(story, "vi")

    assert document_of(invoice)["language"] == "en"


def test_a_country_decides_on_amounts_and_the_catalogue_on_words(story):
    document = document_of(issued(story, "pt-PT"))

    page = render.to_html(document)

    text = words_of(page)
    assert '<html lang="pt-PT">' in page
    assert "Vencimento 15 de dezembro de 2026" in text
    assert "Total 6 708,48 €" in text


def test_two_retainers_have_two_statements_on_the_next_pages(story):
    document = document_of(issued(story, "de"))

    text = words_of(render.to_html({**document, "retainers": document["retainers"] * 2}))

    assert "Die Kontingentnachweise stehen auf den nächsten Seiten." in text
