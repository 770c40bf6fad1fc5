"""From the document's JSON to what people read: the PDF and the mail that carries it (docs/billing.md rules 19, 22).

Everything here is made from the stored document alone: the same document gives the same PDF for ever.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from flask import current_app
from flask_babel import force_locale

from helpdesk.infra import pdf
from helpdesk.infra.blobs import store
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.paper import page_css
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.domain.documents import canonical_json, sha256_of
from helpdesk.invoicing.domain.einvoice import xmp
from helpdesk.invoicing.domain.einvoice.cii import cross_industry_invoice
from helpdesk.invoicing.domain.einvoice.wanted import is_factur_x
from helpdesk.invoicing.domain.layout import ACCENT
from helpdesk.invoicing.layout_texts import layout_of, logo_of
from helpdesk.invoicing.printed import minor_of, printed
from helpdesk.invoicing.printed_statement import Document

STYLE = Path(__file__).parents[1] / "static" / "css" / "print.css"


@dataclass(frozen=True)
class Letter:
    """Subject and text of the mail that carries an invoice."""

    subject: str
    text: str


def to_pdf(document: Document) -> bytes:
    """Return the document as a tagged PDF in its own language; as Factur-X, with its XML inside, where it says so.

    Raises:
        ExternalFailure: the renderer gave up on it.
        NotFound: its logo is no longer stored.
    """
    return pdf.to_pdf(page_of(document))


def page_of(document: Document, *, logo: bytes | None = None) -> pdf.Page:
    """Return the document ready to be printed; ``logo`` stands in for the one that it names.

    Raises:
        NotFound: its logo is no longer stored.
    """
    return pdf.Page(
        html=to_html(document, has_logo=logo is not None),
        css=style_of(document),
        identifier=sha256_of(canonical_json(document))[:32],
        assets=_assets(document) if logo is None else {"logo": pdf.picture(logo)},
        embedded=_einvoice(document) if is_factur_x(document) else None,
    )


def _einvoice(document: Document) -> pdf.Embedded:
    return pdf.Embedded(
        name=xmp.FILE_NAME,
        content=cross_industry_invoice(document),
        description="Factur-X",
        made_at=datetime.fromisoformat(document["issued_on"]),
        metadata=xmp.DESCRIPTIONS,
    )


def style_of(document: Document) -> str:
    """Return the style sheet of a document: ours, with the sheet and the colour of its layout."""
    layout = layout_of(document)
    style = STYLE.read_text() + (page_css(layout.paper) if layout.paper else "")
    if layout.accent == ACCENT:
        return style
    rules = (
        f".ref, h1 {{ color: {layout.accent}; }}",
        f".lines th, .lines tbody:last-of-type tr:last-child td {{ border-bottom-color: {layout.accent}; }}",
        f".sum .total td {{ border-top-color: {layout.accent}; }}",
    )
    return style + "\n".join(rules) + "\n"


def to_html(document: Document, *, has_logo: bool = False) -> str:
    """Return the page that is printed, without any style sheet, link or script; its logo shows where there is one."""
    with force_locale(letter_language(document["language"])):
        template = current_app.jinja_env.get_template("invoicing/print.html")
        return str(template.render(doc=printed(document) | ({"has_logo": True} if has_logo else {})))


def letter(document: Document) -> Letter:
    """Return the mail that carries the invoice, in the document's language."""
    seller, currency = document["seller"], document["currency"]
    with force_locale(letter_language(document["language"])):
        words = {
            "number": document["number"],
            "company": seller["name"],
            "total": money_filter(minor_of(document["total"], currency), currency),
            "day": day_filter(date.fromisoformat(document["due_on"]), "d MMMM y"),
        }
        if document["kind"] == "credit_note":
            words["invoice"] = document["corrects"]["number"]
            subject = _("Credit note %(number)s from %(company)s", **words)
            text = _(
                "Hello,\n\nattached is credit note %(number)s over %(total)s. It corrects invoice %(invoice)s.\n"
                "Questions about it? Reply to this mail with its number.\n\n%(company)s\n",
                **words,
            )
            return Letter(subject, text + _link(document))
        subject = _("Invoice %(number)s from %(company)s", **words)
        text = _(
            "Hello,\n\nattached is invoice %(number)s over %(total)s, due on %(day)s.\n"
            "Questions about a line? Reply to this mail with its number.\n\n%(company)s\n",
            **words,
        )
        return Letter(subject, text + _link(document))


def _link(document: Document) -> str:
    url = document.get("proof", "")
    return _("\nThe work behind each line, and where to ask about it:\n%(url)s\n", url=url) if url else ""


def file_name(number: str) -> str:
    """Return a name for the PDF that every file system takes: ``INV-2026-0007.pdf``."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', number).strip('.-') or 'invoice'}.pdf"


def _assets(document: Document) -> dict[str, pdf.Asset]:
    digest = logo_of(document)
    return {"logo": pdf.picture(store().get(digest))} if digest else {}
