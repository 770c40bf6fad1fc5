"""What a template adds to the printed page: its texts, filled in, and the work behind the lines."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from babel.dates import format_skeleton
from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.domain.layout import Layout
from helpdesk.invoicing.printing.printed_statement import Document
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.fields import filled
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month

WIDTHS = {"day": 16, "person": 30, "work_type": 26, "note": 0, "worked": 18, "billed": 18, "rate": 22}
"""How wide a column is, in millimetres; 0 takes what is left."""
NUMBERS = frozenset({"worked", "billed", "rate"})


@dataclass(frozen=True)
class Column:
    """A column of the work behind the lines."""

    key: str
    label: str
    width: int
    is_number: bool


@dataclass(frozen=True)
class WorkGroup:
    """The work behind one line; cells by column."""

    title: str
    rows: list[list[str]]


def layout_of(document: Document) -> Layout:
    """Return the layout that a document was issued with; one that is older than templates looks as it did."""
    return Layout.of(document.get("layout", {}))


def logo_of(document: Document) -> str:
    """Return the hash of the logo that a document shows, "" where none."""
    return layout_of(document).logo_sha256 or document["seller"].get("logo_sha256") or ""


def paragraphs(text: str, document: Document) -> list[str]:
    """Return the lines of a template's text with its fields filled in, in the present language."""
    return [line.strip() for line in filled(text, values_of(document)).splitlines() if line.strip()]


def values_of(document: Document) -> dict[str, str]:
    """Return what the texts of a template may name; see ``helpdesk.invoicing.domain.layout.FIELDS``."""
    currency, period, buyer = document["currency"], document["period"], document["buyer"]
    month = Month.parse(period["month"]) if period else None
    return {
        "client": buyer["legal_name"] or buyer["name"],
        "company": document["seller"]["name"],
        "number": document["number"],
        "issued": _day(document["issued_on"]),
        "due": _day(document["due_on"]),
        "total": money_filter(Money.parse(document["total"], currency).minor, currency),
        "month": str(format_skeleton("yMMMM", month.first_day, locale=str(get_locale()))) if month else "",
        "order": buyer["purchase_order"],
    }


def columns_of(layout: Layout) -> list[Column]:
    """Return the columns of the work behind the lines; none where only the lines are printed."""
    labels = {
        "day": _("Day"),
        "person": _("By whom"),
        "work_type": _("Kind of work"),
        "note": _("What was done"),
        "worked": _("Worked"),
        "billed": _("Billed"),
        "rate": _("Per hour"),
    }
    return [Column(key, labels[key], WIDTHS[key], key in NUMBERS) for key in labels if key in layout.columns]


def work_of(document: Document, layout: Layout, as_number: Callable[[str], str]) -> list[WorkGroup]:
    """Return the work behind each line that has any, in the columns of the template.

    ``as_number`` writes a plain decimal as the reader does.
    """
    keys = [column.key for column in columns_of(layout)]
    groups = []
    for line in document["lines"] if keys else []:
        rows = [[_cell(key, entry, line, as_number) for key in keys] for entry in line["entries"]]
        if rows:
            groups.append(WorkGroup(f"{line['reference']} {line['description']}".strip(), rows))
    return groups


def _cell(key: str, entry: Mapping[str, object], line: Document, as_number: Callable[[str], str]) -> str:
    match key:
        case "day":
            return day_filter(date.fromisoformat(str(entry["day"])), "d MMM")
        case "worked" | "billed":
            return format_hm(int(str(entry[f"{key}_seconds"])))
        case "rate":
            return as_number(line["unit_price"]) if line["minutes"] is not None else ""
        case _:
            return str(entry.get(key) or "")


def _day(iso: str) -> str:
    return day_filter(date.fromisoformat(iso), "d MMMM y")
