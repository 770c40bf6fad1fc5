"""A document of a client that there is not: how a template looks before anything is issued with it."""

from datetime import date
from decimal import Decimal
from typing import Any

from babel import Locale

from helpdesk.company.models import Company
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.paper import paper_of
from helpdesk.invoicing.document import SELLER
from helpdesk.invoicing.domain.drafting import BilledItem, DraftLine, Named, Priced, detail_of, draft_lines
from helpdesk.invoicing.domain.layout import Layout
from helpdesk.invoicing.domain.lines import GroupBy, LineKind
from helpdesk.kernel.dates import format_day

CURRENCY, PRICE = "EUR", Decimal(180)
_MAIL = BilledItem(1, 4893, "Mail of the branch office arrives late", is_ticket=True)
_WORKPLACE = BilledItem(2, 4901, "New workplace for the accounts department", is_ticket=True)
_SCANNER = BilledItem(3, 4917, "Scanner of the warehouse cannot reach its share", is_ticket=True)
_SUPPORT, _MOVE = Named("Support", 1), Named("Move of the branch office", 2)
_REMOTE, _ON_SITE = Named("Remote support", 1), Named("On-site", 2)
_WORK = (
    (_MAIL, 16, "Ann Okoye", _SUPPORT, _REMOTE, 75, 71),
    (_MAIL, 17, "Ann Okoye", _SUPPORT, _REMOTE, 45, 39),
    (_WORKPLACE, 17, "Bo Halden", _MOVE, _ON_SITE, 150, 150),
    (_SCANNER, 20, "Ann Okoye", _SUPPORT, _REMOTE, 45, 41),
)
"""Item, day of November, person, project, work type, minutes billed and worked: of each entry."""


def sample_document(house: Company, layout: Layout, *, group_by: str = "") -> dict[str, Any]:
    """Return a document as it would be issued by our company with a layout: lines of time and an expense.

    The lines are made as those of a draft are, grouped by ``group_by``; "" is by ticket.
    """
    grouping, language = GroupBy(group_by or GroupBy.TICKET), letter_language(layout.language or house.language)
    drafted = draft_lines(map(_priced, range(len(_WORK))), currency=CURRENCY, group_by=grouping, language=language)
    return {
        "format": 1,
        "kind": "invoice",
        "number": "2026-0042",
        "issued_on": "2026-12-01",
        "due_on": "2026-12-15",
        "language": language,
        "currency": CURRENCY,
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
        "lines": [*(_time_line(line, language) for line in drafted), _expense(language)],
        "taxes": [{"category": "S", "percent": "19", "net": "1000.00", "tax": "190.00"}],
        "net": "1000.00",
        "tax": "190.00",
        "total": "1190.00",
        "terms": house.invoice_terms,
        "payment_days": 14,
        "retainers": [],
        "grouped_by": grouping.value,
        "layout": layout.as_json() | {"paper": layout.paper or paper_of(house.country)},
    }


def _priced(at: int) -> Priced:
    item, day, person, project, work_type, billed, _worked = _WORK[at]
    return Priced(
        entry_id=at,
        item=item,
        kind=LineKind.TIME,
        from_second=0,
        to_second=billed * 60,
        burn_seconds=billed * 60,
        quantity_seconds=billed * 60,
        price=PRICE,
        worked_on=date(2026, 11, day),
        person=person,
        project=project,
        work_type=work_type,
    )


def _time_line(line: DraftLine, language: str) -> dict[str, Any]:
    return _line(line.description, str(line.amount)) | {
        "kind": line.kind.value,
        "reference": f"#{line.item.number}" if line.item else "",
        "detail": detail_of(line.pieces, language),
        "minutes": f"{line.minutes:f}",
        "unit_price": f"{PRICE:.2f}",
        "entries": [_entry(piece) for piece in line.pieces],
    }


def _entry(piece: Priced) -> dict[str, Any]:
    *_rest, billed, worked = _WORK[piece.entry_id]
    return {
        "day": piece.worked_on.isoformat(),
        "person": piece.person,
        "work_type": piece.work_type.name,
        "note": "Looked into the logs, mended the rule, tried it with the client",
        "worked_seconds": worked * 60,
        "billed_seconds": billed * 60,
    }


def _expense(language: str) -> dict[str, Any]:
    day = format_day(date(2026, 11, 17), "d MMM y", Locale.parse(language))
    return _line("Train to the branch office and back", "55.00") | {"kind": "expense", "detail": str(day)}


def _line(text: str, amount: str) -> dict[str, Any]:
    return {
        "reference": "",
        "description": text,
        "detail": "",
        "minutes": None,
        "quantity": None,
        "unit_price": amount,
        "amount": amount,
        "tax_category": "S",
        "tax_percent": "19",
        "entries": [],
    }
