"""What an expense comes to and what the client pays for it, written into its row (docs/billing.md rules E1 to E4)."""

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.expenses.domain.amounts import (
    EXCHANGE_DAYS,
    ExchangeStep,
    RateStep,
    Taxed,
    billed_amount,
    convert,
    exchange_on,
    mileage_amount,
    per_diem_amount,
    split_tax,
    step_on,
)
from helpdesk.expenses.domain.facts import (
    MOST_DAYS,
    MOST_DISTANCE,
    MOST_MARKUP,
    Facts,
    FieldRefused,
    read_amount,
    read_number,
    read_percent,
)
from helpdesk.expenses.models import ExchangeRate, Expense, ExpenseRate
from helpdesk.expenses.service.catalogue import MOST_RATE
from helpdesk.infra.ahead import rows_of
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, format_price
from helpdesk.projects.models import Project


@dataclass(frozen=True)
class Billing:
    """What the client pays before tax, and how that came about."""

    amount: Money
    reason: str


def write_facts(session: Session, expense: Expense, facts: Facts) -> None:
    """Write into ``expense`` what was typed and what it comes to; category, project and person stand there already.

    Raises:
        FieldRefused: something typed is wrong; it names its field.
    """
    expense.kind, expense.spent_on, expense.note = facts.kind, facts.spent_on, facts.note.strip()
    _write_amount(session, expense, facts)
    _write_exchange(session, expense, facts.exchange_rate, facts.exchange_source)
    expense.billing = "not_billable" if is_internal(expense.project) else facts.billing
    markup = read_percent(facts.markup_percent, "markup_percent", most=MOST_MARKUP)
    expense.markup_percent = f"{markup:f}" if facts.billing == "markup" else "0"
    forget_price(expense)


def forget_price(expense: Expense) -> None:
    """Take back what submitting and approving wrote about the price."""
    expense.bill_minor, expense.bill_currency, expense.bill_reason = None, "", ""


def write_price(session: Session, expense: Expense) -> None:
    """Write what the client pays, or that nobody does.

    Raises:
        RuleViolation: a rate of exchange is missing; the message says which, and how to go on.
    """
    forget_price(expense)
    if expense.company_minor is None:
        _write_exchange(session, expense)
    found = billing_of(session, expense)
    if found is None:
        expense.bill_reason = "not billable"
        return
    expense.bill_minor, expense.bill_currency, expense.bill_reason = (
        found.amount.minor,
        found.amount.currency,
        found.reason,
    )


def billing_of(session: Session, expense: Expense) -> Billing | None:
    """Return what the client pays for the expense before tax; None where it is not billable (rule E4).

    Raises:
        RuleViolation: a rate of exchange is missing; the message says which, and how to go on.
    """
    if expense.company_minor is None:
        raise RuleViolation(_no_exchange(expense.currency, expense.company_currency, expense.spent_on))
    if expense.billing == "not_billable":
        return None
    net = Money(expense.net_minor, expense.currency)
    currency = expense.project.client.currency
    rate, by = _rate_to(session, expense, currency)
    amount = billed_amount(net, rate=rate, markup_percent=Decimal(expense.markup_percent), currency=currency)
    markup = f" + {expense.markup_percent} %" if Decimal(expense.markup_percent) else ""
    return Billing(amount, f"{net} {net.currency} net{by}{markup} = {amount} {currency}")


def is_internal(project: Project) -> bool:
    """Whether nobody is billed for the project, as it is our own."""
    return project.billing == "internal" or project.client.is_internal


def exchange_rate(session: Session, currency: str, to_currency: str, day: date) -> ExchangeStep | None:
    """Return the latest rate of the table that says something about ``day``; None where there is none (rule E3)."""
    query = select(ExchangeRate).where(
        ExchangeRate.currency == currency, ExchangeRate.to_currency == to_currency, ExchangeRate.effective_on <= day
    )
    newest = session.scalars(query.order_by(ExchangeRate.effective_on.desc()).limit(1))
    return exchange_on([ExchangeStep(row.effective_on, Decimal(row.rate), row.source) for row in newest], day)


def exchanged_on(session: Session, to_currency: str, day: date) -> set[str]:
    """Return the currencies of which the table has a rate to another one that says something about ``day``."""
    return {row.currency for row in rows_of(session, exchanged_asked(to_currency, day))}


def exchanged_asked(to_currency: str, day: date) -> Select[str]:
    """Return the question of `exchanged_on`, to be asked together with others."""
    oldest = day - timedelta(days=EXCHANGE_DAYS)
    query = select(ExchangeRate.currency).where(ExchangeRate.to_currency == to_currency)
    return query.where(ExchangeRate.effective_on.between(oldest, day)).distinct()


def _write_amount(session: Session, expense: Expense, facts: Facts) -> None:
    expense.rate_id, expense.unit_amount, expense.partial_amount = None, "", ""
    expense.distance, expense.full_days, expense.partial_days = "", 0, 0
    if facts.kind == "amount":
        percent = read_percent(facts.tax_percent, "tax_percent")
        typed = read_amount(facts.amount, facts.currency)
        taxed = split_tax(typed, percent, included=facts.tax_included)
        expense.tax_percent, expense.tax_included = f"{percent:f}", facts.tax_included
    else:
        amount = _by_table(session, expense, facts)
        taxed = Taxed(amount, Money.zero(amount.currency), amount)
        expense.tax_percent, expense.tax_included = "0", True
    expense.currency = taxed.gross.currency
    expense.net_minor, expense.tax_minor, expense.gross_minor = taxed.net.minor, taxed.tax.minor, taxed.gross.minor


def _by_table(session: Session, expense: Expense, facts: Facts) -> Money:
    """Return what distance or days come to by the table of the day, and write down what was counted at what."""
    rate = session.get(ExpenseRate, facts.rate_id) if facts.rate_id else None
    if rate is None or rate.kind != facts.kind:
        raise FieldRefused(
            field="rate_id", message="Choose the table that pays this; a manager adds them under Expenses, Lists."
        )
    step = step_on((_step(row.effective_on, row.amount, row.partial_amount) for row in rate.steps), facts.spent_on)
    if step is None:
        first = min((row.effective_on for row in rate.steps), default=None)
        message = (
            f"{rate.name} pays nothing on {facts.spent_on} yet: it begins on {first}. A manager can add an amount."
        )
        raise FieldRefused(field="rate_id", message=message)
    expense.rate_id, expense.rate = rate.id, rate
    expense.unit_amount, expense.partial_amount = f"{step.amount:f}", f"{step.partial:f}"
    if facts.kind == "mileage":
        distance = read_number(facts.distance, "distance", most=MOST_DISTANCE)
        if not distance:
            raise FieldRefused(field="distance", message=f"Say how many {rate.unit} it were.")
        expense.distance = f"{distance:f}"
        return mileage_amount(distance, step.amount, rate.currency)
    return _days(expense, facts, step, rate.currency)


def _days(expense: Expense, facts: Facts, step: RateStep, currency: str) -> Money:
    full, partial = facts.full_days or 0, facts.partial_days or 0
    if not 0 < full + partial <= MOST_DAYS or min(full, partial) < 0:
        raise FieldRefused(
            field="full_days", message=f"Say how many whole and partial days it were, up to {MOST_DAYS} together."
        )
    if partial and not step.partial:
        raise FieldRefused(field="partial_days", message="This table pays whole days only.")
    expense.full_days, expense.partial_days = full, partial
    return per_diem_amount(full, partial, step, currency)


def _step(effective_on: date, amount: str, partial: str) -> RateStep:
    return RateStep(effective_on, Decimal(amount), Decimal(partial))


def _write_exchange(session: Session, expense: Expense, rate: str = "", source: str = "") -> None:
    """Write the value in the company's currency: by the typed rate, else by the table; none is none (rule E3)."""
    own = company.get_company(session).currency
    typed = read_number(rate, "exchange_rate", most=MOST_RATE)
    expense.company_currency = own
    found: ExchangeStep | None
    if expense.currency == own:
        found = ExchangeStep(expense.spent_on, Decimal(1), "")
    elif typed:
        found = ExchangeStep(expense.spent_on, typed, source.strip() or "typed with the expense")
    else:
        found = exchange_rate(session, expense.currency, own, expense.spent_on)
    gross = Money(expense.gross_minor, expense.currency)
    expense.exchange_rate = None if found is None else f"{found.rate:f}"
    expense.exchange_on = None if found is None else found.effective_on
    expense.exchange_source = "" if found is None else found.source
    expense.company_minor = None if found is None else convert(gross, found.rate, own).minor


def _rate_to(session: Session, expense: Expense, currency: str) -> tuple[Fraction, str]:
    """Return what one unit of the expense's currency is in the client's, and the words for it."""
    if expense.currency == currency:
        return Fraction(1), ""
    ours = Fraction(expense.exchange_rate or 0)
    by = f" at {expense.exchange_rate} ({expense.exchange_source}, {expense.exchange_on})"
    if currency == expense.company_currency:
        return ours, by
    theirs = exchange_rate(session, currency, expense.company_currency, expense.spent_on)
    if theirs is None:
        raise RuleViolation(_no_exchange(currency, expense.company_currency, expense.spent_on))
    shown = "" if expense.currency == expense.company_currency else by
    price = format_price(theirs.rate, expense.company_currency)
    return ours / Fraction(theirs.rate), f"{shown} ÷ {price} ({theirs.source}, {theirs.effective_on})"


def _no_exchange(currency: str, own: str, day: date) -> str:
    return (
        f"There is no rate from {currency} to {own} for {day} or the {EXCHANGE_DAYS} days before. Type the rate with "
        "the expense, or have a manager enter it under Expenses, Lists. Until then the expense stays a draft."
    )
