"""What things on a client's account are called, on pages and on paper."""

from helpdesk.infra.i18n import gettext as _


def kind_names() -> dict[str, str]:
    """Return how people call what happens on an account."""
    return {
        "invoice": _("Invoice"),
        "credit_note": _("Credit note"),
        "rounding": _("Rounding of the credit notes"),
        "payment": _("Payment"),
        "payment_taken_back": _("Payment taken back"),
        "refund": _("Paid back"),
        "refund_undone": _("Refund undone"),
    }
