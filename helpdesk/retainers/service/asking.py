"""Asking the client for more hours of a month by a mail with a link (docs/billing.md rule 14).

The link holds 128 random bits, of which only the hash is kept.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.infra import audit
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.durations import HOUR
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month, local_month
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.retainers import letters, queries
from helpdesk.retainers.books import MonthView, engine_agreement, terms_in
from helpdesk.retainers.domain.consent import most_it_costs
from helpdesk.retainers.domain.terms import AtCap
from helpdesk.retainers.models import Agreement, HoursAnswer, HoursAsked

BYTES = 16
LIFETIME = timedelta(days=14)
MOST_SECONDS = 1000 * HOUR


def ask(session: Session, *, actor: Actor, now: datetime, agreement_id: int, month: Month, seconds: int) -> HoursAsked:
    """Write to the client what more hours of a month cost at most, with a link to answer by, and return what was asked.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: a month that is closed, over for long or not begun; an odd number of hours; the terms name no
            price of an hour; the client has no address for invoices; no mail or link can be made; or the client has
            not answered what was asked for the month before.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    queries.lock_agreement(session, agreement_id)
    return _ask(session, actor=actor, now=now, agreement=agreement, month=month, seconds=seconds)


def ask_by_itself(session: Session, view: MonthView, *, now: datetime) -> bool:
    """Ask for what the agreement says where its running month is at the cap, once a month; return whether it did."""
    agreement, this_month = view.agreement, local_month(now, ZoneInfo(view.agreement.time_zone))
    wanted = agreement.asks_for_seconds
    if not wanted or view.at_cap is not AtCap.ASK or view.month != this_month or not view.is_stopped:
        return False
    queries.lock_agreement(session, agreement.id)
    if asked_in(session, agreement, view.month):
        return False
    try:
        _ask(session, actor=SYSTEM, now=now, agreement=agreement, month=view.month, seconds=wanted)
    except RuleViolation:  # nobody to write to, or no price: the page says so to whoever asks there
        return False
    return True


def set_asking(session: Session, *, actor: Actor, now: datetime, agreement_id: int, seconds: int | None) -> Agreement:
    """Say for how much an agreement asks by itself at its cap, once a month; None for not at all.

    Raises:
        NotFound: no such agreement, or not for this actor.
        RuleViolation: an odd number of hours.
    """
    agreement = queries.get_agreement(session, actor=actor, agreement_id=agreement_id)
    if seconds is not None:
        _refuse_odd(seconds)
    agreement.asks_for_seconds = seconds
    session.flush()
    audit.record(
        session, actor=actor, action="asking set", kind="agreement", object_id=agreement.id, now=now, seconds=seconds
    )
    return agreement


def asked_in(session: Session, agreement: Agreement, month: Month) -> list[HoursAsked]:
    """Return what was asked for a month, with its answers, oldest first."""
    questions, answers = (models_of(session, query) for query in asked_in_asked(agreement.id, month))
    for one in questions:
        set_committed_value(one, "answers", [each for each in answers if each.asked_id == one.id])
    return questions


def asked_in_asked(agreement_id: int, month: Month) -> tuple[Select[HoursAsked], Select[HoursAnswer]]:
    """Return the two questions of `asked_in`, to be asked together with others."""
    which = HoursAsked.agreement_id == agreement_id, HoursAsked.month == month.first_day
    answers = select(HoursAnswer).where(HoursAnswer.asked_id.in_(select(HoursAsked.id).where(*which)))
    return select(HoursAsked).where(*which).order_by(HoursAsked.id), answers.order_by(HoursAnswer.id)


def state_of(asked: HoursAsked, *, now: datetime) -> str:
    """Return granted, refused or revoked, else whether it is expired or waiting."""
    kinds = {each.kind for each in asked.answers}
    told = next((kind for kind in ("revoked", "granted", "refused") if kind in kinds), "")
    return told or ("expired" if asked.expires_at <= now else "waiting")


def _ask(
    session: Session, *, actor: Actor, now: datetime, agreement: Agreement, month: Month, seconds: int
) -> HoursAsked:
    _refuse_odd(seconds)
    _refuse_month(session, agreement, month, now)
    if any(state_of(each, now=now) == "waiting" for each in asked_in(session, agreement, month)):
        message = f"{agreement.client.name} has not answered what was asked before; take that back first."
        raise RuleViolation(message)
    terms = engine_agreement(agreement).terms_in(month)
    most = most_it_costs(terms, seconds, agreement.currency)
    price = terms_in(agreement, month).overage_rate_minor
    if most is None or price is None:
        message = "The terms name no price of an hour beyond the allowance, so nobody could say what it costs at most."
        raise RuleViolation(message)
    client, mailbox, token = agreement.client, outbox.default_mailbox(session), secrets.token_urlsafe(BYTES)
    link = letters.link_of(f"/hours/{token}")
    if not client.invoice_email or mailbox is None or not link:
        lacks = "has no address for invoices; add one to the client first"
        if client.invoice_email:
            lacks = "cannot be written to: there is no mailbox to send from, or no address of Helpdesk for the link"
        message = f"{client.name} {lacks}."
        raise RuleViolation(message)
    expires_at = now + LIFETIME
    question = letters.question(
        session, agreement, month=month, seconds=seconds, price_minor=price, most=most, expires_at=expires_at, link=link
    )
    asked = HoursAsked(
        agreement_id=agreement.id,
        month=month.first_day,
        seconds=seconds,
        price_minor=price,
        most_minor=most.minor,
        language=question.language,
        address=client.invoice_email,
        says=question.says,
        says_sha256=hash_of(question.says),
        token_hash=hash_of(token),
        asked_at=now,
        expires_at=expires_at,
        asked_by_id=actor.person_id,
    )
    session.add(asked)
    session.flush()
    outbox.queue(
        session,
        now=now,
        mailbox_id=mailbox.id,
        idempotency_key=f"hours:{asked.id}",
        purpose="notification",
        about=("agreement", agreement.id),
        to=[Address(client.legal_name or client.name, client.invoice_email)],
        subject=question.letter.subject,
        text=question.letter.text,
    )
    audit.record(
        session,
        actor=actor,
        action="hours asked",
        kind="agreement",
        object_id=agreement.id,
        now=now,
        month=str(month),
        seconds=seconds,
        most_minor=most.minor,
    )
    return asked


def _refuse_odd(seconds: int) -> None:
    if not 0 < seconds <= MOST_SECONDS:
        message = "Ask for some hours, and for 1000 at most."
        raise RuleViolation(message)


def _refuse_month(session: Session, agreement: Agreement, month: Month, now: datetime) -> None:
    this_month = local_month(now, ZoneInfo(agreement.time_zone))
    closed = queries.closed_periods(session, agreement_ids=[agreement.id]).get(agreement.id, {})
    runs = month in queries.months_of(agreement, through=this_month)
    if not runs or month < this_month.previous or month in closed:
        message = f"More hours are asked for a month that runs or waits to be closed; {month} is neither."
        raise RuleViolation(message)


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal figures."""
    return hashlib.sha256(text.encode()).hexdigest()
