"""The pages of the settings, and the tabs that stand above each of them."""

from dataclasses import dataclass

from flask import url_for

from helpdesk.infra.i18n import gettext as _


@dataclass(frozen=True)
class Tab:
    """One of the settings pages, as the template shows it."""

    url: str
    label: str
    current: bool


def pages() -> dict[str, str]:
    """Return how each page of the settings is called, by its endpoint, in their order."""
    return {
        "company.settings": _("Company"),
        "invoicing.invoice_templates": _("Invoice templates"),
        "company.letters": _("Texts of mails"),
        "accounts.people": _("People"),
        "accounts.teams": _("Teams"),
        "intake.mailboxes": _("Mailboxes"),
        "intake.mail_rules": _("Mail rules"),
        "intake.senders": _("Senders"),
        "intake.limits": _("Mail limits"),
        "invoicing.number_settings": _("Numbers"),
        "invoicing.reminder_settings": _("Reminders"),
        "invoicing.proof_settings": _("Proof of work"),
        "imports.index": _("Import"),
        "infra.jobs": _("Failed jobs"),
    }


def tabs(current: str) -> list[Tab]:
    """Return the tabs; ``current`` is the endpoint of the page in view, such as ``accounts.people``."""
    return [Tab(url_for(endpoint), label, endpoint == current) for endpoint, label in pages().items()]
