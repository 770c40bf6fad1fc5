"""The pages of the settings, and the list of them that stands beside each."""

from dataclasses import dataclass

from flask import url_for

from helpdesk.infra.i18n import gettext as _


@dataclass(frozen=True)
class Tab:
    """A page beside others, as the template shows it."""

    url: str
    label: str
    current: bool


@dataclass(frozen=True)
class Group:
    """Pages of the settings under one heading."""

    label: str
    tabs: list[Tab]


def pages() -> dict[str, str]:
    """Return how each page of the settings is called, by its endpoint, in their order."""
    return {endpoint: label for group in _groups().values() for endpoint, label in group.items()}


def nav(current: str) -> list[Group]:
    """Return the pages under their headings; ``current`` is the endpoint of the one in view: ``accounts.people``."""
    return [
        Group(heading, [Tab(url_for(endpoint), label, endpoint == current) for endpoint, label in group.items()])
        for heading, group in _groups().items()
    ]


def _groups() -> dict[str, dict[str, str]]:
    return {
        _("Company and people"): {
            "company.settings": _("Company"),
            "accounts.people": _("People"),
            "accounts.teams": _("Teams"),
        },
        _("Mail"): {
            "intake.mailboxes": _("Mailboxes"),
            "intake.mail_rules": _("Mail rules"),
            "intake.senders": _("Senders"),
            "intake.limits": _("Mail limits"),
            "company.letters": _("Texts of mails"),
        },
        _("Desk"): {
            "sla.levels": _("Service levels"),
            "desk.ticket_types": _("Ticket types"),
            "automation.rules": _("Rules"),
            "desk.macros": _("Macros"),
            "desk.canned_replies": _("Canned replies"),
            "satisfaction.settings": _("Satisfaction"),
        },
        _("Money"): {
            "invoicing.invoice_templates": _("Invoice templates"),
            "invoicing.number_settings": _("Numbers"),
            "invoicing.reminder_settings": _("Reminders"),
            "invoicing.proof_settings": _("Proof of work"),
        },
        _("System"): {
            "imports.index": _("Import"),
            "infra.jobs": _("Failed jobs"),
        },
    }
