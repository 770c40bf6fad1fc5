"""What expenses write to colleagues: one that came back."""

from dataclasses import dataclass

from flask import current_app
from flask_babel import force_locale

from helpdesk.expenses.models import Expense
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.web import day_filter
from helpdesk.kernel.money import Money


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail."""

    subject: str
    text: str


def rejection_letter(expense: Expense, *, language: str, by: str) -> Letter:
    """Return the mail that tells a colleague why an expense came back; what was typed is still there."""
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"\n{base_url}/expenses/{expense.id}\n" if base_url else ""
    gross = Money(expense.gross_minor, expense.currency)
    with force_locale(letter_language(language)):
        name = f"{expense.category.name}, {gross} {gross.currency}, {day_filter(expense.spent_on)}"
        subject = _("Expense rejected: %(name)s", name=name)
        text = _(
            "%(by)s gave this expense back:\n\n%(name)s\n\nReason: %(reason)s\n\n"
            "Nothing of it is lost: change it and submit it again.\n",
            by=by,
            name=name,
            reason=expense.rejected_because,
        )
    return Letter(subject, text + link)
