"""Words that several pages of invoices share, in the reader's language."""

from datetime import date
from typing import Any

from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing.domain.drafting import month_name
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import Month


def month_label(month: Month) -> str:
    """Return the month in the reader's language: ``November 2026``."""
    return month_name(month, str(get_locale() or "en"))


def days_label(invoice: Invoice) -> str:
    """Return the month that an invoice closes, or its days: ``3 Nov – 20 Nov 2026``; nothing where it has none."""
    if invoice.month is not None:
        return month_label(Month.of(invoice.month))
    if invoice.first_day is None or invoice.last_day is None:
        return ""
    return f"{day_filter(invoice.first_day, 'd MMM')} \N{EN DASH} {day_filter(invoice.last_day, 'd MMM y')}"


def left_out_text(row: dict[str, Any]) -> str:
    """Return what was left out: ``1:30 of Ann on #12 No network, 3 Nov``."""
    return _(
        "%(time)s of %(person)s on #%(number)s %(title)s, %(day)s",
        time=format_hm(row["seconds"]),
        person=row["person"],
        number=row["item_number"],
        title=row["title"],
        day=day_filter(date.fromisoformat(row["day"]), "d MMM"),
    )


def expense_left_out_text(row: dict[str, Any]) -> str:
    """Return which expense was left out: ``€12.50, Travel of Ann, 3 Nov``."""
    return _(
        "%(amount)s, %(what)s of %(person)s, %(day)s",
        amount=money_filter(row["amount_minor"], row["currency"]),
        what=row["what"],
        person=row["person"],
        day=day_filter(date.fromisoformat(row["day"]), "d MMM"),
    )


def reason_text(reason: str) -> str:
    """Return why something was left out, in the reader's language."""
    return {
        "running": _("the timer still runs"),
        "draft": _("not submitted"),
        "submitted": _("waits for approval"),
        "rejected": _("rejected"),
        "not_billable": _("not billable"),
        "no_charge": _("shown at no charge"),
        "fixed_fee": _("part of a fixed fee"),
        "rate_missing": _("no rate"),
        "other_currency": _("priced in another currency"),
        "next_period": _("came late, goes into the retainer's next month"),
        "approved_later": _("on no invoice; free for the next one"),
    }[reason]
