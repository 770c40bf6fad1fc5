"""The values that the pages of expenses show, and the words for them."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from helpdesk.expenses.models import Expense, ExpenseRate
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.web import money_filter
from helpdesk.kernel.money import format_price


@dataclass(frozen=True)
class Line:
    """One expense of a list; ``problem`` says what keeps it from being submitted, empty where nothing does."""

    id: int
    day: date
    person_id: int
    person_name: str
    client_name: str
    project_name: str
    number: int | None
    category: str
    note: str
    amount: str
    own_amount: str
    billing: str
    status: str
    rejected_because: str
    problem: str
    has_receipt: bool


@dataclass(frozen=True)
class Waiting:
    """One submitted expense of the queue: ``value`` is what the client would pay, ``why`` how that comes about."""

    line: Line
    value: str
    why: str
    is_own: bool


@dataclass(frozen=True)
class WaitingGroup:
    """What waits of one person, and what it comes to by currency."""

    person_name: str
    sums: list[str]
    rows: list[Waiting]


def line(expense: Expense, *, has_receipt: bool) -> Line:
    """Return the expense as a list shows it."""
    own = expense.company_minor
    is_foreign = expense.currency != expense.company_currency
    return Line(
        id=expense.id,
        day=expense.spent_on,
        person_id=expense.person_id,
        person_name=expense.person.name,
        client_name=expense.project.client.name,
        project_name=expense.project.name,
        number=expense.work_item.number if expense.work_item else None,
        category=expense.category.name,
        note=expense.note or quantity_text(expense),
        amount=money_filter(expense.gross_minor, expense.currency),
        own_amount=money_filter(own, expense.company_currency) if is_foreign and own is not None else "",
        billing=billing_text(expense),
        status=expense.status,
        rejected_because=expense.rejected_because,
        problem=_("no rate of exchange") if own is None else "",
        has_receipt=has_receipt,
    )


def waiting_groups(
    expenses: Iterable[Expense],
    *,
    own_id: int | None,
    approves_own: bool,
    preview: Callable[[Expense], tuple[int | None, str]],
) -> list[WaitingGroup]:
    """Return what waits, a person at a time, in the order given."""
    by_person: dict[int, list[Expense]] = defaultdict(list)
    for expense in expenses:
        by_person[expense.person_id].append(expense)
    groups = []
    for person_id, own in by_person.items():
        is_own = person_id == own_id and not approves_own
        rows = [_waiting(expense, preview(expense), is_own=is_own) for expense in own]
        groups.append(WaitingGroup(own[0].person.name, sums_text(own), rows))
    return groups


def project_sums(expenses: Iterable[Expense]) -> list[tuple[str, str, list[str]]]:
    """Return client, project and what waits for each project by currency, by client's name."""
    by_project: dict[tuple[str, str, int], list[Expense]] = defaultdict(list)
    for expense in expenses:
        by_project[expense.project.client.name, expense.project.name, expense.project_id].append(expense)
    return [(client, project, sums_text(found)) for (client, project, _id), found in sorted(by_project.items())]


def sums_text(expenses: Iterable[Expense]) -> list[str]:
    """Return what expenses come to with tax, as people write it, one text a currency."""
    minor: dict[str, int] = defaultdict(int)
    for expense in expenses:
        minor[expense.currency] += expense.gross_minor
    return [money_filter(total, currency) for currency, total in sorted(minor.items())]


def billing_text(expense: Expense) -> str:
    """Return how the client pays: ``+ 10 %``, ``not billable``; nothing for the ordinary case."""
    if expense.billing == "not_billable":
        return _("Not billable")
    return f"+ {expense.markup_percent} %" if expense.billing == "markup" else ""


def quantity_text(expense: Expense) -> str:
    """Return what was counted: ``240 km at 0.30``, ``2 days at 28.00, 1 partial at 14.00``; empty for an amount."""
    if expense.kind == "mileage":
        unit = expense.rate.unit if expense.rate else ""
        return _(
            "%(count)s %(unit)s at %(price)s",
            count=expense.distance,
            unit=unit,
            price=_price(expense.unit_amount, expense),
        )
    if expense.kind == "amount":
        return ""
    whole = ngettext(
        "%(num)s day at %(price)s",
        "%(num)s days at %(price)s",
        expense.full_days,
        price=_price(expense.unit_amount, expense),
    )
    partial = _("%(num)s partial at %(price)s", num=expense.partial_days, price=_price(expense.partial_amount, expense))
    return ", ".join([*([whole] if expense.full_days else []), *([partial] if expense.partial_days else [])])


def rate_label(rate: ExpenseRate, on: date) -> str:
    """Return a table as the form offers it: ``Car, 0.30 EUR a km``."""
    step = max((s for s in rate.steps if s.effective_on <= on), key=lambda s: s.effective_on, default=None)
    units = {"km": _("a km"), "mi": _("a mile"), "day": _("a day")}
    if step is None:
        return rate.name
    return f"{rate.name}, {format_price(Decimal(step.amount), rate.currency)} {rate.currency} {units[rate.unit]}"


def status_names() -> dict[str, str]:
    """Return the states of an expense in the reader's language."""
    return {
        "draft": _("Draft"),
        "submitted": _("Submitted"),
        "approved": _("Approved"),
        "rejected": _("Rejected"),
        "locked": _("Billed"),
    }


def act_text(action: str, name: str) -> str:
    """Return a line of the history."""
    known = {
        "added": _("Written by %(name)s", name=name),
        "changed": _("Changed by %(name)s", name=name),
        "submitted": _("Submitted by %(name)s", name=name),
        "approved": _("Approved by %(name)s", name=name),
        "rejected": _("Rejected by %(name)s", name=name),
        "reopened": _("Reopened by %(name)s", name=name),
        "moved": _("Went to another project with its ticket, moved by %(name)s", name=name),
        "receipt added": _("Receipt added by %(name)s", name=name),
        "receipt removed": _("Receipt removed by %(name)s", name=name),
    }
    return known.get(action, f"{action}, {name}")


def _waiting(expense: Expense, worth: tuple[int | None, str], *, is_own: bool) -> Waiting:
    minor, why = worth
    value = "–" if minor is None else money_filter(minor, expense.project.client.currency)
    return Waiting(line(expense, has_receipt=bool(expense.receipts)), value, why, is_own)


def _price(amount: str, expense: Expense) -> str:
    return format_price(Decimal(amount or "0"), expense.currency)
