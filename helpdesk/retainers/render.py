"""Months of agreements as the pages show them: rows of the board, facts and terms."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import lazy_gettext as _l
from helpdesk.kernel.durations import HOUR, format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers.advice.words import unused_words
from helpdesk.retainers.books import MonthView, terms_in
from helpdesk.retainers.domain.spans import MONTHLY
from helpdesk.retainers.domain.terms import AtCap
from helpdesk.retainers.models import Agreement, AgreementTerms, RetainerAlert, RetainerPeriod
from helpdesk.retainers.words import label_of, label_of_day, plan_words

HOT, OUT = 80, 100
CAP_NAMES = {
    "warn": _l("warn and go on"),
    "ask": _l("ask the client for more hours"),
    "stop": _l("approve no more"),
}
"""What becomes of time beyond the allowance of a month (rule 14)."""


@dataclass(frozen=True)
class Alert:
    """A mark on a row: ``tone`` is warn or danger."""

    tone: str
    text: str
    note: str = ""


@dataclass(frozen=True)
class Bar:
    """One month of the small bars on the board."""

    label: str
    percent: int


@dataclass(frozen=True)
class BoardRow:
    """One agreement in one month on the board; durations in seconds of burn."""

    agreement_id: int
    client_name: str
    plan: str
    allowance_seconds: int
    allowance_note: str
    used_seconds: int
    pending_seconds: int
    left_seconds: int
    used_percent: int
    pending_percent: int
    forecast: str
    forecast_tone: str
    months: tuple[Bar, ...]
    alert: Alert | None
    told: str


@dataclass(frozen=True)
class Fact:
    """A label and its value."""

    label: str
    value: str
    strong: bool = False


def board_row(
    view: MonthView, *, as_of: date, before: Sequence[RetainerPeriod], told: Sequence[RetainerAlert] = ()
) -> BoardRow:
    """Return the board's row of one agreement; ``before`` are its closed periods, ``told`` its alerts, oldest first."""
    statement = view.statement
    allowance = statement.allowance_seconds
    return BoardRow(
        agreement_id=view.agreement.id,
        client_name=view.agreement.client.name,
        plan=_plan(terms_in(view.agreement, view.month)),
        allowance_seconds=allowance,
        allowance_note=_allowance_note(view),
        used_seconds=statement.burned_seconds,
        pending_seconds=statement.pending_seconds,
        left_seconds=view.left_seconds,
        used_percent=statement.used_percent,
        pending_percent=percent(statement.pending_seconds, allowance),
        forecast=_forecast_hours(view) if view.closed is None and as_of <= view.month.last_day else "",
        forecast_tone="danger" if view.is_stopped or view.left_seconds < 0 else "warn" if statement.may_exceed else "",
        months=tuple(_bar(period) for period in before[-6:]),
        alert=alert_of(view),
        told=_told_last(view, told),
    )


def told_of(agreement: Agreement, alerts: Sequence[RetainerAlert]) -> list[Fact]:
    """Return what was told of a month, oldest first: the threshold, and when and whom."""
    return [Fact(_threshold(alert), _told(agreement, alert)) for alert in alerts]


def _told(agreement: Agreement, alert: RetainerAlert) -> str:
    words = {"day": _found_on(agreement, alert)}
    match sorted(alert.told):
        case []:
            return _("%(day)s, nobody could be told", **words)
        case ["client"]:
            return _("%(day)s, told the client", **words)
        case ["manager"]:
            return _("%(day)s, told the account manager", **words)
        case _:
            return _("%(day)s, told the account manager and the client", **words)


def _told_last(view: MonthView, alerts: Sequence[RetainerAlert]) -> str:
    heard = [alert for alert in alerts if alert.told]
    if not heard:
        return ""
    day = _found_on(view.agreement, heard[-1])
    return _("%(threshold)s told %(day)s", threshold=_threshold(heard[-1]), day=day)


def _threshold(alert: RetainerAlert) -> str:
    return _("Forecast") if alert.threshold == "forecast" else f"{alert.threshold} %"


def _found_on(agreement: Agreement, alert: RetainerAlert) -> str:
    return label_of_day(local_day(alert.found_at, ZoneInfo(agreement.time_zone)))


def alert_of(view: MonthView) -> Alert | None:
    """Return what stands out: over the allowance, a threshold, or a forecast beyond it (docs/billing.md rule 14)."""
    statement = view.statement
    if view.is_stopped:
        note = _("waits for the client") if view.at_cap is AtCap.ASK else _("no more is approved")
        return Alert("danger", _("Stopped"), note)
    if view.left_seconds < 0:
        return Alert("danger", _("Over by %(hours)s", hours=format_hm(-view.left_seconds)), _("billed at month-end"))
    if statement.used_percent >= HOT:
        tone = "danger" if statement.used_percent >= OUT else "warn"
        return Alert(tone, f"{statement.used_percent} %", _("of the allowance used"))
    if view.closed is None and statement.may_exceed:
        return Alert("warn", _("May run over"), _("by the run of the last weeks"))
    return None


def percent(part_seconds: int, whole_seconds: int) -> int:
    """Return the share in whole percent; 0 of nothing."""
    return 100 * part_seconds // whole_seconds if whole_seconds > 0 else 0


def facts_of(view: MonthView) -> list[Fact]:
    """Return the figures beside the picture."""
    statement, period, currency = view.statement, view.statement.period, view.agreement.currency
    facts = [
        Fact(_("Left"), _left_words(view), strong=True),
        Fact(_("Allowance"), _allowance_note(view) or format_hm(statement.allowance_seconds)),
        Fact(_("Used in the quarter") if view.span.is_quarter else _("Used"), format_hm(statement.burned_seconds)),
    ]
    if period.overage_seconds:
        amount = format_money(period.overage_amount, str(get_locale()))
        name = _("Overage") if view.closed else _("Over at close")
        facts.append(Fact(name, f"{format_hm(period.overage_seconds)}, {amount}"))
    if period.expired_seconds:
        facts.append(Fact(_("Expires unused"), format_hm(period.expired_seconds)))
    if period.carried_out_seconds:
        facts.append(Fact(_("Carried on"), format_hm(period.carried_out_seconds)))
    facts.append(Fact(_("Fee"), format_money(Money(period.fee.minor, currency), str(get_locale()))))
    return facts


def terms_of(agreement: Agreement, month: Month) -> list[Fact]:
    """Return the terms in force in a month, in words."""
    terms, locale = terms_in(agreement, month), str(get_locale())
    facts = [
        Fact(_("Allowance"), _plan(terms)),
        Fact(_("Fee a month"), format_money(Money(terms.fee_minor, agreement.currency), locale)),
        Fact(_("Fee is drafted"), _("in advance") if terms.fee_timing == "advance" else _("after the month")),
        Fact(_("Beyond that"), _overage_words(agreement, terms, locale)),
        Fact(_("At the cap"), str(CAP_NAMES[terms.at_cap])),
        Fact(_("Unused hours"), unused_words(terms.rollover_months, terms.rollover_cap_seconds, terms.pool_months)),
        Fact(_("Time zone"), agreement.time_zone),
        Fact(_("From"), format_date(agreement.starts_on, "d MMM y", locale=get_locale())),
    ]
    if agreement.ends_on:
        facts.append(Fact(_("Until"), format_date(agreement.ends_on, "d MMM y", locale=get_locale())))
    return facts


def _left_words(view: MonthView) -> str:
    left, pending = view.left_seconds, view.statement.pending_seconds
    if not pending:
        return format_hm(left)
    return _("%(left)s, or %(rest)s with pending", left=format_hm(left), rest=format_hm(left - pending))


def _plan(terms: AgreementTerms) -> str:
    return plan_words(terms.allowance_seconds, terms.pool_months)


def _allowance_note(view: MonthView) -> str:
    statement = view.statement
    parts = []
    if statement.carried_in_seconds:
        parts.append(_("%(hours)s carried in", hours=format_hm(statement.carried_in_seconds)))
    if statement.topped_up_seconds:
        parts.append(_("%(hours)s top-up", hours=format_hm(statement.topped_up_seconds)))
    return ", ".join(parts)


def _forecast_hours(view: MonthView) -> str:
    forecast = view.statement.forecast
    if view.is_stopped:
        return _("stopped")
    if forecast is None:
        return ""
    low, high = forecast.low_seconds // HOUR, -(-forecast.high_seconds // HOUR)
    if view.span.is_quarter:
        return _("%(low)s to %(high)s h by %(day)s", low=low, high=high, day=label_of_day(view.span.last.last_day))
    return _("%(low)s to %(high)s h", low=low, high=high)


def _bar(period: RetainerPeriod) -> Bar:
    allowance = period.granted_seconds + period.carried_in_seconds + period.topped_up_seconds
    used = period.used_seconds + period.overage_seconds
    return Bar(label_of(Month.of(period.month), "LLL"), percent(used, allowance))


def _overage_words(agreement: Agreement, terms: AgreementTerms, locale: str) -> str:
    if terms.carry_deficit:
        return _("carried to the next month") if terms.pool_months == MONTHLY else _("carried to the next quarter")
    if terms.overage_rate_minor is None:
        return _("at the rate of the work")
    price = format_money(Money(terms.overage_rate_minor, agreement.currency), locale)
    return _("%(price)s an hour", price=price)
