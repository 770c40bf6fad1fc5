"""Advice from rows: an agreement's closed months, the tiers in its currency, and the mail that is sent about it."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.money import exponent_of
from helpdesk.kernel.periods import local_month
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.retainers import queries
from helpdesk.retainers.books import engine_agreement
from helpdesk.retainers.domain.advice import Advice, Offer, advise, whole_months
from helpdesk.retainers.models import Agreement, Tier
from helpdesk.retainers.replay import past_of
from helpdesk.retainers.service.tiers import tiers


def advice_of(session: Session, agreement: Agreement, *, now: datetime) -> Advice:
    """Return what the closed months of an agreement say about its terms and about each tier in its currency."""
    engine = engine_agreement(agreement)
    closed = queries.closed_periods(session, agreement_ids=[agreement.id]).get(agreement.id, {})
    past = past_of(session, client=agreement.client, months=whole_months(engine, closed), agreement=agreement)
    terms = engine.terms_in(local_month(now, ZoneInfo(agreement.time_zone)))
    return advise(past, terms, [offer_of(each) for each in tiers(session, currency=agreement.currency)])


def offer_of(tier: Tier) -> Offer:
    """Return the tier as the pure rules know it."""
    decimals = exponent_of(tier.currency)
    rate = tier.overage_rate_minor
    return Offer(
        key=str(tier.id),
        name=tier.name,
        allowance_seconds=tier.allowance_seconds,
        fee=Decimal(tier.fee_minor).scaleb(-decimals),
        overage_rate=None if rate is None else Decimal(rate).scaleb(-decimals),
        rollover_months=tier.rollover_months,
        rollover_cap_seconds=tier.rollover_cap_seconds,
        carry_deficit=tier.carry_deficit,
    )


def send_advice(
    session: Session, *, actor: Actor, now: datetime, agreement_id: int, key: str, subject: str, text: str
) -> OutgoingMessage:
    """Queue what the account manager wrote to the client's address for invoices; a repeat of ``key`` sends nothing.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: the client has no address, or there is no mailbox to send from.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    client, mailbox = agreement.client, outbox.default_mailbox(session)
    if not client.invoice_email:
        message = f"{client.name} has no address for invoices; add one to the client first."
        raise RuleViolation(message)
    if mailbox is None:
        message = "There is no mailbox to send from; connect one in the settings."
        raise RuleViolation(message)
    queued = outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"advice:{agreement.id}:{key}",
        purpose="notification",
        about=("agreement", agreement.id),
        to=[Address(client.legal_name or client.name, client.invoice_email)],
        subject=subject,
        text=f"{text.rstrip()}\n",
    )
    audit.record(
        session,
        actor=actor,
        action="advised",
        kind="agreement",
        object_id=agreement.id,
        now=now,
        to=client.invoice_email,
        subject=subject,
    )
    return queued
