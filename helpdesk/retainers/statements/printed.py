"""The statement of a month as its printed page reads it (templates/retainers/statement.html), in the present language.

What is not approved yet is shown only in our own copy: for the client it is no fact (docs/billing.md rule 14).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from flask_babel import get_locale

from helpdesk.company.models import Company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers.books import MonthView
from helpdesk.retainers.burn_down import Burn, PictureDay, mark_of
from helpdesk.retainers.domain.grants import GIVEN_BACK, OWED, GrantDrawn, Source, beside
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.statements.posted import DayStand, Posted

BESIDE = frozenset({"overage", "pending"})
"""Postings that stand beside the sum of the others."""


@dataclass(frozen=True)
class PrintedFigure:
    """One number of the head; ``over`` marks what goes beyond the hours."""

    label: str
    value: str
    over: bool = False


@dataclass(frozen=True)
class PrintedDay:
    """One line of the table below the picture."""

    label: str
    used_seconds: int
    pending_seconds: int
    sum_seconds: int
    even_seconds: int


@dataclass(frozen=True)
class PrintedPosting:
    """One line of the account: ``left_seconds`` is what was left after it, None where it stands beside the sum."""

    kind: str
    day: str
    ref: str
    text: str
    detail: str
    billed_seconds: int
    seconds: int
    left_seconds: int | None


def printed(
    view: MonthView, postings: Sequence[Posted], days: Sequence[DayStand], house: Company, *, as_of: date, paper: str
) -> dict[str, Any]:
    """Return what the template calls ``doc``; ``as_of`` is the local day that an open month is looked at."""
    client, agreement = view.agreement.client, view.agreement
    month = _month(view.month)
    is_running = view.closed is None and Month.of(as_of) == view.month and days[0].day <= as_of <= days[-1].day
    return {
        "language": str(get_locale()).replace("_", "-"),
        "paper": paper,
        "company": {name: getattr(house, name) for name in _SELLER} | {"address_lines": _lines_of(house.address)},
        "has_logo": bool(house.logo_sha256),
        "client": {
            "name": client.legal_name or client.name,
            "address_lines": _lines_of(client.address),
            "customer_number": client.customer_number,
        },
        "title": _("Retainer statement, %(month)s", month=month),
        "name": agreement.name,
        "month": month,
        "stand": _stand(view, as_of),
        "is_open": view.closed is None,
        "lead": _lead(view),
        "figures": _figures(view, days),
        "burn": _burn(view, days, as_of, is_running=is_running),
        "days": [_day(each) for each in days if each.is_known and Month.of(each.day) == view.month],
        "has_pending": any(each.kind == "pending" for each in postings),
        "postings": _account(postings, view, agreement.currency),
    }


_SELLER = ("name", "legal_name", "vat_id", "tax_number", "registration", "email", "website", "bank_name", "iban", "bic")


def without_pending(days: Iterable[DayStand]) -> list[DayStand]:
    """Return the days as the client may know them."""
    return [
        DayStand(each.day, each.used_seconds, 0, each.sum_seconds, each.sum_seconds, each.even_seconds, each.is_known)
        for each in days
    ]


def _lead(view: MonthView) -> str:
    agreement = view.agreement
    said = _("%(name)s. The month is that of %(zone)s.", name=agreement.name, zone=agreement.time_zone)
    if not view.span.is_quarter:
        return said
    hours = format_hm(view.statement.allowance_seconds)
    shared = _("%(quarter)s share their hours, %(hours)s h.", quarter=_span(view.span), hours=hours)
    return f"{said} {shared}"


def _stand(view: MonthView, as_of: date) -> str:
    if view.closed is not None:
        zone = ZoneInfo(view.agreement.time_zone)
        day = day_filter(local_day(view.closed.closed_at, zone), "d MMMM y")
        return _("Closed on %(day)s", day=day)
    return _("As of %(day)s, not closed yet", day=day_filter(as_of, "d MMMM y"))


def _figures(view: MonthView, days: Sequence[DayStand]) -> list[PrintedFigure]:
    period = view.closed or view.statement.period
    used = sum(each.used_seconds for each in days if Month.of(each.day) == view.month)
    left = view.statement.allowance_seconds - days[-1].sum_seconds
    figures = [
        PrintedFigure(_("Carried in"), format_hm(period.carried_in_seconds)),
        PrintedFigure(_("Allowance"), format_hm(period.granted_seconds + period.topped_up_seconds)),
        PrintedFigure(_("Used"), format_hm(used)),
    ]
    if view.closed is None:
        last = _("Left") if left >= 0 else _("Over")
        return [*figures, PrintedFigure(last, format_hm(abs(left)), over=left < 0)]
    return [
        *figures,
        PrintedFigure(_("Over"), format_hm(period.overage_seconds), over=period.overage_seconds > 0),
        PrintedFigure(_("Expired"), format_hm(period.expired_seconds)),
        PrintedFigure(_("Carried on"), format_hm(period.carried_out_seconds)),
    ]


def _burn(view: MonthView, days: Sequence[DayStand], as_of: date, *, is_running: bool) -> Burn:
    """Return the picture; only a month that runs has a today and a forecast."""
    used, allowance = format_hm(days[-1].sum_seconds), view.statement.allowance_seconds
    forecast = view.statement.forecast if is_running else None
    label = f"{format_hm(forecast.low_seconds)} – {format_hm(forecast.high_seconds)}" if forecast else ""
    return Burn(
        title=_("Hours used by day"),
        description=_("%(used)s of %(allowed)s hours used", used=used, allowed=format_hm(allowance)),
        allowance_seconds=allowance,
        days=tuple(
            PictureDay(
                mark=mark_of(each.day, days[0].day, view.span),
                sum_seconds=each.sum_seconds if each.is_known else None,
                pending_sum_seconds=each.pending_sum_seconds if each.is_known else None,
                even_seconds=each.even_seconds,
            )
            for each in days
        ),
        today=sum(each.is_known for each in days) - 1 if is_running else None,
        forecast_low_seconds=forecast.low_seconds if forecast else None,
        forecast_high_seconds=forecast.high_seconds if forecast else None,
        today_label=_short(as_of),
        used_label=_("%(used)s used", used=used),
        forecast_label=label,
        rows=(),
    )


def _day(stand: DayStand) -> PrintedDay:
    label = format_date(stand.day, "EEE d", locale=get_locale())
    return PrintedDay(label, stand.used_seconds, stand.pending_seconds, stand.sum_seconds, stand.even_seconds)


def _account(postings: Sequence[Posted], view: MonthView, currency: str) -> list[PrintedPosting]:
    left = accumulate(0 if each.kind in BESIDE else each.seconds for each in postings)
    return [
        PrintedPosting(
            kind=each.kind,
            day=_short(each.entry.day) if each.entry else "",
            ref=f"#{each.entry.number}" if each.entry and each.entry.is_ticket else "",
            text=_text(each, view.span),
            detail=_detail(each, view.month, currency),
            billed_seconds=each.billed_seconds,
            seconds=each.seconds,
            left_seconds=None if each.kind in BESIDE else rest,
        )
        for each, rest in zip(postings, left, strict=True)
    ]


def _text(posted: Posted, span: Span) -> str:
    """Return what a posting is about: the work of its entry, or where the hours come from and go to."""
    if posted.entry is not None:
        given_back = posted.kind == "adjustment"
        return _("Given back: %(title)s", title=posted.entry.title) if given_back else posted.entry.title
    names = {
        "grant": _("Hours of the quarter") if span.is_quarter else _("Hours of the month"),
        "carried_in": _("Carried in"),
        "top_up": _("Hours bought in addition"),
        "expiry": _("Expired"),
        "carried_out": _("Carried on"),
    }
    name, source = names.get(posted.kind, posted.kind), Source.named(posted.reason)
    if posted.kind == "expiry" and source.span is not None:
        return _("Expired: hours of %(month)s", month=_span(source.span))
    if posted.kind == "expiry" and source.day is not None:
        return _("Expired: hours bought on %(day)s", day=day_filter(source.day))
    return name


def _detail(posted: Posted, month: Month, currency: str) -> str:
    if posted.entry is None:
        return ""
    parts = [posted.entry.person_name, posted.entry.note]
    if posted.kind == "overage" and posted.price_minor is not None:
        parts.append(_("billed at %(price)s an hour", price=money_filter(posted.price_minor, currency)))
    paid = beside(posted.grants, month)
    if paid:
        sources = ", ".join(f"{_source(each)} {format_hm(each.seconds)}" for each in paid)
        parts.append(_("drawn from %(sources)s", sources=sources))
    return ", ".join(filter(None, parts))


def _source(drawn: GrantDrawn) -> str:
    """Return where drawn seconds come from: a month, hours bought on a day, or no grant at all."""
    source = drawn.source
    if source.span is not None:
        return _span(source.span)
    if source.day is not None:
        return _("hours bought on %(day)s", day=day_filter(source.day))
    return {OWED: _("owed to a later month"), GIVEN_BACK: _("given back")}.get(drawn.grant, drawn.grant)


def _short(day: date) -> str:
    return day_filter(day, "d MMM")


def _span(span: Span) -> str:
    return f"{_month(span.first)} \N{EN DASH} {_month(span.last)}" if span.is_quarter else _month(span.first)


def _month(month: Month) -> str:
    return str(format_skeleton("yMMMM", month.first_day, locale=str(get_locale())))


def _lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
