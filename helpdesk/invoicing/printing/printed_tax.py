"""Why an invoice has no tax, in the usual words of the language of its client (docs/billing.md rule 20)."""

from flask_babel import force_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language


def usual_reason(category: str, language: str) -> str:
    """Return the usual words for there being no tax, in the language of a letter; "" where each case has its own."""
    with force_locale(letter_language(language)):
        words = {
            "AE": _("Reverse charge: the recipient of the supply owes the VAT."),
            "K": _("Intra-Community supply, exempt from VAT."),
            "G": _("Export supply, exempt from VAT."),
            "O": _("Not subject to VAT."),
        }
        return words.get(category, "")
