"""What stands between a mail and a ticket: blocked senders, people's rules, too many at once (rules 24, 26, 41, 43)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.intake import rule_queries
from helpdesk.intake.domain.decisions import OPEN_TICKET, overruled
from helpdesk.intake.domain.matching import Decision, Outcome, decide
from helpdesk.intake.domain.standing import Candidate
from helpdesk.intake.service import blocking, log, ruling
from helpdesk.intake.service.matching import Arrival

HOUR = timedelta(hours=1)


def screen(
    session: Session, arrival: Arrival, candidates: Sequence[Candidate], *, now: datetime
) -> tuple[Arrival, Decision] | None:
    """Return the mail, with the rule that fits it, and where it belongs; None where it has its outcome already.

    What a person asked to be a ticket is stopped by nothing here. A bounce never is, and answers skip the rules.
    """
    decision = overruled(decide(arrival.incoming, candidates), arrival.inbound.decisions)
    asked_for = OPEN_TICKET in arrival.inbound.decisions
    if not asked_for and _is_spam(session, arrival, decision, now):
        return None
    if not asked_for and (
        arrival.incoming.from_ourselves or decision.outcome not in (Outcome.NEW_TICKET, Outcome.IGNORED)
    ):
        return arrival, decision
    found = ruling.find(session, arrival.mail, mailbox_address=arrival.inbound.mailbox.address)
    if found is not None:
        if found.rule.ignore_reason and not asked_for:
            why = f"{found.title}: ignored, {found.rule.ignore_reason}"
            log.finish(arrival.inbound, state="ignored", outcome="rule", reasons=[why], now=now)
            return None
        arrival = _under_rule(arrival, found)
        decision = overruled(decide(arrival.incoming, candidates), arrival.inbound.decisions)
    if decision.outcome is Outcome.NEW_TICKET and not asked_for and _is_held(session, arrival, decision, now):
        return None
    return arrival, decision


def _is_spam(session: Session, arrival: Arrival, decision: Decision, now: datetime) -> bool:
    """End the mail of a blocked sender, and return whether it was one."""
    if arrival.incoming.from_ourselves or decision.outcome is Outcome.BOUNCE:
        return False
    pattern = blocking.blocked_by(session, arrival.sender.address)
    if pattern is None:
        return False
    reasons = (f"spam: {pattern} is blocked", *decision.reasons)
    log.finish(arrival.inbound, state="ignored", outcome="spam", reasons=reasons, now=now)
    return True


def _under_rule(arrival: Arrival, found: ruling.Ruling) -> Arrival:
    incoming = replace(arrival.incoming, automatic_may_open=found.rule.automatic_may_open)
    return replace(arrival, incoming=incoming, ruling=found)


def _is_held(session: Session, arrival: Arrival, decision: Decision, now: datetime) -> bool:
    """Hold the mail where its sender opened too many tickets within the hour before it, and return whether it was so.

    What was there before the mailbox was connected, or is imported, is no flood.
    """
    inbound = arrival.inbound
    starts_at = arrival.source.starts_at if arrival.source is not None else None
    if inbound.origin == "import" or (starts_at is not None and inbound.received_at < starts_at):
        return False
    allowed = arrival.limits.new_tickets_an_hour
    session.flush()  # those of this very transaction count
    opened = rule_queries.tickets_opened(session, inbound, since=inbound.received_at - HOUR)
    if opened < allowed:
        return False
    why = f"held: {inbound.from_address or 'this sender'} opened {allowed} tickets within an hour"
    log.finish(inbound, state="held", outcome="capped", reasons=(why, *decision.reasons), now=now)
    return True
