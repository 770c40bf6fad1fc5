"""Mail of ours that came back: noted on its ticket, and on whom it did not reach (docs/mail.md rule 28)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.intake.domain.matching import Decision
from helpdesk.intake.service import log, recording
from helpdesk.intake.service.matching import Arrival
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets


def note(session: Session, arrival: Arrival, decision: Decision, now: datetime) -> None:
    """Note a bounce on its ticket, and mark who cannot be reached any more; without a ticket it is only listed."""
    bounce, item_id = arrival.mail.bounce, decision.work_item_id
    if item_id is None:
        log.finish(
            session, arrival.inbound, state="ignored", outcome="bounce", reasons=(*decision.reasons, "bounce"), now=now
        )
        return
    recipients = ", ".join(bounce.recipients) or "the recipient"
    event = tickets.add_event(
        session,
        actor=SYSTEM,
        now=now,
        item_id=item_id,
        text=f"could not deliver mail to {recipients} ({bounce.status or 'no status'})",
    )
    if bounce.hard:
        for participant in ticket_queries.participants(session, [item_id]):
            if participant.contact.email.lower() in bounce.recipients:
                participant.contact.undeliverable_at = now
    recording.done(session, arrival, decision, event, "bounce", [*decision.reasons, *bounce.reasons], now)
