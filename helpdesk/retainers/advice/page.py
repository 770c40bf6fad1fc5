"""Advice as its page shows it: the options in rows, the verdict in a sentence (docs/billing.md rule 15)."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.kernel.durations import HOUR, format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.kernel.periods import Month
from helpdesk.retainers.advice.words import hours_words
from helpdesk.retainers.domain.advice import Advice, Kind, Option, Verdict
from helpdesk.retainers.domain.spans import MONTHLY
from helpdesk.retainers.words import label_of, plan_words


@dataclass(frozen=True)
class OptionRow:
    """One option; amounts and durations in words. ``tone`` of the difference: ok is less for the client."""

    name: str
    terms: str
    fee: str
    overage: str
    hourly: str
    paid: str
    difference: str
    tone: str
    beyond: str
    expired: str
    unused_fee: str
    an_hour: str
    margin: str
    is_best: bool
    note: str


@dataclass(frozen=True)
class AdvicePage:
    """What the page says before the table, and its rows in groups."""

    sentence: str
    tone: str
    span: str
    worked: str
    uncosted: str
    rows: Sequence[OptionRow]


def page_of(advice: Advice, *, with_costs: bool) -> AdvicePage:
    """Return the page; margins stand on it only for whoever may see costs."""
    past, months = advice.past, advice.past.months
    span = _("%(first)s to %(last)s", first=_short(months[0]), last=_short(months[-1])) if months else ""
    return AdvicePage(
        sentence=_sentence(advice),
        tone="ok" if advice.verdict is Verdict.BETTER else "",
        span=span,
        worked=format_hm(past.worked_seconds),
        uncosted=format_hm(past.uncosted_seconds) if with_costs and past.uncosted_seconds else "",
        rows=[_row(advice, each, with_costs=with_costs) for each in advice.options] if months else [],
    )


def _sentence(advice: Advice) -> str:
    months = len(advice.past.months)
    match advice.verdict:
        case Verdict.TOO_FEW:
            return ngettext(
                "%(num)s whole month is closed; three are needed before anything can be said.",
                "%(num)s whole months are closed; three are needed before anything can be said.",
                months,
            )
        case Verdict.NO_TIERS:
            return _("We sell no tier in %(currency)s to compare with.", currency=advice.past.currency)
        case Verdict.UNPRICED:
            return _("Some of the time has no price, so that nothing can be compared; it needs a rate first.")
        case Verdict.NOTHING_BETTER:
            return _("%(why)s; nothing that we sell would have cost the client less.", why=_why(advice))
        case Verdict.BETTER:
            return _(
                "%(why)s; %(tier)s would have cost %(saved)s less.",
                why=_why(advice),
                tier=advice.best.name if advice.best else "",
                saved=_money(advice.saved),
            )


def _why(advice: Advice) -> str:
    now, months = advice.now.outcome, len(advice.past.months)
    if now.months_beyond:
        return _("In %(beyond)s of %(months)s months beyond the allowance", beyond=now.months_beyond, months=months)
    if now.expired_seconds:
        return _(
            "In none of %(months)s months beyond the allowance, and %(hours)s h expired unused",
            months=months,
            hours=format_hm(now.expired_seconds),
        )
    return _("In none of %(months)s months beyond the allowance", months=months)


def _row(advice: Advice, option: Option, *, with_costs: bool) -> OptionRow:
    outcome, past = option.outcome, advice.past
    difference = outcome.paid - advice.now.outcome.paid
    comparable = option.is_whole and advice.now.is_whole and option.kind is not Kind.NOW
    margin = outcome.paid - past.cost
    return OptionRow(
        name=_name(option),
        terms=_terms(option, past.currency),
        fee=_money(outcome.fee),
        overage=_money(outcome.overage) if outcome.overage else "",
        hourly=_money(outcome.hourly) if outcome.hourly else "",
        paid=_money(outcome.paid),
        difference=_signed(difference) if comparable else "",
        tone="" if not comparable or not difference else "ok" if difference.minor < 0 else "warn",
        beyond=str(outcome.months_beyond) if outcome.terms else "",
        expired=format_hm(outcome.expired_seconds) if outcome.expired_seconds else "",
        unused_fee=_money(outcome.unused_fee) if outcome.unused_fee else "",
        an_hour=_money(outcome.paid.times(Fraction(HOUR, past.worked_seconds))) if past.worked_seconds else "",
        margin=_money(margin) if with_costs and past.uncosted_seconds < past.worked_seconds else "",
        is_best=option is advice.best,
        note=""
        if option.is_whole
        else _("%(hours)s h have no price and are in no amount", hours=format_hm(outcome.unpriced_seconds)),
    )


def _name(option: Option) -> str:
    match option.kind:
        case Kind.NOW:
            return _("As agreed now")
        case Kind.TIER:
            return option.name
        case Kind.ROLLOVER if option.key == "0":
            return _("As agreed, nothing carried on")
        case Kind.ROLLOVER:
            return ngettext(
                "As agreed, unused hours live %(num)s more month",
                "As agreed, unused hours live %(num)s more months",
                int(option.key),
            )
        case Kind.HOURLY:
            return _("No retainer, all by the hour")


def _terms(option: Option, currency: str) -> str:
    terms = option.outcome.terms
    if terms is None or option.kind is Kind.ROLLOVER:
        return ""
    fee = _money(Money.rounded(terms.fee, currency))
    if terms.pool_months != MONTHLY:
        return _("%(plan)s for %(fee)s a month", plan=plan_words(terms.allowance_seconds, terms.pool_months), fee=fee)
    return _("%(hours)s h for %(fee)s", hours=hours_words(terms.allowance_seconds), fee=fee)


def _money(money: Money) -> str:
    return format_money(money, str(get_locale()))


def _signed(money: Money) -> str:
    return f"+{_money(money)}" if money.minor > 0 else _money(money)


def _short(month: Month) -> str:
    return label_of(month, "MMM y")
