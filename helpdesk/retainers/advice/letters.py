"""The draft of a mail that offers a better tier in the language of the client; nothing sends it by itself (rule 15)."""

from babel.dates import format_skeleton
from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.clients.queries import tax_mode_of
from helpdesk.company import service as company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.kernel.periods import Month
from helpdesk.retainers.domain.advice import Advice, Option
from helpdesk.retainers.domain.spans import MONTHLY
from helpdesk.retainers.letters import Letter, taken_later
from helpdesk.retainers.models import Agreement


def draft(session: Session, agreement: Agreement, advice: Advice) -> Letter | None:
    """Return the mail that offers the best tier; None where none is better than what is agreed."""
    if advice.best is None:
        return None
    locale = letter_language(agreement.client.language)
    ours, with_tax = company.find_company(session), tax_mode_of(session, agreement.client).included
    with force_locale(locale):
        text = _(
            "Hello,\n\nwe have looked at how you used %(name)s from %(first)s to %(last)s.\n\n%(says)s\n\n"
            "Shall we change to %(tier)s? Reply to this mail, and we agree on the day.\n\n%(company)s\n",
            name=agreement.name,
            first=_month(advice.past.months[0], locale),
            last=_month(advice.past.months[-1], locale),
            says="\n".join(_says(agreement, advice, advice.best, locale, with_tax=with_tax)),
            tier=advice.best.name,
            company=ours.name if ours else "",
        )
        return Letter(_("%(name)s: %(tier)s would fit better", name=agreement.name, tier=advice.best.name), text)


def _says(agreement: Agreement, advice: Advice, best: Option, locale: str, *, with_tax: bool) -> list[str]:
    now, then, months = advice.now.outcome, best.outcome, len(advice.past.months)
    said = []
    if now.months_beyond:
        said.append(
            _(
                "In %(beyond)s of %(months)s months you needed more hours than agreed.",
                beyond=now.months_beyond,
                months=months,
            )
        )
    if now.expired_seconds:
        said.append(_("Hours that expired unused: %(hours)s h", hours=format_hm(now.expired_seconds)))
    said.append(
        _(
            "%(tier)s includes %(hours)s h a month for %(fee)s.",
            tier=best.name,
            hours=format_hm(then.terms.allowance_seconds if then.terms else 0),
            fee=format_money(Money.rounded(then.terms.fee if then.terms else 0, agreement.currency), locale),
        )
    )
    said.append(_beyond(agreement, best, locale))
    sums = {
        "then": format_money(then.paid, locale),
        "now": format_money(now.paid, locale),
        "saved": format_money(advice.saved, locale),
    }
    said.append(
        _(
            "In these months you would have paid %(then)s instead of %(now)s, tax included, which is %(saved)s less.",
            **sums,
        )
        if with_tax
        else _(
            "In these months you would have paid %(then)s instead of %(now)s before tax, which is %(saved)s less.",
            **sums,
        )
    )
    return said


def _beyond(agreement: Agreement, best: Option, locale: str) -> str:
    terms = best.outcome.terms
    if terms is not None and terms.carry_deficit:
        return taken_later(is_of_quarter=terms.pool_months != MONTHLY)
    if terms is None or terms.overage_rate is None:
        return _("What goes beyond is billed at the rate of the work.")
    price = format_money(Money.rounded(terms.overage_rate, agreement.currency), locale)
    return _("What goes beyond is billed at %(price)s an hour.", price=price)


def _month(month: Month, locale: str) -> str:
    return str(format_skeleton("yMMMM", month.first_day, locale=locale))
