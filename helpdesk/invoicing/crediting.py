"""Credit notes: an issued invoice is answered by a document that takes back of it (docs/billing.md rules 17, 19)."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from helpdesk.expenses import claiming
from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.credit_limits import refuse_beyond
from helpdesk.invoicing.credit_totals import totals_of_note
from helpdesk.invoicing.domain.crediting import Billed, Part, credit_amount, credit_seconds, credit_whole
from helpdesk.invoicing.domain.lines import LineKind
from helpdesk.invoicing.domain.sharing import Adjusting, before, shares
from helpdesk.invoicing.drafts import deposits
from helpdesk.invoicing.drafts.percents import ADJUSTING, base_of, tax_of
from helpdesk.invoicing.models import HOLDER, CreditedCharge, Invoice, InvoiceLine
from helpdesk.invoicing.money import settling
from helpdesk.invoicing.sealing import seal
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money
from helpdesk.kernel.periods import Month
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.terms import OverageBasis
from helpdesk.retainers.models import RetainerPeriod
from helpdesk.timekeeping import charging
from helpdesk.timekeeping.models import Charge

CREDITABLE = ("issued", "part_paid", "paid", "credited")
"""One that is credited can still bill seconds: at a price of zero, or of which only amounts were taken back."""


@dataclass(frozen=True)
class Wish:
    """What to take back of one line.

    ``charge_ids`` are the entries' seconds on a line that is counted in minutes; ``whole`` is all of it, fee and
    expense too; both make it free to be billed again. ``amount`` takes back money alone.
    """

    charge_ids: frozenset[int] = frozenset()
    whole: bool = False
    amount: Money | None = None


@dataclass
class Standing:
    """An invoice's lines as they stand: what is left of each, and the charges that still bill it."""

    billed: dict[int, Billed] = field(default_factory=dict)
    charges: dict[int, list[Charge]] = field(default_factory=lambda: defaultdict(list))

    @property
    def has_left(self) -> bool:
        """Whether there is anything to credit: money, or seconds that are billed."""
        return any(billed.left for billed in self.billed.values()) or any(self.charges.values())


def standing_of(session: Session, invoice: Invoice) -> Standing:
    """Return what credit notes have left of each line of an issued invoice."""
    found = Standing()
    minutes: dict[int, Decimal] = defaultdict(Decimal)
    credited: dict[int, Money] = defaultdict(lambda: Money.zero(invoice.currency))
    for line in queries.credits_of(session, invoice):
        line_id = int(line.credits_id or 0)
        minutes[line_id] -= Decimal(line.minutes or 0)
        credited[line_id] += Money(-line.amount_minor, invoice.currency)
    for line in invoice.lines:
        found.billed[line.id] = Billed(
            minutes=None if line.minutes is None else Decimal(line.minutes),
            unit_price=Decimal(line.unit_price),
            amount=Money(line.amount_minor, invoice.currency),
            credited_minutes=minutes[line.id],
            credited=credited[line.id],
        )
    for charge in _charges(session, invoice):
        found.charges[charge.holder_id].append(charge)
    return found


def standing_asked(invoice_id: int) -> tuple[Select[InvoiceLine], Select[Charge]]:
    """Return the questions of `standing_of`, to be asked together with others."""
    return queries.credits_asked(invoice_id), _charges_asked(invoice_id)


def can_credit(invoice: Invoice, standing: Standing) -> bool:
    """Return whether it is an issued invoice of which anything is left."""
    return is_creditable(invoice) and standing.has_left


def is_creditable(invoice: Invoice) -> bool:
    """Return whether it is an issued invoice; whether anything of it is left, its lines tell."""
    return invoice.kind == "invoice" and invoice.status in CREDITABLE


def credit(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    invoice_id: int,
    wishes: Mapping[int, Wish],
    reason: str,
    key: str,
) -> Invoice:
    """Issue a credit note over parts of an issued invoice and return it; ``wishes`` are by the id of the line.

    Seconds, fees and expenses that it takes back are free again: the next draft bills them, unless somebody makes
    them not billable before. An invoice that is taken back whole is ``credited``, and its month can be drafted anew.
    A repeat with the same ``key`` returns the credit note that is there already.

    Raises:
        NotFound: no such invoice for this actor.
        Conflict: an entry was credited in the meantime, or the key is that of another invoice's credit note.
        RuleViolation: the invoice is none that can be credited, nothing was chosen, no reason was given, or a wish
            asks for more than is left; nothing is written then.
    """
    queries.get(session, actor=actor, invoice_id=invoice_id)
    invoice = queries.lock(session, invoice_id)
    existing = queries.find_live(session, key=f"credit:{key}")
    if existing is not None:
        if existing.corrects_id == invoice_id:
            return existing
        message = f"This page credited {queries.name_of(existing.corrects or existing)} already. Open it again."
        raise Conflict(message)
    if not reason.strip():
        message = "Say why the invoice is corrected; the reason stands on the credit note."
        raise RuleViolation(message)
    _refuse(invoice, wishes)
    standing = standing_of(session, invoice)
    note = Invoice(
        kind="credit_note",
        corrects=invoice,
        reason=reason.strip(),
        client=invoice.client,
        idempotency_key=f"credit:{key}",
        currency=invoice.currency,
        tax_per_line=invoice.tax_per_line,
        prices_include_tax=invoice.prices_include_tax,
        created_at=now,
        lines=_lines(session, invoice, wishes, standing),
    )
    totals = totals_of_note(session, invoice=invoice, lines=note.lines, billed=standing.billed)
    note.net_minor, note.tax_minor, note.total_minor = totals.net.minor, totals.tax.minor, totals.total.minor
    session.add(note)
    session.flush()
    _let_go(session, now=now, note=note, wishes=wishes, standing=standing)
    seal(session, actor=actor, now=now, invoice=note, totals=totals)
    settling.trim(session, now=now, invoice=invoice)
    audit.record(
        session,
        actor=actor,
        action="credited",
        kind="invoice",
        object_id=invoice.id,
        now=now,
        reason=note.reason,
        credit_note=note.number,
        total_minor=note.total_minor,
    )
    session.flush()
    return note


def lines_of(session: Session, *, invoice: Invoice, wishes: Mapping[int, Wish]) -> list[InvoiceLine]:
    """Return the lines that a credit note over ``wishes`` would have, in the order of the invoice; nothing is written.

    Raises:
        Conflict, RuleViolation: as `credit` does.
    """
    _refuse(invoice, wishes)
    return _lines(session, invoice, wishes, standing_of(session, invoice))


def _lines(session: Session, invoice: Invoice, wishes: Mapping[int, Wish], standing: Standing) -> list[InvoiceLine]:
    adjusting = adjusting_of(invoice, standing)
    of_others = {each.line_id for each in adjusting if each.base_left}
    chosen = {line_id: wish for line_id, wish in wishes.items() if line_id not in of_others}
    parts: dict[int, Sequence[Part]] = {}
    taken: dict[int, Money] = {}
    amounts_last = sorted(invoice.lines, key=lambda line: line.id in chosen and chosen[line.id].amount is not None)
    for line in amounts_last:  # each gives back what it says beside what the others take of their discounts
        if line.id in chosen and (found := _parts(session, line, chosen[line.id], standing, (adjusting, taken))):
            parts[line.id], taken[line.id] = found, _sum(found, invoice.currency)
    if not taken:
        message = "Nothing is left of what you chose; it was credited before."
        if of_others & set(wishes):
            message = "A discount or surcharge goes back with what it is of; choose those lines."
        raise RuleViolation(message)
    for line_id, share in shares(adjusting, taken).items():
        taken[line_id] = share
        parts[line_id] = [Part(None, share.amount, share)]
    deposits.refuse_deducted(session, invoice, {line_id: amount.minor for line_id, amount in taken.items()})
    refuse_beyond(invoice, taken, standing.billed)
    releasing = {line_id for line_id, wish in chosen.items() if wish.whole or wish.charge_ids}
    given = [(line, part) for line in invoice.lines for part in parts.get(line.id, ())]
    return [
        _line(line, part, position=position, releases=line.id in releasing)
        for position, (line, part) in enumerate(given, start=1)
    ]


def _sum(parts: Iterable[Part], currency: str) -> Money:
    return sum((part.amount for part in parts), Money.zero(currency))


def adjusting_of(invoice: Invoice, standing: Standing) -> list[Adjusting]:
    """Return the discounts and surcharges of an issued invoice with the lines that each is of."""
    found = []
    for line in invoice.lines:
        if line.kind in ADJUSTING:
            base = [each for each in base_of(invoice.lines, line.adjusts_lines) if tax_of(each) == tax_of(line)]
            base_left = sum((standing.billed[each.id].left for each in base), Money.zero(invoice.currency))
            ids = frozenset(each.id for each in base)
            found.append(Adjusting(line.id, ids, standing.billed[line.id].left, base_left))
    return found


def _refuse(invoice: Invoice, wishes: Mapping[int, Wish]) -> None:
    name = queries.name_of(invoice)
    if invoice.kind != "invoice" or invoice.status not in CREDITABLE:
        message = f"{name} is {invoice.status}; a credit note takes back of an issued invoice."
        raise RuleViolation(message)
    if not any(wish.charge_ids or wish.whole or wish.amount for wish in wishes.values()):
        message = "Choose what the credit note takes back: entries, whole lines, or amounts."
        raise RuleViolation(message)
    strangers = set(wishes) - {line.id for line in invoice.lines}
    if strangers:
        message = f"Line {min(strangers)} is none of {name}."
        raise RuleViolation(message)


def _parts(
    session: Session,
    line: InvoiceLine,
    wish: Wish,
    standing: Standing,
    beside: tuple[Sequence[Adjusting], Mapping[int, Money]],
) -> Sequence[Part]:
    """Return what goes back of a line; ``beside`` it the discounts and surcharges, and what goes back of others."""
    adjusting, taken = beside
    billed = standing.billed[line.id]
    chosen = _chosen(line, wish, standing)
    if wish.amount is not None and (chosen or wish.whole):
        message = f"{line.description}: credit either an amount, which leaves all of it billed, or what it was for."
        raise RuleViolation(message)
    try:
        if wish.amount is not None:
            of_line = before(adjusting, line_id=line.id, left=billed.left, paid=wish.amount, taken=taken)
            return [credit_amount(billed, of_line)]
        if chosen:
            seconds = sum(_seconds(session, line, charge) for charge in chosen)
            return credit_seconds(billed, seconds, is_rest=len(chosen) == len(standing.charges[line.id]))
        return [credit_whole(billed)] if wish.whole and billed.left else []
    except RuleViolation as refusal:
        message = f"{line.description}: {refusal}"
        raise RuleViolation(message) from refusal


def _chosen(line: InvoiceLine, wish: Wish, standing: Standing) -> list[Charge]:
    there = standing.charges[line.id]
    if wish.whole:
        return there
    gone = wish.charge_ids - {charge.id for charge in there}
    if gone:
        message = f"{line.description}: an entry was credited in the meantime. Look at the invoice again."
        raise Conflict(message)
    return [charge for charge in there if charge.id in wish.charge_ids]


def _seconds(session: Session, line: InvoiceLine, charge: Charge) -> int:
    """Return what the line counts of a charge: its burn where the retainer bills that, else its seconds."""
    period = session.get(RetainerPeriod, line.retainer_period_id) if line.retainer_period_id else None
    if period is not None:
        terms = engine_agreement(period.agreement).terms_in(Month.of(period.month))
        if terms.overage_basis is OverageBasis.WEIGHTED:
            return charge.burn_seconds
    return charge.to_second - charge.from_second


def _line(line: InvoiceLine, part: Part, *, position: int, releases: bool) -> InvoiceLine:
    fee = line.kind == LineKind.RETAINER_FEE.value
    return InvoiceLine(
        position=position,
        kind=line.kind,
        description=line.description,
        detail="",
        minutes=None if part.minutes is None else f"{-part.minutes:f}",
        unit_price=line.unit_price if part.minutes is not None else str(-part.amount),
        amount_minor=-part.amount.minor,
        tax_percent=line.tax_percent,
        tax_category=line.tax_category,
        tax_reason=line.tax_reason,
        work_item_id=line.work_item_id,
        retainer_period_id=line.retainer_period_id,
        agreement_id=line.agreement_id if fee else None,
        fee_month=line.fee_month if fee else None,
        credits_id=line.id,
        releases=releases,
    )


def _let_go(session: Session, *, now: datetime, note: Invoice, wishes: Mapping[int, Wish], standing: Standing) -> None:
    """Free what the credit note takes back, and remember which line of it did."""
    first: dict[int, InvoiceLine] = {}
    for line in note.lines:
        first.setdefault(int(line.credits_id or 0), line)
    charges, expenses = [], []
    for line_id, line in first.items():
        if line.releases:
            wish = wishes[line_id]
            let = [each for each in standing.charges[line_id] if wish.whole or each.id in wish.charge_ids]
            session.add_all(CreditedCharge(charge_id=charge.id, line_id=line.id) for charge in let)
            charges += [charge.id for charge in let]
            if line.kind == LineKind.EXPENSE.value:
                expenses.append((HOLDER, line_id))
    charging.release_some(session, now=now, charge_ids=charges)
    claiming.release(session, now=now, holders=expenses)


def _charges(session: Session, invoice: Invoice) -> Iterable[Charge]:
    return models_of(session, _charges_asked(invoice.id))


def _charges_asked(invoice_id: int) -> Select[Charge]:
    lines = select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice_id)
    query = select(Charge).where(
        Charge.holder_kind == HOLDER, Charge.holder_id.in_(lines), Charge.released_at.is_(None)
    )
    return query.order_by(Charge.holder_id, Charge.time_entry_id, Charge.from_second)
