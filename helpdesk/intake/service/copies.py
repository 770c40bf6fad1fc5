"""Mail that a colleague wrote from their own program with us in copy (docs/mail.md rule 27): whom it is for, asks."""

from dataclasses import replace

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.intake.domain.dmarc import Dmarc
from helpdesk.intake.domain.standing import Sender
from helpdesk.intake.service import placing
from helpdesk.intake.service.matching import Arrival
from helpdesk.outbox.domain import Address


def on_behalf(session: Session, arrival: Arrival) -> Arrival:
    """Return the mail as that of whom it was written to first, where a colleague only copied it to us.

    Such mail names none of our addresses in To. It gives no powers: it opens a ticket, sends nothing, and finds no
    client by domain where its check failed.
    """
    person_id = arrival.sender.person_id
    to_us = any(arrival.is_ours(person.address) for person in arrival.mail.to)
    if person_id is None or to_us or arrival.incoming.automatic_reasons:
        return arrival
    outside = next(iter(placing.outside(session, arrival)), None)
    if outside is None:
        return arrival
    name, address = outside
    dmarc = Dmarc.FAIL if arrival.sender.dmarc is Dmarc.FAIL else Dmarc.NOT_CHECKED
    return replace(
        arrival,
        mail=replace(arrival.mail, sender=Address(name, address), reply_to=()),
        contact=clients.find_contact(session, address),
        incoming=replace(arrival.incoming, sender=Sender(address=address, dmarc=dmarc)),
        written_by=person_id,
    )
