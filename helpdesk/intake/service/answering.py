"""What the database knows of the address that a mail wants to be answered at (docs/mail.md rule 20)."""

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.intake.domain.address import normalise_address
from helpdesk.intake.domain.answering import Answers, ReplyTo, where_answers_go
from helpdesk.intake.domain.matching import Decision
from helpdesk.intake.service.matching import Arrival


def answers(session: Session, arrival: Arrival, decision: Decision, *, client_id: int) -> Answers:
    """Return where answers to this mail go; machines and colleagues are not asked."""
    address = normalise_address(arrival.mail.reply_to[0].address) if arrival.mail.reply_to else ""
    sender = arrival.sender
    if address in ("", sender.address) or sender.is_staff or arrival.incoming.automatic_reasons:
        return Answers()
    contact = clients.find_contact(session, address)
    return where_answers_go(
        ReplyTo(
            address=address,
            sender=sender.address,
            is_unverified=decision.unverified_sender,
            is_held=decision.held,
            is_ours=arrival.is_ours(address),
            is_of_another_client=contact is not None and contact.client_id not in (None, client_id),
        )
    )
