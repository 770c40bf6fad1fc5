"""The mails that carry invoices and credit notes: our words in each language, and what is filled in (rule 19)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.company import letter_texts
from helpdesk.company.letter_texts import LetterKind, Wording
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.printing.layout_texts import values_of
from helpdesk.invoicing.printing.printed_statement import Document
from helpdesk.kernel.fields import field

INVOICE, CREDIT_NOTE = "invoice", "credit_note"
FIELDS = {
    "client": _l("The client's name"),
    "company": _l("Our name"),
    "number": _l("The number of the document"),
    "issued": _l("The day of its issue"),
    "due": _l("The day on which it is due"),
    "total": _l("The total with its currency"),
    "month": _l("The month that is billed, such as November 2026; empty without one"),
    "order": _l("The client's order number; empty without one"),
    "link": _l("The address of the page with the work behind it; at the end where it stands nowhere"),
}
CREDIT_FIELDS = {
    **{name: meaning for name, meaning in FIELDS.items() if name != "due"},
    "invoice": _l("The number of the invoice that it corrects"),
}


def letter(session: Session, document: Document) -> Wording:
    """Return the mail that carries a document, in its language: in our words, or in the company's own.

    ``proof`` is the address of the page that shows its work; words that do not name it get it at their end.
    """
    with force_locale(letter_language(document["language"])):
        values = values_of(document)
    key = CREDIT_NOTE if document["kind"] == "credit_note" else INVOICE
    if key == CREDIT_NOTE:
        values["invoice"] = document["corrects"]["number"]
    url = values["link"] = document.get("proof", "")
    written = letter_texts.written(session, key=key, language=document["language"], values=values)
    if not url or url in written.text:
        return written
    with force_locale(letter_language(document["language"])):
        link = _("\nThe work behind each line, and where to ask about it:\n%(url)s\n", url=url)
    return replace(written, text=written.text + link)


def _invoice(_session: Session) -> Wording:
    words = {"day": field("due")} | {name: field(name) for name in ("number", "company", "total")}
    text = _(
        "Hello,\n\nattached is invoice %(number)s over %(total)s, due on %(day)s.\n"
        "Questions about a line? Reply to this mail with its number.\n\n%(company)s\n",
        **words,
    )
    return Wording(_("Invoice %(number)s from %(company)s", **words), text)


def _credit_note(_session: Session) -> Wording:
    words = {name: field(name) for name in ("number", "company", "total", "invoice")}
    text = _(
        "Hello,\n\nattached is credit note %(number)s over %(total)s. It corrects invoice %(invoice)s.\n"
        "Questions about it? Reply to this mail with its number.\n\n%(company)s\n",
        **words,
    )
    return Wording(_("Credit note %(number)s from %(company)s", **words), text)


def _sample() -> Mapping[str, str]:
    return {
        "client": "Kühn Präzision GmbH",
        "company": "Halden & Okoye",
        "number": "2026-0042",
        "issued": day_filter(date(2026, 12, 1), "d MMMM y"),
        "due": day_filter(date(2026, 12, 15), "d MMMM y"),
        "total": money_filter(119000, "EUR"),
        "month": day_filter(date(2026, 11, 1), "LLLL y"),
        "order": "PO-118",
        "link": "https://helpdesk.example/proof/…",
        "invoice": "2026-0031",
    }


letter_texts.offer(LetterKind(INVOICE, _l("Invoice"), FIELDS, _invoice, _sample))
letter_texts.offer(LetterKind(CREDIT_NOTE, _l("Credit note"), CREDIT_FIELDS, _credit_note, _sample))
