"""What terms mean: a sentence in plain words, and what they would have made of the last months (rules 8 and 15)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import get_locale
from sqlalchemy.orm import Session

from helpdesk.clients.models import Client
from helpdesk.clients.queries import tax_mode_of
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.kernel.periods import local_month
from helpdesk.retainers.books import engine_terms
from helpdesk.retainers.domain.replay import MonthOutcome, Outcome, replay
from helpdesk.retainers.domain.spans import MONTHLY
from helpdesk.retainers.models import Agreement
from helpdesk.retainers.replay import past_of
from helpdesk.retainers.service import NewTerms
from helpdesk.retainers.service.agreements import terms_row
from helpdesk.retainers.words import label_of, plan_words

MONTHS = 6


@dataclass(frozen=True)
class PreviewRow:
    """What one month would have come to; amounts in words, without tax."""

    label: str
    used_seconds: int
    covered_seconds: int
    overage_seconds: int
    fee: str
    beyond: str
    hourly: str
    total: str


@dataclass(frozen=True)
class Preview:
    """Terms in a sentence, the last whole months under them, oldest first, and their sums; without time no rows."""

    sentence: str
    rows: tuple[PreviewRow, ...]
    sums: PreviewRow | None
    notes: tuple[str, ...]


def preview_of(
    session: Session,
    *,
    client: Client,
    terms: NewTerms,
    now: datetime,
    agreement: Agreement | None = None,
    project_ids: Iterable[int] = (),
) -> Preview:
    """Return what terms mean for a client, by the real time of its last six whole months.

    Raises:
        RuleViolation: the terms lack a price of an hour.
    """
    currency = agreement.currency if agreement else client.currency
    zone = ZoneInfo(agreement.time_zone if agreement else client.time_zone)
    this_month = local_month(now, zone)
    months = [this_month.plus(-back) for back in range(MONTHS, 0, -1)]
    past = past_of(session, client=client, months=months, agreement=agreement, project_ids=project_ids)
    engine = engine_terms(terms_row(terms, effective_on=months[0].first_day, now=now), currency)
    outcome = replay(past, engine)
    return Preview(
        sentence=sentence_of(terms, currency),
        rows=tuple(_row(each, currency) for each in outcome.months) if past.entries else (),
        sums=_sums(outcome) if past.entries else None,
        notes=tuple(_notes(terms, outcome, with_tax=tax_mode_of(session, client).included)),
    )


def sentence_of(terms: NewTerms, currency: str) -> str:
    """Return the terms as one says them.

    10 h a month for €1,000.00, drafted in advance; unused hours live 2 more months; beyond that €120.00 an hour, billed
    at month-end. Or: 30 h a quarter for €1,000.00 a month.
    """
    timing = _("drafted in advance") if terms.fee_timing == "advance" else _("drafted after the month")
    parts = [
        _(
            "%(plan)s for %(fee)s, %(timing)s",
            plan=plan_words(terms.allowance_seconds, terms.pool_months),
            fee=_fee(terms, currency),
            timing=timing,
        ),
        _unused(terms),
        _beyond(terms, currency),
    ]
    at_cap = {"ask": _("only what the client agrees to"), "stop": _("nothing is approved beyond")}.get(terms.at_cap)
    return "; ".join(filter(None, [*parts, at_cap])) + "."


def _fee(terms: NewTerms, currency: str) -> str:
    fee = _money(terms.fee_minor, currency)
    return fee if terms.pool_months == MONTHLY else _("%(fee)s a month", fee=fee)


def _unused(terms: NewTerms) -> str:
    if not terms.rollover_months and terms.pool_months != MONTHLY:
        return _("unused hours expire at the end of the quarter")
    if not terms.rollover_months:
        return _("unused hours expire at the end of the month")
    words = ngettext(
        "unused hours live %(num)s more month", "unused hours live %(num)s more months", terms.rollover_months
    )
    if terms.rollover_cap_seconds is not None:
        words += _(", at most %(hours)s of them", hours=format_hm(terms.rollover_cap_seconds))
    return words


def _beyond(terms: NewTerms, currency: str) -> str:
    if terms.carry_deficit and terms.pool_months != MONTHLY:
        return _("what goes beyond is taken from the next quarter")
    if terms.carry_deficit:
        return _("what goes beyond is taken from the next month")
    if terms.overage_rate_minor is None:
        return _("beyond that the rate of the work, billed at month-end")
    return _("beyond that %(price)s an hour, billed at month-end", price=_money(terms.overage_rate_minor, currency))


def _notes(terms: NewTerms, outcome: Outcome, *, with_tax: bool) -> Iterable[str]:
    yield _("Approved time alone, the first month without anything carried in.")
    if terms.pool_months != MONTHLY:
        yield _("The quarters are counted from the first of these months.")
    yield _("All prices have tax in them.") if with_tax else _("All without tax.")
    if terms.at_cap != "warn" and outcome.months_beyond:
        yield _("What goes beyond would have been approved only after more hours had been agreed.")
    if terms.carry_deficit:
        yield _("What the last month still owes is billed there, so that nothing is left out.")
    if outcome.unpriced_seconds:
        hours = format_hm(outcome.unpriced_seconds)
        yield _("%(hours)s h have no price, and are in no amount.", hours=hours)


def _row(month: MonthOutcome, currency: str) -> PreviewRow:
    return PreviewRow(
        label=label_of(month.month, "LLL y"),
        used_seconds=month.burned_seconds,
        covered_seconds=month.covered_seconds,
        overage_seconds=month.overage_seconds,
        fee=_money(month.fee.minor, currency),
        beyond=_money(month.overage.minor, currency),
        hourly=_money(month.hourly.minor, currency),
        total=_money(month.paid.minor, currency),
    )


def _sums(outcome: Outcome) -> PreviewRow:
    months, currency = outcome.months, outcome.currency
    return PreviewRow(
        label=_("Sum"),
        used_seconds=sum(each.burned_seconds for each in months),
        covered_seconds=sum(each.covered_seconds for each in months),
        overage_seconds=sum(each.overage_seconds for each in months),
        fee=_money(outcome.fee.minor, currency),
        beyond=_money(outcome.overage.minor, currency),
        hourly=_money(outcome.hourly.minor, currency),
        total=_money(outcome.paid.minor, currency),
    )


def _money(minor: int, currency: str) -> str:
    return format_money(Money(minor, currency), str(get_locale() or "en"))
