"""The table of lines as it is printed, with the columns of its layout, in the present language (billing.md rule 22)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import count

from babel.numbers import format_decimal
from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import amount_filter
from helpdesk.invoicing.printing.printed_statement import Document
from helpdesk.kernel.money import Money

COLUMNS = {"position": 9.0, "quantity": 18.0, "price": 20.0, "tax": 13.0, "amount": 23.0}
"""The columns of figures, and how many millimetres each has at least: enough for its heading."""
MM_A_SIGN, MM_BETWEEN = 1.8, 3.5


@dataclass(frozen=True)
class PrintedLine:
    """A line as it is printed; ``price`` is per hour where there are minutes."""

    position: int
    ref: str
    text: str
    detail: str
    quantity: str
    price: str
    per_hour: bool
    tax: str
    amount_minor: int


@dataclass(frozen=True)
class PrintedGroup:
    """Lines under one heading."""

    title: str
    note: str
    lines: list[PrintedLine]


def printed_groups(
    groups: Iterable[tuple[str, str, list[Document]]], *, shown: Collection[str], currency: str
) -> list[PrintedGroup]:
    """Return the groups (title, note, lines of the document) as they are printed, with ``shown`` of their columns.

    Lines are numbered through, as in the electronic invoice.
    """
    numbers = count(1)
    return [
        PrintedGroup(title, note, [_printed(line, next(numbers), shown, currency) for line in lines])
        for title, note, lines in groups
    ]


def _printed(line: Document, position: int, shown: Collection[str], currency: str) -> PrintedLine:
    return PrintedLine(
        position=position,
        ref=line["reference"],
        text=line["description"],
        detail="; ".join(filter(None, (_extent(line, shown), detail_text(line, has_work="detail" in shown)))),
        quantity=quantity_text(line["minutes"], line.get("quantity")),
        price=number_text(line["unit_price"]),
        per_hour=line["minutes"] is not None,
        tax=percent_text(line),
        amount_minor=minor_of(line["amount"], currency),
    )


def _extent(line: Document, shown: Collection[str]) -> str:
    """Return quantity × price of a line that is not one piece, where a column for either is missing.

    The law wants both of an invoice (Directive 2006/112/EC, Article 226, nos. 6 and 8).
    """
    is_one = line["minutes"] is None and Decimal(line.get("quantity") or 1) == 1
    if is_one or {"quantity", "price"} <= set(shown):
        return ""
    per_hour = " /h" if line["minutes"] is not None else ""
    return f"{quantity_text(line['minutes'], line.get('quantity'))} × {number_text(line['unit_price'])}{per_hour}"


def widths_of(groups: Iterable[PrintedGroup], currency: str) -> dict[str, str]:
    """Return how wide the columns of figures are, in millimetres: as their longest figure, but never too narrow."""
    lines = [line for group in groups for line in group.lines]
    longest = {
        "position": len(str(len(lines))),
        "quantity": max((len(line.quantity) for line in lines), default=0),
        "price": max((len(line.price) + 3 * line.per_hour for line in lines), default=0),
        "tax": max((len(line.tax) for line in lines), default=0),
        "amount": len(amount_filter(max((abs(line.amount_minor) for line in lines), default=0), currency)) + 1,
    }
    return {name: f"{max(at_least, MM_A_SIGN * longest[name] + MM_BETWEEN):.1f}" for name, at_least in COLUMNS.items()}


def percent_text(line: Document) -> str:
    """Return the column of a line: ``19 %``; a dash where it is not subject to tax at all."""
    return "–" if line.get("tax_category") == "O" else f"{number_text(line['tax_percent'])} %"


def detail_text(line: Document, *, has_work: bool = True) -> str:
    """Return what stands below a line: the hours of a fee, days and people of work, and whether it is free.

    Without ``has_work`` a line of time says no days and people.
    """
    if line["kind"] == "retainer_fee" and line["detail"]:
        return _("%(hours)s hours", hours=line["detail"])
    is_time = line["minutes"] is not None
    detail = str(line["detail"]) if has_work or not is_time else ""
    if is_time and Decimal(line["unit_price"]) == 0:
        return _("%(detail)s, no charge", detail=detail) if detail else _("No charge")
    return detail


def number_text(plain: str) -> str:
    """Return a plain decimal as people write it, with all decimals that it has: 1234.5678 → 1,234.5678."""
    return _number_text(plain, str(get_locale()))


@lru_cache(maxsize=1024)
def _number_text(plain: str, locale: str) -> str:
    value = Decimal(plain)
    places = max(-int(value.as_tuple().exponent), 0)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(value, format=pattern, locale=locale))


def quantity_text(minutes: str | None, quantity: str | None = None) -> str:
    """Return ``150 min``, or how many where it is not counted in minutes."""
    if minutes is None:
        return number_text(quantity or "1")
    return _("%(minutes)s min", minutes=number_text(f"{Decimal(minutes).normalize():f}"))


def minor_of(amount: str, currency: str) -> int:
    """Return the minor units of an amount as the document writes it."""
    return Money.parse(amount, currency).minor
