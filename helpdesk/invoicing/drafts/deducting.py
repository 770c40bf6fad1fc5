"""Draft a deposit, and take paid deposits off a draft (docs/billing.md rule 21)."""

from dataclasses import asdict
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients.queries import tax_mode_of
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.invoicing import queries, taxing
from helpdesk.invoicing.drafts import deposits
from helpdesk.invoicing.drafts import month as month_draft
from helpdesk.invoicing.drafts.opening import add_line, check_text, close_draft, open_draft
from helpdesk.invoicing.drafts.percents import TAX, set_amount
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.kernel.money import Money


def draft_deposit(
    session: Session, *, actor: Actor, now: datetime, client_id: int, text: str, amount_minor: int, key: str
) -> Invoice:
    """Draft an invoice over a deposit, in the prices of the client; a repeat of ``key`` returns what is there.

    Raises:
        NotFound: no such client, or the actor may not bill it.
        RuleViolation: our own company, no text, or an amount of nothing.
        Conflict: the key was used for another client.
    """
    client = month_draft.lock_client(session, actor, client_id)
    existing = queries.find_live(session, key=f"deposit:{key}")
    if existing is not None:
        if existing.client_id == client.id:
            return existing
        message = f"This page drafted for {existing.client.name} already. Open it again."
        raise Conflict(message)
    if amount_minor <= 0:
        message = "A deposit is more than nothing."
        raise RuleViolation(message, field="amount")
    line = InvoiceLine(
        position=1,
        kind="deposit",
        description=check_text(text),
        detail="",
        minutes=None,
        **asdict(taxing.of_client(client)),
    )
    set_amount(line, Money(amount_minor, client.currency))
    mode = tax_mode_of(session, client)
    invoice = Invoice(
        client=client,
        idempotency_key=f"deposit:{key}",
        currency=client.currency,
        tax_per_line=mode.per_line,
        prices_include_tax=mode.included,
        created_at=now,
        lines=[line],
    )
    month_draft.add_up(invoice)
    session.add(invoice)
    session.flush()
    audit.record(
        session, actor=actor, action="drafted", kind="invoice", object_id=invoice.id, now=now, deposit=amount_minor
    )
    return invoice


def deduct(session: Session, *, actor: Actor, now: datetime, invoice_id: int, version: int, deposit_id: int) -> Invoice:
    """Take a paid deposit off a draft, as far as it is free and the draft goes, and return the draft.

    The line names the invoice of the deposit and has its tax, so that net and tax are taken off as they were paid.

    Raises:
        NotFound, Conflict: as `open_draft`; or nothing of the deposit is free any more.
        RuleViolation: the draft comes to nothing already.
    """
    invoice = open_draft(session, actor=actor, invoice_id=invoice_id, version=version)
    queries.lock_client(session, actor=actor, client_id=invoice.client_id)
    free = {line.id: (line, amount_minor) for line, amount_minor in deposits.available(session, invoice)}
    if deposit_id not in free:
        message = "Nothing of this deposit is free any more. Look at the draft again."
        raise Conflict(message)
    deposit, free_minor = free[deposit_id]
    taken = min(free_minor, sum(line.amount_minor for line in invoice.lines))
    if taken <= 0:
        message = "The draft comes to nothing; there is nothing to take the deposit off."
        raise RuleViolation(message)
    line = InvoiceLine(
        kind="deposit",
        description=f"{deposit.description} ({deposit.invoice.number})",
        detail="",
        minutes=None,
        deducts_id=deposit.id,
        **{name: getattr(deposit, name) for name in TAX},
    )
    set_amount(line, Money(-taken, invoice.currency))
    add_line(session, invoice, line)
    return close_draft(
        session,
        actor=actor,
        now=now,
        invoice=invoice,
        action="deposit deducted",
        line=line.description,
        amount_minor=taken,
    )
