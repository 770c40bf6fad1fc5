"""Mail of ours that came back: noted on its ticket, and on whom it did not reach (docs/mail.md rule 28)."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import service as clients
from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.domain.address import normalise_address
from helpdesk.intake.domain.matching import Decision
from helpdesk.intake.service import log, recording
from helpdesk.intake.service import returned as returning
from helpdesk.intake.service.matching import Arrival
from helpdesk.outbox import service as outbox
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets


def note(session: Session, arrival: Arrival, decision: Decision, now: datetime) -> None:
    """Note a bounce on the mail that came back, on its ticket and on its recipients; without a ticket it is listed."""
    returned = returning.find(session, arrival.mail)
    if returned is not None:
        report = _report(arrival, arrival.mail.bounce.recipients)
        outbox.record_bounce(session, returned=returned, report=report, now=now)
        tickets.tell_of_delivery(session, outgoing=returned, now=now)
    reasons = (*decision.reasons, *arrival.mail.bounce.reasons)
    if decision.work_item_id is None:
        _mark(session, arrival, _recipients_of(returned), now)
        log.finish(arrival.inbound, state="ignored", outcome="bounce", reasons=reasons, now=now)
        return
    takes_part = ticket_queries.participants(session, [decision.work_item_id])
    ours = _recipients_of(returned) or {normalise_address(one.contact.email) for one in takes_part if one.contact.email}
    unreached = _mark(session, arrival, ours, now)
    event = tickets.add_event(
        session, actor=SYSTEM, now=now, item_id=decision.work_item_id, text=_sentence(arrival, unreached)
    )
    recording.done(session, arrival, decision, event, "bounce", reasons, now)
    tickets.wake(session, actor=SYSTEM, now=now, item_id=decision.work_item_id, why="woke up: our mail did not arrive")


def _mark(session: Session, arrival: Arrival, ours: Collection[str], now: datetime) -> list[str]:
    """Return whom the mail did not reach, and count it on their contacts; only those to whom we wrote can be meant."""
    bounce = arrival.mail.bounce
    named = [address for address in bounce.recipients if address in ours]
    unreached = named or (list(ours) if len(ours) == 1 else [])
    for address in unreached:
        clients.note_bounce(session, now=now, email=address, hard=bool(bounce.hard), why=_report(arrival, (address,)))
    return unreached


def _recipients_of(returned: OutgoingMessage | None) -> set[str]:
    if returned is None:
        return set()
    return {normalise_address(person["address"]) for person in (*returned.to, *returned.cc)}


def _report(arrival: Arrival, recipients: Collection[str]) -> str:
    bounce = arrival.mail.bounce
    how = "does not exist or takes no mail" if bounce.hard else "could not be reached for now"
    return f"{', '.join(recipients) or 'the recipient'} {how} ({bounce.status or 'no status'})"


def _sentence(arrival: Arrival, unreached: Collection[str]) -> str:
    bounce = arrival.mail.bounce
    whom = ", ".join(unreached or bounce.recipients) or "the recipient"
    return f"could not deliver mail to {whom} ({bounce.status or 'no status'})"
