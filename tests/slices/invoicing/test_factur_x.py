"""Invoices that programs read, too: the XML inside the PDF, and what it refuses to be without (docs/billing.md 22)."""

import io
import json
from decimal import Decimal
from typing import Any

import pypdf
import pytest
from lxml import etree  # type: ignore[import-untyped]

from helpdesk.expenses import service as expenses
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import render
from helpdesk.invoicing.crediting import Wish
from helpdesk.invoicing.domain.einvoice.tree import NAMESPACES
from helpdesk.invoicing.drafts.discounts import Adjustment, adjust
from helpdesk.invoicing.drafts.lines import FreeLine, add_free
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.proof import links
from helpdesk.kernel.errors import RuleViolation
from tests.einvoice_rules import faults_of
from tests.slices.invoicing.test_credit_notes import credit
from tests.slices.invoicing.test_editing_a_draft import act
from tests.slices.invoicing.test_expenses_on_invoices import spend

pytestmark = pytest.mark.on_sqlite

OURS = {"country": "DE", "vat_id": "DE300000001", "iban": "DE21 9999 0000 0012 3456 78", "factur_x": True}


def printed_of(story, invoice) -> tuple[bytes, pypdf.PdfReader]:
    content = blobs.store().get(str(story.print_and_send(invoice).pdf_sha256))
    return content, pypdf.PdfReader(io.BytesIO(content))


def reasons_of(xml: bytes) -> list[str | None]:
    """Return why there is no tax, of each group that says so."""
    return [each.text for each in etree.fromstring(xml).iterfind(".//ram:ExemptionReason", NAMESPACES)]


def test_the_pdf_carries_the_invoice_as_xml_and_can_be_archived(story):
    story.change_company(**OURS)
    story.change_client(country="AT")
    story.log("1.5")

    invoice = story.issue(story.drafted())
    content, reader = printed_of(story, invoice)

    [xml] = reader.attachments["factur-x.xml"]
    total = etree.fromstring(xml).findtext(".//ram:GrandTotalAmount", namespaces=NAMESPACES)
    assert total == json.loads(invoice.canonical_json)["total"]
    catalogue: Any = reader.trailer["/Root"]
    [file] = [each.get_object() for each in catalogue["/AF"]]
    assert (file["/UF"], file["/AFRelationship"]) == ("factur-x.xml", "/Alternative")
    assert file["/EF"]["/F"]["/Subtype"] == "/text/xml"
    assert [each["/S"] for each in catalogue["/OutputIntents"]] == ["/GTS_PDFA1"]
    assert (catalogue["/Lang"], catalogue["/MarkInfo"]["/Marked"]) == ("en", True)
    assert catalogue["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = etree.fromstring(catalogue["/Metadata"].get_data())
    [rdf] = metadata  # XMP has one
    said = {name: value for each in rdf for name, value in [*each.attrib.items(), *((n.tag, n.text) for n in each)]}
    short = {etree.QName(name).localname: value for name, value in said.items() if not name.endswith("schemas")}
    assert (short["conformance"], short["ConformanceLevel"]) == ("B", "EN 16931")
    assert (short["DocumentFileName"], short["DocumentType"], short["Version"]) == ("factur-x.xml", "INVOICE", "1.0")
    assert said["{http://www.aiim.org/pdfa/ns/id/}part"] == "3"
    assert said["{http://www.aiim.org/pdfua/ns/id/}part"] == "1"
    with unit_of_work() as session:
        proof = links.url_to_print(session, session.get_one(Invoice, invoice.id))
    assert render.to_pdf({**json.loads(invoice.canonical_json), "proof": proof}) == content


def test_what_becomes_of_a_whole_month_is_valid_and_so_is_what_takes_it_back(story):
    story.change_company(**OURS)
    story.change_client(country="DE", address="Weg 1\n10115 Berlin", purchase_order="PO-1")
    story.agree(per_month="20", fee="5000", overage="200")
    story.log("20.3", "2026-11-02")
    story.log("1.37", "2026-10-30", rate="99.999", item=story.ticket("ERP", kind="task"))
    story.log("1", "2026-11-03", item=story.ticket("Shown"), billable="no_charge")
    spend(story, "33.33")
    with unit_of_work() as session:
        exempt = expenses.add_category(
            session, actor=SYSTEM, now=story.now, name="Stamps", tax_category="E", tax_reason="§ 4 Nr. 11b UStG"
        )
    spend(story, "8.50", category_id=exempt.id, tax_percent="", note="")
    story.close()
    draft = story.drafted()
    act(story, add_free, draft, wanted=FreeLine("Cables", Decimal("7.125"), Decimal(3), "7"))
    act(story, adjust, draft, wanted=Adjustment("discount", "Rebate", percent=Decimal(10)))

    invoice = story.issue(story.invoice(draft.id))
    note = credit(story, invoice, {line.id: Wish(whole=True) for line in invoice.lines})

    assert {line.kind for line in invoice.lines} == {
        "retainer_fee", "overage", "time", "expense", "free", "discount"
    }  # fmt: skip
    assert min(line.amount_minor for line in invoice.lines) < 0 < max(line.amount_minor for line in invoice.lines)
    for made in (invoice, note):
        _content, reader = printed_of(story, made)
        [xml] = reader.attachments["factur-x.xml"]
        assert faults_of(xml) == []
        assert reasons_of(xml) == ["§ 4 Nr. 11b UStG"]
        assert "§ 4 Nr. 11b UStG" in "".join(page.extract_text() for page in reader.pages)


def test_it_is_refused_without_what_the_norm_demands_and_loses_no_number(story, sign_in_as):
    story.change_company(factur_x=True, country="", vat_id="", tax_number="")
    story.change_client(country="")
    story.log("1")
    draft = story.drafted()

    with pytest.raises(RuleViolation, match=r"own country .* VAT ID or tax number .* country of Acme"):
        story.issue(draft)

    page = sign_in_as(story.office.admin).get(f"/invoices/{draft.id}").text
    assert 'href="/settings/company#country"' in page
    assert f'href="/clients/{story.office.acme.id}/edit#country"' in page
    story.change_company(country="DE", tax_number="27/123/45678")
    story.change_client(country="DE")
    assert story.issue(draft).number == "INV-2026-0001"


def test_a_client_that_wants_none_gets_a_plain_pdf_with_our_tax_number(story):
    story.change_company(**OURS | {"vat_id": "", "tax_number": "27/123/45678"})
    story.change_client(factur_x="never")
    story.log("1")

    _content, reader = printed_of(story, story.issue(story.drafted()))

    assert not reader.attachments
    assert "Tax number 27/123/45678" in reader.pages[0].extract_text()


def test_both_settings_are_made_on_their_pages(story, sign_in_as):
    browser = sign_in_as(story.office.admin)
    acme = f"/clients/{story.office.acme.id}/edit"

    for path, chosen in (
        ("/settings/company", {"factur_x": "y", "tax_number": "27/1"}),
        (acme, {"factur_x": "always"}),
    ):
        form = etree.HTML(browser.get(path).text).xpath("//main//form[.//*[@name='factur_x']]")[0]
        fields = {each.get("name"): each.get("value") or "" for each in form.xpath(".//input[not(@type='checkbox')]")}
        fields |= {each.get("name"): each.text or "" for each in form.xpath(".//textarea")}
        fields |= {each.getparent().get("name"): each.get("value") for each in form.xpath(".//option[@selected]")}
        assert browser.post(path, data=fields | chosen).status_code == 303
        saved = etree.HTML(browser.get(path).text)
        assert saved.xpath("//input[@name='factur_x' and @checked] | //option[@value='always' and @selected]")
