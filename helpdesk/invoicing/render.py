"""From the document's JSON to what people read: the PDF and the mail that carries it (docs/billing.md rules 19, 22).

Everything here is made from the stored document alone: the same document gives the same PDF for ever.
"""

import re
from datetime import datetime
from pathlib import Path

from flask import current_app
from flask_babel import force_locale

from helpdesk.infra import pdf
from helpdesk.infra.blobs import store
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.paper import page_css
from helpdesk.invoicing.domain.documents import canonical_json, sha256_of
from helpdesk.invoicing.domain.einvoice import xmp
from helpdesk.invoicing.domain.einvoice.cii import cross_industry_invoice
from helpdesk.invoicing.domain.einvoice.wanted import is_factur_x
from helpdesk.invoicing.domain.layout import ACCENT
from helpdesk.invoicing.printing.layout_texts import layout_of, logo_of
from helpdesk.invoicing.printing.printed import printed
from helpdesk.invoicing.printing.printed_statement import Document

STYLE = Path(__file__).parents[1] / "static" / "css" / "print.css"


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


def file_name(number: str) -> str:
    """Return a name for the PDF that every file system takes: ``INV-2026-0007.pdf``."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', number).strip('.-') or 'invoice'}.pdf"


def _assets(document: Document) -> dict[str, pdf.Asset]:
    digest = logo_of(document)
    return {"logo": pdf.picture(store().get(digest))} if digest else {}
