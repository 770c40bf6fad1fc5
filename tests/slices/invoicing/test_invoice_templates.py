"""Templates: what is issued looks as its template says then, and prints the same bytes whatever becomes of it."""

import io
import re

import pypdf
import pytest
from PIL import Image

from helpdesk.clients.models import Client
from helpdesk.company.service import get_company
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.invoicing import delivery, render, service
from helpdesk.invoicing.domain.layout import Layout
from helpdesk.invoicing.printing import templates
from helpdesk.invoicing.printing.logo import clean_logo
from helpdesk.invoicing.printing.sample import sample_document
from helpdesk.kernel.errors import RuleViolation


def save(story, layout, *, name="House", template_id=None, is_default=True, client_ids=(), group_by=""):
    with unit_of_work() as session:
        return templates.save(
            session,
            actor=SYSTEM,
            now=story.now,
            template_id=template_id,
            name=name,
            layout=layout,
            is_default=is_default,
            group_by=group_by,
            client_ids=client_ids,
        ).id


def picture(size=(300, 120), kind="PNG"):
    output = io.BytesIO()
    Image.new("RGBA" if kind == "PNG" else "RGB", size, "navy").save(output, kind)
    return output.getvalue()


def test_an_issued_invoice_keeps_its_template_and_prints_the_same_bytes_for_ever(story):
    logo = clean_logo(picture())
    digest = blobs.store().put(logo)
    with unit_of_work() as session:
        blobs.record(session, digest=digest, size_bytes=len(logo), now=story.now)
    columns = ("day", "person", "work_type", "note", "worked", "billed", "rate")
    house = Layout(
        accent="#7a1f3d",
        logo_sha256=digest,
        paper="Letter",
        language="fr",
        above="Pour {{client}}, {{ month }}",
        below="Merci, {{company}}",
        terms="Payable le {{due}}",
        grouping_label="par dossier",
        columns=columns,
    )
    template_id = save(story, house)
    story.log("2", item=story.ticket("Router"))
    story.close()
    invoice = story.issue(story.drafted())
    with unit_of_work() as session:
        document = delivery.unprinted(session, invoice_id=invoice.id)
    assert document is not None
    before = render.to_pdf(document)

    save(story, Layout(accent="#000000"), template_id=template_id)
    with unit_of_work() as session:
        templates.remove(session, actor=SYSTEM, now=story.now, template_id=template_id)
    printed = story.print_and_send(story.invoice(invoice.id))

    pages = pypdf.PdfReader(io.BytesIO(before)).pages
    text = " ".join(page.extract_text() for page in pages)
    assert blobs.store().get(str(printed.pdf_sha256)) == before
    assert [round(side) for side in pages[0].mediabox[2:]] == [612, 792]
    for words in (
        "Facture",
        "Pour Acme GmbH, novembre 2026",
        "Merci, Halden & Okoye",
        "Payable le 15 décembre 2026",
        "par dossier",
        "Le détail des prestations",
        "Checked the cables",
    ):
        assert words in " ".join(text.split())


def test_a_client_gets_the_template_chosen_for_it_and_all_others_that_of_the_company(story):
    story.change_client(country="US")
    save(story, Layout(above="House"))
    save(story, Layout(above="Own"), name="Acme", is_default=False, client_ids=[story.office.acme.id])
    with unit_of_work() as session:
        house = get_company(session)
        own, other = (
            templates.layout_of(session, session.get_one(Client, client.id), house)
            for client in (story.office.acme, story.office.globex)
        )

    assert (own.above, own.paper, other.above, other.paper) == ("Own", "Letter", "House", "A4")


def test_new_drafts_are_grouped_as_the_template_says_where_the_client_says_nothing(story):
    story.log("1")
    story.log("2", item=story.ticket("Firewall"))
    save(story, Layout(), group_by="person")
    own = save(story, Layout(), name="Acme", is_default=False, group_by="rate", client_ids=[story.office.acme.id])

    drafts = [story.drafted()]
    for chosen in ("own removed", "client"):
        with unit_of_work() as session:
            service.drop_draft(session, actor=SYSTEM, now=story.now, invoice_id=drafts[-1].id)
            if chosen == "own removed":
                templates.remove(session, actor=SYSTEM, now=story.now, template_id=own)
        story.change_client(invoice_group_by="ticket" if chosen == "client" else "")
        drafts.append(story.drafted())

    assert [draft.group_by for draft in drafts] == ["rate", "person", "ticket"]
    assert [[line.description for line in draft.lines] for draft in drafts] == [
        ["100.00 EUR/h"],
        ["Technician Person"],
        [story.office.acme_ticket.title, "Firewall"],
    ]
    with pytest.raises(RuleViolation, match="share a line by 'moon'") as refused:
        save(story, Layout(), name="Moon", group_by="moon", is_default=False)
    assert refused.value.field == "group_by"


def rows_of(document):
    """Return the cells of the table of lines, row by row, as they are printed."""
    [table] = re.findall(r'<table class="lines">(.*?)</table>', render.to_html(document), re.DOTALL)
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", table, re.DOTALL)
    cells = [re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL) for row in rows]
    return [" | ".join(" ".join(re.sub(r"<[^>]*>", " ", cell).split()) for cell in row) for row in cells]


@pytest.mark.on_sqlite
def test_the_lines_have_the_columns_of_the_template_and_say_what_the_law_wants_without_them(office):
    with unit_of_work() as session:
        house = get_company(session)
    every = sample_document(house, Layout(line_columns=("position", "detail", "quantity", "price", "tax")))
    fewest = sample_document(house, Layout(line_columns=()), group_by="person")
    mixed = fewest | {"lines": [fewest["lines"][0], fewest["lines"][-1] | {"tax_percent": "7", "quantity": "2"}]}
    free = sample_document(house, Layout(line_columns=("price",)))
    free["lines"][0]["unit_price"] = "0.00"

    assert rows_of(every)[0] == "No. | Description | Quantity | Price, EUR | VAT | Amount, EUR"
    assert rows_of(every)[3].endswith(
        "accounts department 17 Nov, Bo Halden 2:30 | 150 min | 180.00 /h | 19 % | 450.00"
    )
    assert rows_of(every)[-1] == "4 | Train to the branch office and back 17 Nov 2026 | 1 | 55.00 | 19 % | 55.00"
    assert rows_of(fewest)[0::2] == [
        "Description | Amount, EUR",
        "Ann Okoye 165 min × 180.00 /h | 495.00",
        "Expenses",
    ]
    assert rows_of(mixed)[0::2] == [
        "Description | VAT | Amount, EUR",
        "Ann Okoye 165 min × 180.00 /h | 19 % | 495.00",
        "Train to the branch office and back 2 × 55.00; 17 Nov 2026 | 7 % | 55.00",
    ]
    assert rows_of(free)[2].endswith("arrives late 120 min × 0.00 /h; No charge | 0.00 /h | 360.00")


def test_an_archived_client_keeps_its_template_when_that_is_saved(story):
    own = save(story, Layout(above="Own"), is_default=False, client_ids=[story.office.acme.id])
    story.change_client(archived_at=story.now)

    save(story, Layout(above="Own, changed"), template_id=own, is_default=False)
    with unit_of_work() as session:
        chosen = templates.layout_of(session, session.get_one(Client, story.office.acme.id), get_company(session))

    assert chosen.above == "Own, changed"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"%PDF-1.7 is none", "no picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture"),
        (b"\x89PNG\r\n\x1a\n broken", "cannot be opened"),
        (picture((3000, 2000)), "3000 × 2000 pixels"),
        (picture() + b"x" * 1024 * 1024, "it may have 1,024 KB"),
    ],
)
def test_what_is_no_small_picture_is_no_logo(content, says):
    with pytest.raises(RuleViolation, match=says) as refused:
        clean_logo(content)

    assert refused.value.field == "logo"
