"""The document as the printed page reads it (templates/invoicing/print.html), in the present language."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from typing import Any

from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.web import amount_filter, day_filter
from helpdesk.invoicing.domain.drafting import month_name
from helpdesk.invoicing.printing.layout_texts import columns_of, layout_of, logo_of, paragraphs, work_of
from helpdesk.invoicing.printing.printed_lines import minor_of, number_text, printed_groups, widths_of
from helpdesk.invoicing.printing.printed_statement import Document, allowance_of, statement_of
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month

FEW_LINES = 200


def groups_of(document: Document) -> Iterator[tuple[str, str, list[Document]]]:
    """Return the document's lines by kind, each group with its title and a note, in the present language."""
    for kind, lines in groupby(document["lines"], key=lambda line: line["kind"]):
        title, note = _heading(kind, document)
        yield title, note, list(lines)


def printed(document: Document) -> dict[str, Any]:
    """Return what the template calls ``doc``."""
    seller, buyer, currency, period = (document[key] for key in ("seller", "buyer", "currency", "period"))
    layout = layout_of(document)
    taxes = {(line.get("tax_category"), line["tax_percent"]) for line in document["lines"]}
    shown = layout.shown_columns(is_mixed=len(taxes) > 1)
    groups = printed_groups(groups_of(document), shown=shown, currency=currency)
    return {
        "is_credit": document["kind"] == "credit_note",
        "corrects": _corrected(document),
        "language": str(get_locale()).replace("_", "-"),
        "company": {**seller, "address_lines": _lines_of(seller["address"])},
        "has_logo": bool(logo_of(document)),
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
        "groups": groups,
        "shown": shown,
        "marks_refs": len(document["lines"]) <= FEW_LINES,
        "widths": widths_of(groups, currency),
        "net_minor": minor_of(document["net"], currency),
        "total_minor": minor_of(document["total"], currency),
        "taxes": tax_rows(document),
        "tax_note": tax_note(document),
        "above": paragraphs(layout.above, document),
        "below": paragraphs(layout.below, document),
        "terms": paragraphs(layout.terms, document) if layout.terms else _lines_of(document["terms"]),
        "columns": columns_of(layout),
        "work": work_of(document, layout, number_text),
        "proof": document.get("proof", ""),
        "statements": [statement_of(each) for each in document["retainers"]],
    }


def _work_done(first: str, last: str) -> str:
    """Return the days of work in words: ``1 to 30 November 2026``, ``30 October to 30 November 2026``."""
    starts, ends = date.fromisoformat(first), date.fromisoformat(last)
    same_month, same_year = Month.of(starts) == Month.of(ends), starts.year == ends.year
    pattern = "d" if same_month else "d MMMM" if same_year else "d MMMM y"
    return _("%(first)s to %(last)s", first=day_filter(starts, pattern), last=day_filter(ends, "d MMMM y"))


def tax_rows(document: Document, *, sign: int = 1) -> list[Document]:
    """Return a row for each tax group: its words, such as ``VAT 19 % on 1,000.00``, its amount, why there is none.

    Documents that are older than the reason have none.
    """
    currency = document["currency"]
    return [
        {
            "words": _tax_words(tax, sign * Money.parse(tax["net"], currency).minor, currency),
            "amount_minor": sign * Money.parse(tax["tax"], currency).minor,
            "reason": tax.get("reason", ""),
        }
        for tax in document["taxes"]
    ]


def tax_note(document: Document) -> str:
    """Return what is to be known of how tax was taken, and what it is in the seller's currency; "" where nothing is."""
    notes = []
    if document.get("prices_include_tax"):
        notes.append(_("Prices and amounts of the lines include VAT."))
    if document.get("tax_per_line"):
        notes.append(_("VAT is rounded on each line."))
    if exchange := document.get("exchange"):
        notes.append(_exchange_note(document["currency"], exchange))
    return " ".join(notes)


def _exchange_note(currency: str, exchange: Document) -> str:
    """Return tax and total in the seller's currency, and the rate by which they were reckoned."""
    own = exchange["currency"]
    return _(
        "In %(own)s: VAT %(tax)s, total %(total)s, at 1 %(currency)s = %(rate)s %(own)s of %(day)s (%(source)s).",
        own=own,
        currency=currency,
        tax=amount_filter(minor_of(exchange["tax"], own), own),
        total=amount_filter(minor_of(exchange["total"], own), own),
        rate=number_text(exchange["rate"]),
        day=day_filter(date.fromisoformat(exchange["on"]), "d MMMM y"),
        source=exchange["source"],
    )


def _tax_words(tax: Document, net_minor: int, currency: str) -> str:
    net = amount_filter(net_minor, currency)
    if tax["category"] == "O":
        return _("Without VAT: %(net)s", net=net)
    return _("VAT %(percent)s %% on %(net)s", percent=number_text(tax["percent"]), net=net)


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
        note = _("by ticket and task") if document.get("grouped_by", "ticket") == "ticket" else ""
        note = layout_of(document).grouping_label or note
        return (_("Outside the retainer") if has_retainer else _("Work")), note
    titles = {
        "expense": _("Expenses"),
        "discount": _("Discounts"),
        "surcharge": _("Surcharges"),
        "fixed_fee": _("Fixed fee"),
        "deposit": _("Deposit"),
        "late_fee": _("Late payment"),
        "block": _("Hours bought in addition"),
    }
    if kind in titles:
        return titles[kind], ""
    return _("Other"), ""


def _over(statement: Document) -> str:
    return _(
        "%(allowed)s allowed, %(used)s used: the last %(over)s by time of work",
        allowed=format_hm(allowance_of(statement)),
        used=format_hm(sum(statement["burned_by_day"])),
        over=format_hm(statement["overage_seconds"]),
    )


def _corrected(document: Document) -> str:
    """Return the number of the invoice that a credit note corrects."""
    return str(document["corrects"]["number"]) if "corrects" in document else ""


def _lead(document: Document) -> str:
    if "corrects" in document:
        day = day_filter(date.fromisoformat(document["corrects"]["issued_on"]), "d MMMM y")
        number, reason = _corrected(document), document["reason"]
        return _("For invoice %(number)s of %(day)s: %(reason)s", number=number, day=day, reason=reason)
    period = document["period"]
    month = month_name(Month.parse(period["month"]), str(get_locale())) if period and period["month"] else ""
    fees = [line["description"] for line in document["lines"] if line["kind"] == "retainer_fee"]
    has_work = any(line["kind"] in {"overage", "time"} for line in document["lines"])
    has_expenses = any(line["kind"] == "expense" for line in document["lines"])
    parts = []
    if not month:  # the days stand at the head
        parts += [f"{', '.join(fees)}."] if fees else []
    elif fees and has_work:
        parts.append(_("%(fees)s, and work up to the end of %(month)s.", fees=", ".join(fees), month=month))
    elif fees and has_expenses:
        parts.append(_("%(fees)s, and expenses up to the end of %(month)s.", fees=", ".join(fees), month=month))
    elif fees:
        parts.append(f"{', '.join(fees)}.")
    elif has_expenses and not has_work:
        parts.append(_("Expenses up to the end of %(month)s.", month=month))
    elif has_work:
        parts.append(_("Work up to the end of %(month)s.", month=month))
    if document["retainers"]:
        parts.append(
            ngettext(
                "The retainer statement is on the next page.",
                "The retainer statements are on the next pages.",
                len(document["retainers"]),
            )
        )
    return " ".join(parts)


def _lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
