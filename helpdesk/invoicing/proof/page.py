"""What the page of an invoice's link shows: the issued document and nothing else (docs/billing.md rule W1).

All of it is read from the stored document, so that no later act, and nothing that is not the client's, comes here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.printing.printed import groups_of, tax_rows
from helpdesk.invoicing.printing.printed_lines import minor_of, number_text, quantity_text
from helpdesk.invoicing.printing.printed_statement import Document
from helpdesk.invoicing.proof import links, questions
from helpdesk.invoicing.proof.models import ProofSettings
from helpdesk.kernel.periods import local_day


@dataclass(frozen=True)
class ProvedEntry:
    """One piece of work behind a line."""

    day: date
    person: str
    note: str
    worked_seconds: int
    billed_seconds: int


@dataclass(frozen=True)
class ProvedLine:
    """A line, the work behind it, and since when its client waits for an answer about it ("" where nobody does)."""

    position: int
    reference: str
    text: str
    quantity: str
    price: str
    per_hour: bool
    amount_minor: int
    entries: list[ProvedEntry]
    asked: str


def proof_page(session: Session, invoice: Invoice) -> dict[str, Any]:
    """Return what the page shows, in the present language; the caller sets the client's."""
    document: Document = json.loads(invoice.canonical_json or "{}")
    shown, currency = links.settings_of(session), document["currency"]
    zone = ZoneInfo(invoice.client.time_zone)
    asked = {
        position: local_day(waiting[-1].asked_at, zone)
        for position, waiting in questions.open_of(session, invoice).items()
        if waiting
    }
    positions = iter(range(1, len(document["lines"]) + 1))
    return {
        "number": document["number"],
        "is_credit": document["kind"] == "credit_note",
        "company": document["seller"]["legal_name"] or document["seller"]["name"],
        "client": document["buyer"]["legal_name"] or document["buyer"]["name"],
        "issued_on": date.fromisoformat(document["issued_on"]),
        "currency": currency,
        "groups": [
            {
                "title": title,
                "lines": [_line(next(positions), line, currency, shown, asked) for line in lines],
            }
            for title, _note, lines in groups_of(document)
        ],
        "net_minor": minor_of(document["net"], currency),
        "taxes": tax_rows(document, sign=1),
        "total_minor": minor_of(document["total"], currency),
    }


def thanks() -> str:
    """Return what is said where a question has arrived."""
    return _("Thank you. We will answer by e-mail.")


def too_much() -> str:
    """Return what is said where no more questions are taken just now."""
    return _("That was a lot of questions. Please try again in an hour.")


def initials(name: str) -> str:
    """Return the first letters of a name: ``Ann-Marie de Vries`` -> ``A. D. V.``."""
    return " ".join(f"{part[0].upper()}." for part in name.split() if part[0].isalnum())


def _line(position: int, line: Document, currency: str, shown: ProofSettings, asked: Mapping[int, date]) -> ProvedLine:
    return ProvedLine(
        position=position,
        reference=line["reference"],
        text=line["description"],
        quantity=quantity_text(line["minutes"], line.get("quantity")),
        price=number_text(line["unit_price"]),
        per_hour=line["minutes"] is not None,
        amount_minor=minor_of(line["amount"], currency),
        entries=[_entry(each, shown) for each in line["entries"]],
        asked=_("Asked on %(day)s; we will answer.", day=day_filter(asked[position], "d MMMM"))
        if position in asked
        else "",
    )


def _entry(entry: Document, shown: ProofSettings) -> ProvedEntry:
    return ProvedEntry(
        day=date.fromisoformat(entry["day"]),
        person=entry["person"] if shown.shows_names else initials(entry["person"]),
        note=entry["note"] if shown.shows_notes else "",
        worked_seconds=entry["worked_seconds"],
        billed_seconds=entry["billed_seconds"],
    )
