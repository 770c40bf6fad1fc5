"""What a reminder says: our own words where there are any, else the standard ones, in the client's language."""

from dataclasses import dataclass
from datetime import date

from flask_babel import force_locale

from helpdesk.company.models import Company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.domain.reminding import filled
from helpdesk.invoicing.models import Invoice


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail."""

    subject: str
    text: str


def standard(*, level: int, last: int, language: str) -> Letter:
    """Return the standard words of a level, with their placeholders; ``last`` is the highest level that there is."""
    with force_locale(letter_language(language)):
        if level == 1:
            return Letter(_("Reminder: invoice {{number}} from {{company}}"), _first())
        if level < last:
            return Letter(_("Second reminder: invoice {{number}} from {{company}}"), _further())
        return Letter(_("Last reminder: invoice {{number}} from {{company}}"), _last())


def written(
    words: Letter, *, invoice: Invoice, company: Company, open_minor: int, today: date, language: str
) -> Letter:
    """Return the letter about an invoice: the words with their placeholders filled, as the reader writes them.

    Raises:
        ValueError: it is no issued invoice.
    """
    if invoice.issued_on is None or invoice.due_on is None:
        message = f"invoice {invoice.id} is not issued"
        raise ValueError(message)
    with force_locale(letter_language(language)):
        values = {
            "client": invoice.client.legal_name or invoice.client.name,
            "number": invoice.number or "",
            "issued": day_filter(invoice.issued_on, "d MMMM y"),
            "due": day_filter(invoice.due_on, "d MMMM y"),
            "days": str((today - invoice.due_on).days),
            "total": money_filter(invoice.total_minor, invoice.currency),
            "open": money_filter(open_minor, invoice.currency),
            "company": company.name,
            "iban": company.iban,
        }
    subject = " ".join(filled(words.subject, values).split())
    return Letter(subject, f"{filled(words.text, values).strip()}\n")


def _first() -> str:
    return _(
        "Hello,\n\n"
        "perhaps you have overlooked it: invoice {{number}} of {{issued}} was due on {{due}}. {{open}} of it is open.\n"
        "The invoice is attached once more. If you have paid in the meantime, please ignore this mail.\n"
        "Questions about it? Reply to this mail.\n\n"
        "{{company}}\n"
    )


def _further() -> str:
    return _(
        "Hello,\n\n"
        "we have written to you about invoice {{number}} of {{issued}} before. It was due on {{due}}, "
        "{{days}} days ago, and {{open}} of it is still open.\n"
        "Please pay this amount within the next days. The invoice is attached once more.\n"
        "Is something wrong with it? Reply to this mail.\n\n"
        "{{company}}\n"
    )


def _last() -> str:
    return _(
        "Hello,\n\n"
        "this is our last reminder of invoice {{number}} of {{issued}}. It was due on {{due}}, {{days}} days ago, "
        "and {{open}} of it is still open.\n"
        "Please pay this amount now, or tell us at once what keeps you from it. The invoice is attached once more.\n\n"
        "{{company}}\n"
    )
