"""A document of a client that there is not: how a template looks before anything is issued with it."""

from typing import Any

from helpdesk.company.models import Company
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.paper import paper_of
from helpdesk.invoicing.document import SELLER
from helpdesk.invoicing.domain.layout import Layout

_WORK = (
    ("#4893", "Mail of the branch office arrives late", "120", "360.00", ("Ann Okoye", "Remote support", 110)),
    ("#4901", "New workplace for the accounts department", "150", "450.00", ("Bo Halden", "On-site", 150)),
    ("#4917", "Scanner of the warehouse cannot reach its share", "45", "135.00", ("Ann Okoye", "Remote support", 41)),
)


def sample_document(house: Company, layout: Layout) -> dict[str, Any]:
    """Return a document as it would be issued by our company with a layout: three lines of time and an expense."""
    lines = [_line(*work) for work in _WORK]
    lines.append(_line("", "Train to the branch office and back", None, "55.00", None) | {"kind": "expense"})
    return {
        "format": 1,
        "kind": "invoice",
        "number": "2026-0042",
        "issued_on": "2026-12-01",
        "due_on": "2026-12-15",
        "language": letter_language(layout.language or house.language),
        "currency": "EUR",
        "period": {"month": "2026-11", "from": "2026-11-02", "to": "2026-11-30", "time_zone": house.time_zone},
        "seller": {name: getattr(house, name) for name in SELLER},
        "buyer": {
            "name": "Kühn Präzision",
            "legal_name": "Kühn Präzisionsmechanik und Feinwerktechnik GmbH & Co. KG",
            "address": "Werkstraße 12\n70565 Stuttgart\nGermany",
            "country": "DE",
            "vat_id": "DE300000002",
            "customer_number": "K-1004",
            "purchase_order": "PO-118",
        },
        "lines": lines,
        "taxes": [{"category": "S", "percent": "19", "net": "1000.00", "tax": "190.00"}],
        "net": "1000.00",
        "tax": "190.00",
        "total": "1190.00",
        "terms": house.invoice_terms,
        "payment_days": 14,
        "retainers": [],
        "grouped_by": "ticket",
        "layout": layout.as_json() | {"paper": layout.paper or paper_of(house.country)},
    }


def _line(ref: str, text: str, minutes: str | None, amount: str, work: tuple[str, str, int] | None) -> dict[str, Any]:
    person, work_type, worked = work or ("", "", 0)
    entry = {
        "day": "2026-11-16",
        "person": person,
        "work_type": work_type,
        "note": "Looked into the logs, mended the rule, tried it with the client",
        "worked_seconds": worked * 60,
        "billed_seconds": int(minutes or 0) * 60,
    }
    return {
        "kind": "time",
        "reference": ref,
        "description": text,
        "detail": f"16 Nov, {person}" if person else "16 Nov",
        "minutes": minutes,
        "quantity": None,
        "unit_price": "180.00" if minutes else amount,
        "amount": amount,
        "tax_category": "S",
        "tax_percent": "19",
        "entries": [entry] if work else [],
    }
