"""What a retainer writes about its hours: to the account manager, and to the client in its own language (rule 14)."""

from dataclasses import dataclass

from babel.dates import format_skeleton
from flask import current_app
from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.kernel.periods import Month
from helpdesk.retainers.books import MonthView, engine_agreement
from helpdesk.retainers.models import AgreementTerms


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail."""

    subject: str
    text: str


def to_manager(_session: Session, view: MonthView, *, level: str | None, language: str) -> Letter:
    """Return the mail to the account manager; ``level`` is the percent that was reached, None for a mere forecast."""
    locale = letter_language(language)
    name = f"{view.agreement.client.name}, {view.agreement.name}"
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    link = f"{base_url}/retainers/{view.agreement.id}?month={view.month}" if base_url else ""
    with force_locale(locale):
        facts = [*_facts(view), _pending(view), _forecast(view), _beyond(view, locale)]
        text = "\n".join([*filter(None, facts), *(["", link] if link else [])])
        return Letter(_subject(view, name, level, locale), f"{text}\n")


def to_client(session: Session, view: MonthView, *, level: str | None, language: str) -> Letter:
    """Return the mail to the client; what is not approved yet is no fact for it."""
    locale = letter_language(language)
    words = {"month": _month(view.month, locale), "level": level, "name": view.agreement.name}
    ours = company.find_company(session)
    with force_locale(locale):
        if level is None:
            says = _(
                "by the pace of the last weeks you will need more hours in %(month)s than %(name)s includes.", **words
            )
        else:
            says = _("%(level)s %% of the hours that %(name)s includes in %(month)s are used.", **words)
        facts = "\n".join(filter(None, [*_facts(view), _forecast(view), _beyond(view, locale)]))
        text = _(
            "Hello,\n\n%(says)s\n\n%(facts)s\n\nQuestions, or more hours needed? Reply to this mail.\n\n%(company)s\n",
            says=says,
            facts=facts,
            company=ours.name if ours else "",
        )
        return Letter(_subject(view, view.agreement.name, level, locale), text)


def _subject(view: MonthView, name: str, level: str | None, locale: str) -> str:
    words = {"name": name, "level": level, "month": _month(view.month, locale)}
    if level is None:
        return _("%(name)s: the forecast for %(month)s is above the hours agreed", **words)
    return _("%(name)s: %(level)s %% of the hours of %(month)s are used", **words)


def _facts(view: MonthView) -> list[str]:
    statement = view.statement
    facts = [
        _("Hours of the month: %(hours)s h", hours=format_hm(statement.allowance_seconds)),
        _(
            "Used: %(hours)s h (%(percent)s %%)",
            hours=format_hm(statement.burned_seconds),
            percent=view.statement.used_percent,
        ),
    ]
    if view.left_seconds < 0:
        return [*facts, _("Beyond them: %(hours)s h", hours=format_hm(-view.left_seconds))]
    return [*facts, _("Left: %(hours)s h", hours=format_hm(view.left_seconds))]


def _pending(view: MonthView) -> str:
    pending = view.statement.pending_seconds
    return _("Not approved yet: %(hours)s h", hours=format_hm(pending)) if pending else ""


def _forecast(view: MonthView) -> str:
    forecast = view.statement.forecast
    if forecast is None or not view.statement.may_exceed:
        return ""
    return _(
        "Forecast for the month: %(low)s to %(high)s h",
        low=format_hm(forecast.low_seconds),
        high=format_hm(forecast.high_seconds),
    )


def _beyond(view: MonthView, locale: str) -> str:
    """Return what becomes of time beyond the hours of the month."""
    terms = _terms(view)
    if terms.carry_deficit:
        return _("What goes beyond is taken from the next month.")
    if terms.overage_rate_minor is None:
        return _("What goes beyond is billed at the rate of the work.")
    price = format_money(Money(terms.overage_rate_minor, view.agreement.currency), locale)
    return _("What goes beyond is billed at %(price)s an hour.", price=price)


def _terms(view: MonthView) -> AgreementTerms:
    begins = engine_agreement(view.agreement).terms_in(view.month).effective_on
    return next(each for each in view.agreement.terms if each.effective_on == begins)


def _month(month: Month, locale: str) -> str:
    return str(format_skeleton("yMMMM", month.first_day, locale=locale))
