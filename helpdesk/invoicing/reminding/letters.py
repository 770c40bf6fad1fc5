"""The mail of each reminder: our words in each language, and what is filled in (docs/billing.md rule M1)."""

from collections.abc import Mapping
from datetime import date
from functools import partial

from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.company import letter_texts
from helpdesk.company import service as company
from helpdesk.company.letter_texts import LetterKind, Wording
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.reminding.rules import rules_of

LABELS = (
    _l("First reminder"),
    _l("Second reminder"),
    _l("Third reminder"),
    _l("Fourth reminder"),
    _l("Fifth reminder"),
)
"""How the mail of each level is called, from level 1 on."""
FIELDS = {
    "client": _l("The client's name"),
    "company": _l("Our name"),
    "number": _l("The number of the invoice"),
    "issued": _l("The day of its issue"),
    "due": _l("The day on which it was due"),
    "days": _l("How many days ago that was"),
    "total": _l("Its total with its currency"),
    "open": _l("What is open of it"),
    "iban": _l("Our account"),
}


def kind_of(level: int) -> str:
    """Return under which key the words of a level are kept."""
    return f"reminder_{level}"


def letter(session: Session, *, invoice: Invoice, level: int, open_minor: int, today: date) -> Wording:
    """Return the reminder of an invoice in its client's language: in our words, or in the company's own.

    Raises:
        ValueError: it is no issued invoice.
    """
    if invoice.issued_on is None or invoice.due_on is None:
        message = f"invoice {invoice.id} is not issued"
        raise ValueError(message)
    client, house = invoice.client, company.get_company(session)
    with force_locale(letter_language(client.language)):
        values = {
            "client": client.legal_name or client.name,
            "company": house.name,
            "number": invoice.number or "",
            "issued": day_filter(invoice.issued_on, "d MMMM y"),
            "due": day_filter(invoice.due_on, "d MMMM y"),
            "days": str((today - invoice.due_on).days),
            "total": money_filter(invoice.total_minor, invoice.currency),
            "open": money_filter(open_minor, invoice.currency),
            "iban": house.iban,
        }
    return letter_texts.written(session, key=kind_of(level), language=client.language, values=values)


def _ours(level: int, session: Session) -> Wording:
    """Return our words: the first is friendly, and the highest of the levels that there are is the last."""
    if level == 1:
        return _first()
    return _further() if level < rules_of(session).levels[-1].number else _last()


def _first() -> Wording:
    text = _(
        "Hello,\n\n"
        "perhaps you have overlooked it: invoice {{number}} of {{issued}} was due on {{due}}. {{open}} of it is open.\n"
        "The invoice is attached once more. If you have paid in the meantime, please ignore this mail.\n"
        "Questions about it? Reply to this mail.\n\n"
        "{{company}}\n"
    )
    return Wording(_("Reminder: invoice {{number}} from {{company}}"), text)


def _further() -> Wording:
    text = _(
        "Hello,\n\n"
        "we have written to you about invoice {{number}} of {{issued}} before. It was due on {{due}}, "
        "{{days}} days ago, and {{open}} of it is still open.\n"
        "Please pay this amount within the next days. The invoice is attached once more.\n"
        "Is something wrong with it? Reply to this mail.\n\n"
        "{{company}}\n"
    )
    return Wording(_("Second reminder: invoice {{number}} from {{company}}"), text)


def _last() -> Wording:
    text = _(
        "Hello,\n\n"
        "this is our last reminder of invoice {{number}} of {{issued}}. It was due on {{due}}, {{days}} days ago, "
        "and {{open}} of it is still open.\n"
        "Please pay this amount now, or tell us at once what keeps you from it. The invoice is attached once more.\n\n"
        "{{company}}\n"
    )
    return Wording(_("Last reminder: invoice {{number}} from {{company}}"), text)


def _sample() -> Mapping[str, str]:
    return {
        "client": "Kühn Präzision GmbH",
        "company": "Halden & Okoye",
        "number": "2026-0042",
        "issued": day_filter(date(2026, 12, 1), "d MMMM y"),
        "due": day_filter(date(2026, 12, 15), "d MMMM y"),
        "days": "14",
        "total": money_filter(119000, "EUR"),
        "open": money_filter(69000, "EUR"),
        "iban": "DE21 9999 0000 0012 3456 78",
    }


def _is_used(level: int, session: Session) -> bool:
    return any(each.number == level for each in rules_of(session).levels)


for _level, _label in enumerate(LABELS, start=1):
    letter_texts.offer(
        LetterKind(kind_of(_level), _label, FIELDS, partial(_ours, _level), _sample, partial(_is_used, _level))
    )
