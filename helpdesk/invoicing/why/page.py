"""Every amount of an invoice with its derivation, in words: for the page, for a part of it, and for printing.

The figures are those of `helpdesk.invoicing.domain.explaining`; what does not add up is said, never hidden.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from helpdesk.infra.ahead import Question
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext
from helpdesk.infra.web import day_filter, money_filter
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.explaining import (
    EntryWhy,
    FeeWhy,
    LineWhy,
    Rounded,
    Taken,
    TaxWhy,
    TotalWhy,
    exact_text,
    fee_gaps,
    gaps,
    tax_gaps,
    total_gaps,
)
from helpdesk.invoicing.models import Invoice
from helpdesk.invoicing.printing.printed_lines import number_text, quantity_text
from helpdesk.invoicing.why import amounts as why_amounts
from helpdesk.invoicing.why import facts as why_facts
from helpdesk.kernel.durations import MINUTE, format_hms
from helpdesk.kernel.errors import NotFound
from helpdesk.kernel.money import Money
from helpdesk.rates.domain import RoundingPolicy, RoundingScope
from helpdesk.retainers.words import grant_text


@dataclass(frozen=True)
class Step:
    """One figure of a derivation: what it is, how much, and why."""

    label: str
    value: str
    note: str = ""
    strong: bool = False


@dataclass(frozen=True)
class Source:
    """One entry behind a line, with its own steps; ``entry_id`` leads to its page."""

    title: str
    note: str
    entry_id: int
    steps: list[Step]


@dataclass(frozen=True)
class Part:
    """The derivation of one amount; ``key`` names it in the address, ``broken`` says what does not add up."""

    key: str
    title: str
    amount: str
    steps: list[Step]
    sources: list[Source] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)


def questions_of(invoice: Invoice) -> list[Question]:
    """Return what the derivations ask about an invoice beside its lines, to be asked ahead."""
    return [*why_amounts.questions_of(invoice), *why_facts.questions_of(invoice)]


def parts_of(session: Session, invoice: Invoice) -> list[Part]:
    """Return the derivation of every amount of the invoice: its lines in order, each tax group, the total."""
    amounts = why_amounts.read(session, invoice)
    lines = [_line_part(line, amounts) for line in why_facts.lines_why(session, invoice)]
    taxes = [_tax_part(at, tax) for at, tax in enumerate(amounts.total.taxes, start=1)]
    return [*lines, *taxes, _total_part(amounts.total)]


def part_of(session: Session, invoice: Invoice, key: str) -> Part:
    """Return the derivation of one amount: ``line-3``, ``tax-1`` or ``total``.

    Raises:
        NotFound: the invoice has no such amount.
    """
    found = next((part for part in parts_of(session, invoice) if part.key == key), None)
    if found is None:
        message = _("%(name)s has no such amount.", name=queries.name_of(invoice))
        raise NotFound(message)
    return found


def as_text(invoice: Invoice, parts: Iterable[Part]) -> str:
    """Return all derivations as plain text, to be printed as an appendix."""
    blocks = [f"{queries.name_of(invoice)}, {invoice.client.name}"]
    for part in parts:
        rows = [f"{part.title}: {part.amount}"]
        for source in part.sources:
            rows.append(f"  {source.title}{f' ({source.note})' if source.note else ''}")
            rows += [f"    {_step_text(step)}" for step in source.steps]
        rows += [f"  {_step_text(step)}" for step in part.steps]
        rows += [f"  ! {each}" for each in part.broken]
        blocks.append("\n".join(rows))
    return "\n\n".join(blocks) + "\n"


def _step_text(step: Step) -> str:
    return f"{step.label}: {step.value}{f' ({step.note})' if step.note else ''}"


def _line_part(line: LineWhy, amounts: why_amounts.Amounts) -> Part:
    fee = amounts.fees.get(line.position)
    steps = [
        *(Step(label, value, note) for label, value, note in amounts.before.get(line.position, ())),
        *(_fee_steps(fee) if fee else ()),
        *_price_steps(line),
        _tax_step(line, amounts.total),
    ]
    return Part(
        key=f"line-{line.position}",
        title=line.description,
        amount=_money(line.amount),
        steps=steps,
        sources=[_source(entry, line) for entry in line.entries],
        broken=[_said(each) for each in [*gaps(line), *(fee_gaps(fee) if fee else ())]],
    )


def _source(entry: EntryWhy, line: LineWhy) -> Source:
    when = f"{day_filter(entry.day, 'd MMM')}, {entry.person}"
    return Source(when, entry.note, entry.entry_id, [*_entry_steps(entry, line)])


def _entry_steps(entry: EntryWhy, line: LineWhy) -> Iterable[Step]:
    if entry.is_typed:
        clock = _("typed as a duration")
    else:
        clock = _("%(start)s to %(end)s", start=f"{entry.starts:%H:%M:%S}", end=f"{entry.ends:%H:%M:%S}")
    yield Step(_("Worked"), format_hms(entry.worked_seconds), clock)
    if entry.is_free:
        yield Step(_("At no charge"), format_hms(entry.counted_seconds), _("shown with a price of zero"), strong=True)
        return
    if entry.rounded is not None:
        yield Step(_("Rounded"), format_hms(entry.billable_seconds), _rounding_text(entry.rounded))
    if entry.has_changed:
        yield Step(_("Changed since"), "", _("it was credited, and is not what it was when this was billed"))
    for taken in entry.taken:
        yield _taken_step(taken, is_all=len(entry.taken) == 1)
    if entry.price is not None:
        price = _("%(price)s an hour", price=number_text(f"{entry.price:f}"))
        yield Step(_("Rate"), price, entry.price_reason)
    is_weighted = entry.counted_seconds != sum(each.seconds for each in entry.taken if each.is_here)
    how = _("what it burns, as the retainer bills that") if is_weighted else ""
    sign = -1 if line.amount.minor < 0 else 1
    yield Step(_("On this line"), format_hms(sign * entry.counted_seconds), how, strong=True)


def _rounding_text(rounded: Rounded) -> str:
    said = _policy_text(rounded.policy)
    if rounded.stands_alone:
        return said
    together = _(
        "%(policy)s: %(worked)s of %(count)s entries together are %(billed)s",
        policy=said,
        worked=format_hms(rounded.worked_seconds),
        count=rounded.members,
        billed=format_hms(rounded.billed_seconds),
    )
    if rounded.is_as_policy_says:
        return together
    return _("%(together)s, as some came after the others were billed", together=together)


def _policy_text(policy: RoundingPolicy) -> str:
    step = _("%(minutes)s min", minutes=policy.step_seconds // MINUTE)
    said = {
        "up": _("up to %(step)s", step=step),
        "down": _("down to %(step)s", step=step),
        "nearest": _("to the nearest %(step)s", step=step),
        "none": _("not rounded"),
    }[policy.mode.value]
    once = {
        RoundingScope.ENTRY: _("once an entry"),
        RoundingScope.DAY: _("once a day"),
        RoundingScope.TICKET: _("once a ticket"),
    }[policy.scope]
    least = _("at least %(minutes)s min", minutes=policy.minimum_seconds // MINUTE) if policy.minimum_seconds else ""
    grace = _("%(seconds)s s of grace", seconds=policy.grace_seconds) if policy.grace_seconds else ""
    return ", ".join(each for each in (said, once, least, grace) if each)


def _taken_step(taken: Taken, *, is_all: bool) -> Step:
    label = {
        "covered": _("Covered by the retainer"),
        "overage": _("Over the allowance"),
        "hourly": _("By the hour"),
        "written_off": _("Written off"),
        "open": _("Not billed"),
    }[taken.kind]
    ends = _("seconds %(low)s to %(high)s", low=taken.from_second, high=taken.to_second)
    notes = ["" if is_all else ends, taken.holder, taken.reason]
    if taken.burn_seconds != taken.seconds:
        factor = exact_text(taken.factor.limit_denominator(100), places=4)
        notes.append(_("× %(factor)s burns %(burn)s", factor=factor, burn=format_hms(taken.burn_seconds)))
    notes += [f"{grant_text(each)} {format_hms(each.seconds)}" for each in taken.grants]
    return Step(label, format_hms(taken.seconds), "; ".join(each for each in notes if each))


def _fee_steps(fee: FeeWhy) -> Iterable[Step]:
    terms = _("terms of %(name)s from %(day)s", name=fee.agreement, day=day_filter(fee.terms_since))
    yield Step(_("Fee of a whole month"), number_text(f"{fee.fee:f}"), terms)
    if fee.is_prorated and fee.days != fee.month_days:
        share = _("%(days)s of %(all)s days of %(month)s", days=fee.days, all=fee.month_days, month=fee.month)
        product = f"{number_text(f'{fee.fee:f}')} × {fee.days} ÷ {fee.month_days}"
        yield Step(product, exact_text(fee.exact), share)


def _price_steps(line: LineWhy) -> Iterable[Step]:
    if line.minutes is not None:
        if line.entries:
            counted = (-1 if line.minutes < 0 else 1) * line.counted_seconds
            entries = ngettext("%(num)s entry", "%(num)s entries", len(line.entries))
            yield Step(_("Together"), format_hms(counted), f"{entries} = {quantity_text(f'{line.minutes:f}')}")
        product = _(
            "%(minutes)s × %(price)s ÷ 60",
            minutes=quantity_text(f"{line.minutes:f}"),
            price=number_text(f"{line.unit_price:f}"),
        )
        yield Step(product, exact_text(line.exact))
    elif line.percent is not None:
        for position, text, amount in line.base:
            yield Step(text, _money(amount), _("line %(number)s", number=position))
        yield Step(_("%(percent)s %% of these", percent=number_text(f"{line.percent:f}")), exact_text(line.exact))
    elif line.quantity != 1:
        product = f"{number_text(f'{line.quantity:f}')} × {number_text(f'{line.unit_price:f}')}"
        yield Step(product, exact_text(line.exact))
    yield Step(_("Amount of the line"), _money(line.amount), _("half up, each line by itself"), strong=True)


def _tax_step(line: LineWhy, total: TotalWhy) -> Step:
    for tax in total.taxes:
        if any(position == line.position for position, _text, _amount in tax.lines):
            group = _("%(percent)s %% on %(net)s", percent=number_text(f"{tax.percent:f}"), net=_money(tax.net))
            return Step(_("In the tax group"), group, _("category %(category)s", category=tax.category))
    return Step(_("In the tax group"), "–")


def _tax_part(at: int, tax: TaxWhy) -> Part:
    percent = number_text(f"{tax.percent:f}")
    steps = [
        *(Step(text, _money(amount), _("line %(number)s", number=position)) for position, text, amount in tax.lines),
        Step(_("Sum of the rounded lines"), _money(tax.together), strong=True),
        *_tax_steps(tax, percent),
    ]
    title = _("VAT %(percent)s %%", percent=percent)
    return Part(f"tax-{at}", title, _money(tax.tax), steps, broken=[_said(each) for each in tax_gaps(tax)])


def _tax_steps(tax: TaxWhy, percent: str) -> Iterable[Step]:
    """Return how the tax follows from the lines: once, line by line, out of their sum, or as the rest of an invoice."""
    if tax.is_rest:
        yield Step(
            _("Tax"), _money(tax.tax), _("what the credit notes before it left of the invoice's tax"), strong=True
        )
    elif tax.mode.per_line:
        for position, _text, amount in tax.lines:
            yield Step(_("Tax of line %(number)s", number=position), _money(tax.of_line(amount)), _("half up"))
        yield Step(_("Tax"), _money(tax.tax), _("the sum of the lines"), strong=True)
    elif tax.mode.included:
        net = _("%(sum)s × 100 ÷ (100 + %(percent)s)", sum=_money(tax.together), percent=percent)
        yield Step(net, exact_text(tax.exact))
        yield Step(_("Net"), _money(tax.net), _("half up, once for the group"), strong=True)
        yield Step(_("Tax"), _money(tax.tax), _("the sum less the net"), strong=True)
    else:
        yield Step(_("%(net)s × %(percent)s ÷ 100", net=_money(tax.net), percent=percent), exact_text(tax.exact))
        yield Step(_("Tax"), _money(tax.tax), _("half up, once for the group"), strong=True)


def _total_part(total: TotalWhy) -> Part:
    steps = [
        Step(_("Net"), _money(total.net), _("all lines")),
        *(
            Step(_("VAT %(percent)s %%", percent=number_text(f"{tax.percent:f}")), _money(tax.tax), _money(tax.net))
            for tax in total.taxes
        ),
        Step(_("Total"), _money(total.total), strong=True),
    ]
    return Part("total", _("Total"), _money(total.total), steps, broken=[_said(each) for each in total_gaps(total)])


def _said(gap: str) -> str:
    return {
        "entry": _("The parts of an entry are not what it bills: it was changed after it was credited."),
        "grants": _("What the grants paid is not what was drawn."),
        "minutes": _("The entries do not come to the minutes of the line."),
        "amount": _("Minutes × price ÷ 60 is not the amount of the line."),
        "fee": _("The terms of the month say another fee: they were changed after this was drafted."),
        "net": _("The lines do not come to this sum."),
        "tax": _("The percentage of the sum is another amount."),
        "total": _("Net and tax do not come to the total."),
    }[gap]


def _money(amount: Money) -> str:
    return money_filter(amount.minor, amount.currency)
