"""Late fees and interest: proposed, and put on a draft of their own by hand, each once (docs/billing.md rule M2)."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

from flask_babel import force_locale
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra import audit
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import letter_language
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries
from helpdesk.invoicing.domain.late import ONE_DAY, formula, interest, stretches
from helpdesk.invoicing.drafts.month import add_up
from helpdesk.invoicing.listing import our_day
from helpdesk.invoicing.models import Invoice, InvoiceLine, LateCharge, Payment, PaymentShare
from helpdesk.invoicing.reminding import holds, rules
from helpdesk.invoicing.reminding.models import InvoiceReminder
from helpdesk.invoicing.reminding.rules import Rules
from helpdesk.invoicing.taxing import LineTax
from helpdesk.kernel.durations import free_ranges
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import Money, exponent_of

NO_SUPPLY = LineTax("O", "0", "")
"""What is owed for being late is damages, not a supply: it is not subject to tax."""


@dataclass(frozen=True)
class Proposal:
    """A late fee of a level, or interest for the days from ``from_day`` on and before ``until_day``."""

    invoice: Invoice
    amount_minor: int
    level: int | None = None
    from_day: date | None = None
    until_day: date | None = None
    detail: str = ""

    @property
    def key(self) -> str:
        """How a form names it, and what it comes to, so that another sum than was shown is refused."""
        what = f"fee.{self.level}" if self.level else f"interest.{self.from_day}"
        return f"{self.invoice.id}.{what}.{self.amount_minor}"


def proposals(session: Session, *, client_id: int, currency: str, now: datetime) -> list[Proposal]:
    """Return what the client could be charged for being late, by invoice; nothing where nothing is set.

    Fees are in our own currency, and of reminders that went out. Interest is of every invoice, paid late or open, up to
    today; never on a late fee, and not while the client disputes the invoice.
    """
    set_to, today = rules.rules_of(session), our_day(session, now)
    if not set_to.fees and not set_to.yearly_percent:
        return []
    ours = company.get_company(session).currency
    query = (
        select(Invoice)
        .where(Invoice.client_id == client_id, Invoice.currency == currency, Invoice.kind == "invoice")
        .where(Invoice.status.in_((*queries.OPEN, "paid")), Invoice.due_on < today)
        .where(~exists().where(InvoiceLine.invoice_id == Invoice.id, InvoiceLine.kind == "late_fee"))
        .order_by(Invoice.due_on, Invoice.id)
    )
    invoices = [invoice for invoice in session.scalars(query) if not _is_disputed(session, invoice, today)]
    before = _charged(session, invoices)
    found = []
    for invoice in invoices:
        if currency == ours:
            found += _fees(session, invoice, set_to, before[invoice.id])
        found += _interest(session, invoice, set_to, before[invoice.id], today)
    return found


def charge(
    session: Session, *, actor: Actor, now: datetime, client_id: int, currency: str, keys: Collection[str]
) -> Invoice:
    """Put what was chosen of the proposals on a draft of its own and return it.

    Raises:
        NotFound: no such client for this actor.
        RuleViolation: nothing was chosen, or something is no more what was shown.
    """
    client = queries.lock_client(session, actor=actor, client_id=client_id)
    known = {each.key: each for each in proposals(session, client_id=client_id, currency=currency, now=now)}
    if not keys:
        message = "Choose what is to be charged."
        raise RuleViolation(message)
    if set(keys) - set(known):
        message = "Something that you chose was charged or paid meanwhile, or is another sum today. Look at it again."
        raise RuleViolation(message)
    chosen = [each for key, each in known.items() if key in set(keys)]
    draft = Invoice(
        client=client, idempotency_key=f"late:{client.id}:{uuid.uuid4().hex}", currency=currency, created_at=now
    )
    lines = [_line(each, client.language, currency) for each in chosen]
    for position, line in enumerate(lines, start=1):
        line.position = position
        draft.lines.append(line)
    add_up(draft)
    session.add(draft)
    session.flush()
    for line, each in zip(lines, chosen, strict=True):
        session.add(
            LateCharge(
                invoice_id=each.invoice.id,
                level=each.level,
                from_day=each.from_day,
                until_day=each.until_day,
                amount_minor=each.amount_minor,
                line_id=line.id,
                created_at=now,
            )
        )
    session.flush()
    audit.record(session, actor=actor, action="drafted", kind="invoice", object_id=draft.id, now=now, late=len(lines))
    return draft


def release(session: Session, *, now: datetime, line_ids: Collection[int]) -> None:
    """Let what these lines charge be proposed anew: their draft is dropped, the invoice void, or they are taken off."""
    for row in session.scalars(
        select(LateCharge).where(LateCharge.line_id.in_(line_ids), LateCharge.released_at.is_(None))
    ):
        row.released_at, row.line_id = now, None
    session.flush()


def refuse_outdated(session: Session, *, invoice: Invoice, now: datetime) -> None:
    """Refuse to issue what is charged for being late where that is not owed any more, or is another sum by now.

    Raises:
        RuleViolation: the late invoice is void, credited or disputed, or its interest changed by what was paid.
    """
    rows = session.scalars(
        select(LateCharge)
        .where(LateCharge.line_id.in_([line.id for line in invoice.lines]), LateCharge.released_at.is_(None))
        .order_by(LateCharge.invoice_id, LateCharge.id)
    ).all()
    for row in rows:
        late = queries.lock(session, row.invoice_id)
        disputed = _is_disputed(session, late, our_day(session, now))
        if disputed or late.status not in {*queries.OPEN, "paid"}:
            what = "disputed" if disputed else late.status
            message = f"{late.number} is {what} by now; take off what is charged for its being late."
            raise RuleViolation(message)
        if row.from_day is not None and row.until_day is not None:
            today = _interest_of(session, late, rules.rules_of(session), row.from_day, row.until_day)
            if today.amount_minor != row.amount_minor:
                shown = Money(today.amount_minor, invoice.currency)
                message = (
                    f"The interest on {late.number} comes to {shown} by now; take its line off and charge it anew."
                )
                raise RuleViolation(message)


def _is_disputed(session: Session, invoice: Invoice, today: date) -> bool:
    hold = holds.held(session, [invoice.id], today=today).get(invoice.id)
    return hold is not None and hold.disputed


def _charged(session: Session, invoices: Sequence[Invoice]) -> dict[int, list[LateCharge]]:
    query = select(LateCharge).where(
        LateCharge.invoice_id.in_([invoice.id for invoice in invoices]), LateCharge.released_at.is_(None)
    )
    found: dict[int, list[LateCharge]] = defaultdict(list)
    for row in session.scalars(query):
        found[row.invoice_id].append(row)
    return found


def _fees(session: Session, invoice: Invoice, set_to: Rules, before: Sequence[LateCharge]) -> list[Proposal]:
    done = {row.level for row in before}
    levels = session.scalars(
        select(InvoiceReminder.level).where(InvoiceReminder.invoice_id == invoice.id).order_by(InvoiceReminder.level)
    )
    return [
        Proposal(invoice, Money.parse(set_to.fees[level], invoice.currency).minor, level=level)
        for level in levels
        if level in set_to.fees and level not in done
    ]


def _interest(
    session: Session, invoice: Invoice, set_to: Rules, before: Sequence[LateCharge], today: date
) -> list[Proposal]:
    if not set_to.yearly_percent or invoice.due_on is None:
        return []
    first = invoice.due_on + ONE_DAY
    charged = [
        ((row.from_day - first).days, (row.until_day - first).days) for row in before if row.from_day and row.until_day
    ]
    found = [
        _interest_of(session, invoice, set_to, first + timedelta(start), first + timedelta(end))
        for start, end in free_ranges(max((today + ONE_DAY - first).days, 0), charged)
    ]
    return [each for each in found if each.amount_minor > 0]


def _interest_of(session: Session, invoice: Invoice, set_to: Rules, first: date, until: date) -> Proposal:
    """Return the interest of the days from ``first`` on and before ``until``, as payments are known now."""
    percent, parts = (
        Decimal(set_to.yearly_percent or 0),
        stretches(_changes(session, invoice), first=first, until=until),
    )
    on_net = set_to.interest_on_net and invoice.total_minor
    share = Fraction(invoice.net_minor, invoice.total_minor) if on_net else Fraction(1)
    detail = formula(
        parts,
        yearly_percent=percent,
        decimals=exponent_of(invoice.currency),
        share=(invoice.net_minor, invoice.total_minor) if on_net else None,
    )
    amount_minor = interest(parts, yearly_percent=percent, share=share)
    return Proposal(invoice, amount_minor, from_day=first, until_day=until, detail=detail)


def _changes(session: Session, invoice: Invoice) -> list[tuple[date, int]]:
    """Return by how much the open amount of an invoice changed on which day; what was taken back never came."""
    shares = (
        select(Payment.received_on, PaymentShare.amount_minor)
        .join(PaymentShare.payment)
        .where(PaymentShare.invoice_id == invoice.id, PaymentShare.undone_at.is_(None))
    )
    found = [(invoice.issued_on or date.min, invoice.total_minor)]
    found += [(note.issued_on or date.min, note.total_minor) for note in queries.credit_notes_of(session, invoice)]
    return [*found, *((day, -minor) for day, minor in session.execute(shares))]


def _line(each: Proposal, language: str, currency: str) -> InvoiceLine:
    amount = Money(each.amount_minor, currency)
    with force_locale(letter_language(language)):
        if each.level is not None:
            text = _(
                "Late fee for invoice %(number)s, reminder %(level)s", number=each.invoice.number, level=each.level
            )
        else:
            text = _("Interest on invoice %(number)s", number=each.invoice.number)
    return InvoiceLine(
        kind="late_fee",
        description=text,
        detail=each.detail,
        minutes=None,
        unit_price=str(amount),
        amount_minor=amount.minor,
        **asdict(NO_SUPPLY),
    )
