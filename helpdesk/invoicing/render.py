"""From the document's JSON to what people read: the PDF and the mail that carries it (docs/billing.md rules 19, 22).

Everything here is made from the stored document alone: the same document gives the same PDF for ever.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from itertools import accumulate, groupby
from pathlib import Path
from typing import Any

from babel.numbers import format_decimal
from flask import current_app
from flask_babel import force_locale, get_locale

from helpdesk.infra import pdf
from helpdesk.infra.blobs import store
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.domain.documents import canonical_json, sha256_of
from helpdesk.invoicing.domain.drafting import month_name
from helpdesk.kernel.durations import format_hm, to_minutes
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month

STYLE = Path(__file__).parents[1] / "static" / "css" / "print.css"
Document = dict[str, Any]


@dataclass(frozen=True)
class Letter:
    """Subject and text of the mail that carries an invoice."""

    subject: str
    text: str


@dataclass(frozen=True)
class PrintedLine:
    """A line as it is printed; ``price`` is per hour where there are minutes."""

    ref: str
    text: str
    detail: str
    quantity: str
    price: str
    per_hour: bool
    tax_percent: str
    amount_minor: int


@dataclass(frozen=True)
class PrintedGroup:
    """Lines under one heading."""

    title: str
    note: str
    lines: list[PrintedLine]


@dataclass(frozen=True)
class BurnDay:
    """One day of the picture: what is used up to here, and what even use would be."""

    day: int
    sum_seconds: int
    pending_sum_seconds: int
    even_seconds: int


@dataclass(frozen=True)
class Burn:
    """A closed month as ``retainers/_burndown.svg.html`` draws it."""

    title: str
    description: str
    allowance_seconds: int
    days: list[BurnDay]
    used_label: str
    today: int | None = None
    today_label: str = ""
    forecast_low_seconds: int | None = None
    forecast_high_seconds: int | None = None
    forecast_label: str = ""


@dataclass(frozen=True)
class Figure:
    """One number of the statement; ``over`` marks overage."""

    label: str
    value: str
    over: bool = False


@dataclass(frozen=True)
class CoveredRow:
    """A ticket or task that the retainer covers."""

    ref: str
    title: str
    minutes: str
    seconds: int


@dataclass(frozen=True)
class PrintedStatement:
    """The page of one retainer period."""

    title: str
    lead: str
    figures: list[Figure]
    burn: Burn
    rows: list[CoveredRow]
    fine: str
    total_minutes: str = field(init=False)
    total_seconds: int = field(init=False)

    def __post_init__(self) -> None:
        seconds = sum(row.seconds for row in self.rows)
        object.__setattr__(self, "total_seconds", seconds)
        object.__setattr__(self, "total_minutes", _minutes(seconds))


def to_pdf(document: Document) -> bytes:
    """Return the document as a tagged PDF in its own language.

    Raises:
        ExternalFailure: the renderer gave up on it.
        NotFound: its logo is no longer stored.
    """
    page = pdf.Page(
        html=to_html(document),
        css=STYLE.read_text(),
        identifier=sha256_of(canonical_json(document))[:32],
        assets=_assets(document),
    )
    return pdf.to_pdf(page)


def to_html(document: Document) -> str:
    """Return the page that is printed, without any style sheet, link or script."""
    with force_locale(document["language"].replace("-", "_")):
        template = current_app.jinja_env.get_template("invoicing/print.html")
        return str(template.render(doc=_printed(document)))


def letter(document: Document) -> Letter:
    """Return the mail that carries the invoice, in the document's language."""
    seller = document["seller"]
    with force_locale(document["language"].replace("-", "_")):
        words = {
            "number": document["number"],
            "company": seller["name"],
            "total": _money(document["total"], document["currency"]),
            "day": _day(document["due_on"]),
        }
        subject = _("Invoice %(number)s from %(company)s", **words)
        text = _(
            "Hello,\n\nattached is invoice %(number)s over %(total)s, due on %(day)s.\n"
            "Questions about a line? Reply to this mail with its number.\n\n%(company)s\n",
            **words,
        )
    return Letter(subject, text)


def file_name(number: str) -> str:
    """Return a name for the PDF that every file system takes: ``INV-2026-0007.pdf``."""
    return f"{re.sub(r'[^A-Za-z0-9._-]+', '-', number).strip('.-') or 'invoice'}.pdf"


def groups_of(document: Document) -> Iterator[tuple[str, str, list[Document]]]:
    """Return the document's lines by kind, each group with its title and a note, in the present language."""
    for kind, lines in groupby(document["lines"], key=lambda line: line["kind"]):
        title, note = _heading(kind, document)
        yield title, note, list(lines)


def price_text(unit_price: str) -> str:
    """Return a price as people write it, with all decimals that it has: 1234.5678 → 1,234.5678."""
    value = Decimal(unit_price)
    places = max(-int(value.as_tuple().exponent), 0)
    pattern = "#,##0" + ("." + "0" * places if places else "")
    return str(format_decimal(value, format=pattern, locale=get_locale()))


def quantity_text(minutes: str | None) -> str:
    """Return ``150 min``, or ``1`` for what is not counted in minutes."""
    if minutes is None:
        return "1"
    return _("%(minutes)s min", minutes=format_decimal(Decimal(minutes), format="#,##0.####", locale=get_locale()))


def _assets(document: Document) -> dict[str, pdf.Asset]:
    digest = document["seller"].get("logo_sha256")
    if not digest:
        return {}
    content = store().get(digest)
    kind = "image/svg+xml" if b"<svg" in content[:1024] else "image/png"
    return {"logo": pdf.Asset(content, kind)}


def _printed(document: Document) -> dict[str, Any]:
    seller, buyer, currency, period = (document[key] for key in ("seller", "buyer", "currency", "period"))
    return {
        "language": document["language"],
        "company": {**seller, "address_lines": _lines_of(seller["address"])},
        "has_logo": bool(seller.get("logo_sha256")),
        "client": {
            **buyer,
            "name": buyer["legal_name"] or buyer["name"],
            "address_lines": _lines_of(buyer["address"]),
        },
        "number": document["number"],
        "issued_on": date.fromisoformat(document["issued_on"]),
        "due_on": date.fromisoformat(document["due_on"]),
        "work_done": _work_done(period["from"], period["to"]) if period else "",
        "currency": currency,
        "lead": _lead(document),
        "groups": [_group(title, note, lines, currency) for title, note, lines in groups_of(document)],
        "net_minor": _minor(document["net"], currency),
        "total_minor": _minor(document["total"], currency),
        "taxes": [
            {
                "percent": tax["percent"],
                "net_minor": _minor(tax["net"], currency),
                "amount_minor": _minor(tax["tax"], currency),
            }
            for tax in document["taxes"]
        ],
        "terms": _lines_of(document["terms"]),
        "statements": [_statement(each) for each in document["retainers"]],
    }


def _work_done(first: str, last: str) -> str:
    """Return the days of work in words: ``1 to 30 November 2026``, ``30 October to 30 November 2026``."""
    starts, ends = date.fromisoformat(first), date.fromisoformat(last)
    same_month, same_year = Month.of(starts) == Month.of(ends), starts.year == ends.year
    pattern = "d" if same_month else "d MMMM" if same_year else "d MMMM y"
    return _("%(first)s to %(last)s", first=day_filter(starts, pattern), last=day_filter(ends, "d MMMM y"))


def _group(title: str, note: str, lines: list[Document], currency: str) -> PrintedGroup:
    printed = [
        PrintedLine(
            ref=line["reference"],
            text=line["description"],
            detail=detail_text(line),
            quantity=quantity_text(line["minutes"]),
            price=price_text(line["unit_price"]),
            per_hour=line["minutes"] is not None,
            tax_percent=line["tax_percent"],
            amount_minor=_minor(line["amount"], currency),
        )
        for line in lines
    ]
    return PrintedGroup(title, note, printed)


def detail_text(line: Document) -> str:
    """Return what stands below a line: the hours of a fee, days and people of work, and whether it is free."""
    if line["kind"] == "retainer_fee":
        return _("%(hours)s hours", hours=line["detail"])
    at_no_charge = line["minutes"] is not None and Decimal(line["unit_price"]) == 0
    return f"{line['detail']}, {_('no charge')}" if at_no_charge else str(line["detail"])


def _heading(kind: str, document: Document) -> tuple[str, str]:
    """Return the title of a group of lines and what stands beside it."""
    if kind == "retainer_fee":
        return _("Retainer"), ""
    if kind == "overage":
        return _("Over the allowance"), "; ".join(
            _over(each) for each in document["retainers"] if each["overage_seconds"]
        )
    if kind == "time":
        has_retainer = any(line["kind"] in {"retainer_fee", "overage"} for line in document["lines"])
        return (_("Outside the retainer") if has_retainer else _("Work")), _("by ticket and task")
    return _("Other"), ""


def _over(statement: Document) -> str:
    return _(
        "%(allowed)s allowed, %(used)s used: the last %(over)s by time of work",
        allowed=format_hm(_allowance(statement)),
        used=format_hm(sum(statement["burned_by_day"])),
        over=format_hm(statement["overage_seconds"]),
    )


def _lead(document: Document) -> str:
    period = document["period"]
    month = month_name(Month.parse(period["month"]), document["language"]) if period else ""
    fees = [line["description"] for line in document["lines"] if line["kind"] == "retainer_fee"]
    has_work = any(line["kind"] in {"overage", "time"} for line in document["lines"])
    parts = []
    if fees and has_work:
        parts.append(_("%(fees)s, and work up to the end of %(month)s.", fees=", ".join(fees), month=month))
    elif fees:
        parts.append(f"{', '.join(fees)}.")
    else:
        parts.append(_("Work up to the end of %(month)s.", month=month))
    if document["retainers"]:
        parts.append(_("The retainer statement is on the next page."))
    return " ".join(parts)


def _statement(statement: Document) -> PrintedStatement:
    name, month = statement["name"], month_name(Month.parse(statement["month"]), str(get_locale()))
    allowance, used = _allowance(statement), sum(statement["burned_by_day"])
    figures = [
        Figure(_("Carried in"), format_hm(statement["carried_in_seconds"])),
        Figure(_("Allowance"), format_hm(statement["granted_seconds"] + statement["topped_up_seconds"])),
        Figure(_("Used"), format_hm(used)),
        Figure(_("Over"), format_hm(statement["overage_seconds"]), over=statement["overage_seconds"] > 0),
        Figure(_("Expired"), format_hm(statement["expired_seconds"])),
        Figure(_("Carried on"), format_hm(statement["carried_out_seconds"])),
    ]
    return PrintedStatement(
        title=_("Retainer statement, %(month)s", month=month),
        lead=_("%(name)s. The month is that of %(zone)s.", name=name, zone=statement["time_zone"]),
        figures=figures,
        burn=_burn(statement, allowance, used),
        rows=[
            CoveredRow(row["reference"], row["description"], _minutes(row["seconds"]), row["seconds"])
            for row in statement["covered"]
        ],
        fine=_("On every line of the invoice, quantity × price ÷ 60 is the amount."),
    )


def _burn(statement: Document, allowance: int, used: int) -> Burn:
    days = list(accumulate(statement["burned_by_day"]))
    even = [allowance * (at + 1) // len(days) for at in range(len(days))]
    said = _("%(used)s of %(allowed)s hours used", used=format_hm(used), allowed=format_hm(allowance))
    return Burn(
        title=_("Hours used by day"),
        description=said,
        allowance_seconds=allowance,
        days=[BurnDay(at + 1, total, total, even[at]) for at, total in enumerate(days)],
        used_label=_("%(used)s used", used=format_hm(used)),
    )


def _allowance(statement: Document) -> int:
    return int(statement["granted_seconds"] + statement["carried_in_seconds"] + statement["topped_up_seconds"])


def _lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _minutes(seconds: int) -> str:
    return str(format_decimal(to_minutes(seconds), format="#,##0.####", locale=get_locale()))


def _minor(amount: str, currency: str) -> int:
    return Money.parse(amount, currency).minor


def _money(amount: str, currency: str) -> str:
    return money_filter(_minor(amount, currency), currency)


def _day(iso: str) -> str:
    return day_filter(date.fromisoformat(iso), "d MMMM y")
