"""Tiers and terms in words, for the pages (docs/billing.md rule 15)."""

from dataclasses import dataclass

from flask_babel import get_locale

from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.kernel.durations import HOUR, format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.retainers.domain.spans import MONTHLY
from helpdesk.retainers.models import Tier


@dataclass(frozen=True)
class TierRow:
    """A tier in the list of what we sell."""

    id: int
    name: str
    hours: str
    fee: str
    overage: str
    unused: str
    in_use: bool


def row_of(tier: Tier) -> TierRow:
    """Return the tier as its row shows it."""
    locale = str(get_locale())
    rate = tier.overage_rate_minor
    price = _("at the rate of the work") if rate is None else format_money(Money(rate, tier.currency), locale)
    return TierRow(
        id=tier.id,
        name=tier.name,
        hours=hours_words(tier.allowance_seconds),
        fee=format_money(Money(tier.fee_minor, tier.currency), locale),
        overage=_("carried to the next month") if tier.carry_deficit else price,
        unused=unused_words(tier.rollover_months, tier.rollover_cap_seconds),
        in_use=tier.archived_at is None,
    )


def hours_words(seconds: int) -> str:
    """Return whole hours as people say them (10), others with their minutes (7:30)."""
    return str(seconds // HOUR) if seconds % HOUR == 0 else format_hm(seconds)


def unused_words(rollover_months: int, cap_seconds: int | None, pool_months: int = MONTHLY) -> str:
    """Return what becomes of unused hours of a month, or of a quarter."""
    if not rollover_months:
        return _("expire at the end of the month") if pool_months == MONTHLY else _("expire at the end of the quarter")
    words = ngettext("live %(num)s more month", "live %(num)s more months", rollover_months)
    if cap_seconds is not None:
        words += _(", at most %(hours)s", hours=format_hm(cap_seconds))
    return words
