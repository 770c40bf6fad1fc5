"""The lists that expenses are made from: categories, mileage and per-diem tables, rates of exchange (rules E1, E3)."""

from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.expenses.domain.facts import read_number, read_percent
from helpdesk.expenses.models import ExchangeRate, ExpenseCategory, ExpenseRate, ExpenseRateStep
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation
from helpdesk.kernel.money import check_currency
from helpdesk.kernel.taxes import check_tax

DEFAULT_CATEGORIES = (
    ("Travel", None),
    ("Accommodation", None),
    ("Meals", None),
    ("Mileage", "mileage"),
    ("Per diem", "per_diem"),
    ("Software and licences", None),
    ("Hardware", None),
    ("Postage", None),
    ("Other", "amount"),
)
MOST_UNIT_AMOUNT = 100_000
MOST_RATE = 10_000_000


def add_default_categories(session: Session, *, actor: Actor, now: datetime) -> list[ExpenseCategory]:
    """Add the categories that a new house begins with, as far as they are missing, and return what was added."""
    known = set(session.scalars(select(func.lower(ExpenseCategory.name))))
    taken = set(session.scalars(select(ExpenseCategory.default_for)))
    added = [
        ExpenseCategory(name=name, default_for=None if kind in taken else kind)
        for name, kind in DEFAULT_CATEGORIES
        if name.lower() not in known
    ]
    session.add_all(added)
    session.flush()
    names = [category.name for category in added]
    audit.record(session, actor=actor, action="added", kind="expense_category", object_id=None, now=now, names=names)
    return added


def add_category(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    name: str,
    tax_category: str = "",
    tax_percent: str = "",
    tax_reason: str = "",
) -> ExpenseCategory:
    """Add a category, with the tax that it has on invoices; without ``tax_category`` that is the client's own.

    Raises:
        Denied: the actor's role does not keep these lists.
        RuleViolation: no name, one that there is already, or no such tax (see `helpdesk.kernel.taxes.check_tax`).
    """
    _require_manager(actor)
    tax = _tax(tax_category, tax_percent, tax_reason)
    category = ExpenseCategory(name=_own_name(session, ExpenseCategory, name), **tax)
    session.add(category)
    session.flush()
    _record(session, actor, now, "added", category.id, name=category.name, **tax)
    return category


def change_category(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    category_id: int,
    name: str,
    tax_category: str = "",
    tax_percent: str = "",
    tax_reason: str = "",
    in_use: bool = True,
) -> ExpenseCategory:
    """Change a category; one that is not in use any more is not offered, and stays on what has it.

    Raises:
        Denied: the actor's role does not keep these lists.
        NotFound: there is no such category.
        RuleViolation: no name, one that there is already, no such tax, or it is the last one in use.
    """
    _require_manager(actor)
    category = session.get(ExpenseCategory, category_id)
    if category is None:
        message = "There is no such category."
        raise NotFound(message)
    others = select(func.count()).where(ExpenseCategory.archived_at.is_(None), ExpenseCategory.id != category_id)
    if not in_use and not session.scalar(others):
        message = f"{category.name} is the last category in use; expenses need one."
        raise RuleViolation(message)
    category.name = _own_name(session, ExpenseCategory, name, but=category_id)
    tax = _tax(tax_category, tax_percent, tax_reason)
    category.tax_category, category.tax_percent, category.tax_reason = tax.values()
    category.archived_at = None if in_use else category.archived_at or now
    session.flush()
    _record(session, actor, now, "changed", category.id, name=category.name, in_use=in_use, **tax)
    return category


def add_rate(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    unit: str,
    name: str,
    currency: str,
    effective_on: date,
    amount: str,
    partial_amount: str = "",
) -> ExpenseRate:
    """Add a table of mileage (``unit`` km or mi) or of days (``day``) with what it pays from ``effective_on`` on.

    Raises:
        Denied: the actor's role does not keep these lists.
        RuleViolation: no name, one that there is already, an unknown unit or currency, or no amount.
    """
    _require_manager(actor)
    if unit not in ("km", "mi", "day"):
        message = f"{unit!r} is no unit; it is km, mi or day."
        raise RuleViolation(message)
    kind = "per_diem" if unit == "day" else "mileage"
    rate = ExpenseRate(
        kind=kind, name=_own_name(session, ExpenseRate, name), unit=unit, currency=check_currency(currency)
    )
    rate.steps.append(_step(rate, effective_on, amount, partial_amount))
    session.add(rate)
    session.flush()
    _record(session, actor, now, "added", rate.id, "expense_rate", name=rate.name, unit=unit, amount=amount)
    return rate


def set_rate_step(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    rate_id: int,
    effective_on: date,
    amount: str,
    partial_amount: str = "",
) -> ExpenseRateStep:
    """Say what a table pays from a day on. What was submitted before keeps its amount.

    Raises:
        Denied: the actor's role does not keep these lists.
        NotFound: there is no such table.
        RuleViolation: no amount, or there is one from that day on already.
    """
    _require_manager(actor)
    rate = session.get(ExpenseRate, rate_id)
    if rate is None:
        message = "There is no such rate."
        raise NotFound(message)
    if any(step.effective_on == effective_on for step in rate.steps):
        message = f"{rate.name} has an amount from {effective_on} on already; choose a later day."
        raise RuleViolation(message)
    step = _step(rate, effective_on, amount, partial_amount)
    rate.steps.append(step)
    session.flush()
    _record(
        session, actor, now, "changed", rate.id, "expense_rate", effective_on=effective_on.isoformat(), amount=amount
    )
    return step


def set_exchange_rate(
    session: Session, *, actor: Actor, now: datetime, currency: str, effective_on: date, rate: str, source: str
) -> ExchangeRate:
    """Say what one unit of ``currency`` was worth in the company's on a day, and where that is from.

    The same day again is a correction of what was entered; what was submitted before keeps its rate.

    Raises:
        Denied: the actor's role does not keep these lists.
        RuleViolation: an unknown currency or our own, no rate, or no source.
    """
    _require_manager(actor)
    own = company.get_company(session).currency
    if check_currency(currency) == own:
        message = f"{own} is the company's own currency; it needs no rate."
        raise RuleViolation(message)
    value = read_number(rate, "rate", most=MOST_RATE)
    if not value or not source.strip():
        message = f"Say how much of {own} one {currency} is, such as 0.92, and where that is from, such as ECB."
        raise RuleViolation(message)
    row = session.scalar(
        select(ExchangeRate).where(
            ExchangeRate.currency == currency,
            ExchangeRate.to_currency == own,
            ExchangeRate.effective_on == effective_on,
        )
    ) or ExchangeRate(currency=currency, to_currency=own, effective_on=effective_on)
    before = row.rate
    row.rate, row.source, row.entered_by_id, row.entered_at = f"{value:f}", source.strip(), actor.person_id, now
    session.add(row)
    session.flush()
    day = effective_on.isoformat()
    _record(session, actor, now, "set", row.id, "exchange_rate", currency=currency, day=day, rate=row.rate, was=before)
    return row


def _step(rate: ExpenseRate, effective_on: date, amount: str, partial_amount: str) -> ExpenseRateStep:
    whole = read_number(amount, "amount", most=MOST_UNIT_AMOUNT)
    partial = read_number(partial_amount, "partial_amount", most=MOST_UNIT_AMOUNT)
    if not whole:
        message = "Say what is paid; a rate of nothing needs no table."
        raise RuleViolation(message)
    is_day = rate.unit == "day"
    return ExpenseRateStep(
        effective_on=effective_on, amount=f"{whole:f}", partial_amount=f"{partial:f}" if is_day else "0"
    )


def _own_name(
    session: Session, model: type[ExpenseCategory] | type[ExpenseRate], name: str, *, but: int | None = None
) -> str:
    title = " ".join(name.split())
    taken = session.scalar(select(model.id).where(func.lower(model.name) == title.lower()).limit(1))
    if not title or taken not in {None, but}:
        message = f"{title or 'This'} needs a name of its own."
        raise RuleViolation(message)
    return title


def _tax(category: str, percent: str, reason: str) -> dict[str, str]:
    """Return the tax of a category by the names of its columns, all empty where it is the client's."""
    written = f"{read_percent(percent, 'tax_percent'):f}" if percent.strip() else ""
    if category:
        if category == "S" and not written:
            message = "Write the percentage of this tax, such as 19."
            raise RuleViolation(message, field="tax_percent")
        written = written or "0"
        check_tax(category, written, reason)
    elif written or reason.strip():
        message = "Choose what kind of tax this is, or leave percentage and reason empty."
        raise RuleViolation(message, field="tax_category")
    return {"tax_category": category, "tax_percent": written, "tax_reason": reason.strip()}


def _require_manager(actor: Actor) -> None:
    if not actor.is_one_of(APPROVERS):
        message = "Only managers and administrators keep the lists of expenses."
        raise Denied(message)


def _record(
    session: Session,
    actor: Actor,
    now: datetime,
    action: str,
    object_id: int,
    kind: str = "expense_category",
    **data: object,
) -> None:
    audit.record(session, actor=actor, action=action, kind=kind, object_id=object_id, now=now, **data)
