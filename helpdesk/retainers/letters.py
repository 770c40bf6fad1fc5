"""What a retainer writes about its hours: to the account manager, and to the client in its own language (rule 14)."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton
from flask import current_app
from flask_babel import force_locale
from sqlalchemy.orm import Session

from helpdesk.clients.queries import tax_mode_of
from helpdesk.company import service as company
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.money import Money, format_money
from helpdesk.kernel.periods import Month, local_day
from helpdesk.retainers.books import MonthView, engine_agreement, terms_in
from helpdesk.retainers.domain.spans import Span
from helpdesk.retainers.models import Agreement, HoursAsked


@dataclass(frozen=True)
class Letter:
    """Subject and text of a mail."""

    subject: str
    text: str


def to_manager(_session: Session, view: MonthView, *, level: str | None, language: str) -> Letter:
    """Return the mail to the account manager; ``level`` is the percent that was reached, None for a mere forecast."""
    locale = letter_language(language)
    name = f"{view.agreement.client.name}, {view.agreement.name}"
    link = link_of(f"/retainers/{view.agreement.id}?month={view.month}")
    with force_locale(locale):
        facts = [*_facts(view), _pending(view), _forecast(view), _beyond(view, locale)]
        text = "\n".join([*filter(None, facts), *(["", link] if link else [])])
        return Letter(_subject(view, name, level, locale), f"{text}\n")


def to_client(session: Session, view: MonthView, *, level: str | None, language: str) -> Letter:
    """Return the mail to the client; what is not approved yet is no fact for it."""
    locale = letter_language(language)
    words = {"month": _span(view.span, locale), "level": level, "name": view.agreement.name}
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


@dataclass(frozen=True)
class Question:
    """More hours as the client is asked for them: the mail, and in its ``language`` what its page ``says``."""

    letter: Letter
    language: str
    says: str


def question(
    session: Session,
    agreement: Agreement,
    *,
    month: Month,
    seconds: int,
    price_minor: int,
    most: Money,
    expires_at: datetime,
    link: str,
) -> Question:
    """Return what the client is asked: how many more hours, at which price, and what they cost at most."""
    locale, ours = letter_language(agreement.client.language), company.find_company(session)
    span = engine_agreement(agreement).span_of(month)
    with force_locale(locale):
        last = local_day(expires_at, ZoneInfo(agreement.time_zone))
        facts = [
            _("More hours in %(month)s: %(hours)s h", month=_month(month, locale), hours=format_hm(seconds)),
            _("Price of an hour: %(price)s", price=format_money(Money(price_minor, agreement.currency), locale)),
            _("They cost at most: %(most)s, tax included", most=format_money(most, locale))
            if tax_mode_of(session, agreement.client).included
            else _("They cost at most: %(most)s, without tax", most=format_money(most, locale)),
        ]
        if terms_in(agreement, month).carry_deficit:
            facts.append(taken_later(is_of_quarter=span.is_quarter))
        says = "\n".join(
            [
                _("%(name)s: the hours of %(month)s are used.", name=agreement.name, month=_span(span, locale)),
                *facts,
                _("Only time that is worked and approved is counted."),
                _("This can be answered until %(day)s.", day=format_date(last, "long", locale=locale)),
            ]
        )
        text = _(
            "Hello,\n\n%(says)s\n\nDo you agree? Please answer here, no sign-in is needed:\n%(link)s\n\n%(company)s\n",
            says=says,
            link=link,
            company=ours.name if ours else "",
        )
        subject = _(
            "%(name)s: do you agree to more hours in %(month)s?", name=agreement.name, month=_month(month, locale)
        )
        return Question(Letter(subject, text), locale, says)


def answered(asked: HoursAsked, *, name: str, note: str, grants: bool, language: str) -> Letter:
    """Return the mail that tells of a client's answer: to the account manager, and to whoever asked."""
    locale, month, agreement = letter_language(language), Month.of(asked.month), asked.agreement
    with force_locale(locale):
        words = {"client": agreement.client.name, "hours": format_hm(asked.seconds), "month": _month(month, locale)}
        if grants:
            subject = _("%(client)s agrees to %(hours)s h more in %(month)s", **words)
        else:
            subject = _("%(client)s declines %(hours)s h more in %(month)s", **words)
        link = link_of(f"/retainers/{agreement.id}?month={month}#more")
        text = "\n".join([f"{name}: {note}" if note else name, *(["", link] if link else [])])
        return Letter(subject, f"{text}\n")


def link_of(path: str) -> str:
    """Return the address of a page of ours as it stands in a mail; empty where we do not know our own."""
    base_url = str(current_app.config["BASE_URL"] or "").rstrip("/")
    return f"{base_url}{path}" if base_url else ""


def _subject(view: MonthView, name: str, level: str | None, locale: str) -> str:
    words = {"name": name, "level": level, "month": _span(view.span, locale)}
    if level is None:
        return _("%(name)s: the forecast for %(month)s is above the hours agreed", **words)
    return _("%(name)s: %(level)s %% of the hours of %(month)s are used", **words)


def _facts(view: MonthView) -> list[str]:
    statement, allowance = view.statement, format_hm(view.statement.allowance_seconds)
    facts = [
        _("Hours of the quarter: %(hours)s h", hours=allowance)
        if view.span.is_quarter
        else _("Hours of the month: %(hours)s h", hours=allowance),
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
    words = {"low": format_hm(forecast.low_seconds), "high": format_hm(forecast.high_seconds)}
    if view.span.is_quarter:
        return _("Forecast for the quarter: %(low)s to %(high)s h", **words)
    return _("Forecast for the month: %(low)s to %(high)s h", **words)


def _beyond(view: MonthView, locale: str) -> str:
    """Return what becomes of time beyond the hours of the month or quarter."""
    terms = terms_in(view.agreement, view.month)
    if terms.carry_deficit:
        return taken_later(is_of_quarter=view.span.is_quarter)
    if terms.overage_rate_minor is None:
        return _("What goes beyond is billed at the rate of the work.")
    price = format_money(Money(terms.overage_rate_minor, view.agreement.currency), locale)
    return _("What goes beyond is billed at %(price)s an hour.", price=price)


def taken_later(*, is_of_quarter: bool) -> str:
    """Return what becomes of time beyond the hours of a month or quarter where the deficit is carried."""
    if is_of_quarter:
        return _("What goes beyond is taken from the next quarter.")
    return _("What goes beyond is taken from the next month.")


def _span(span: Span, locale: str) -> str:
    first, last = _month(span.first, locale), _month(span.last, locale)
    return f"{first} \N{EN DASH} {last}" if span.is_quarter else first


def _month(month: Month, locale: str) -> str:
    return str(format_skeleton("yMMMM", month.first_day, locale=locale))
