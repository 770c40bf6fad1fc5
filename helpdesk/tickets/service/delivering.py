"""What became of mail of ours on a ticket: told to open pages, and sent once more where it did not arrive.

docs/mail.md rule 28, invariant 9; docs/desk.md rule 119.
"""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.clients import service as client_service
from helpdesk.infra import live
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.notices import service as notices
from helpdesk.outbox import queries as outbox_queries
from helpdesk.outbox import service as outbox
from helpdesk.outbox.domain import Address
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import queries as project_queries
from helpdesk.projects import telling
from helpdesk.projects.telling import Said
from helpdesk.tickets import queries
from helpdesk.tickets.models import Message
from helpdesk.tickets.service.writing import add_event, lock, remember


def tell_of_delivery(session: Session, *, outgoing: OutgoingMessage, now: datetime) -> None:
    """Tell the pages of the ticket that a mail left, waits for another attempt, failed or came back.

    Of one that is lost whoever wrote it is told; where they may not be told, whoever has or follows the ticket
    (docs/notifications.md rule 28).
    """
    if outgoing.about_kind != "work_item":
        return
    reply = queries.message_of_outgoing(session, outgoing.id)
    if reply is None:
        item_id = queries.merged_into(session, outgoing.about_id) or outgoing.about_id
        live.publish(session, audience=live.to_item(item_id), topic=live.SHOWN, now=now)
        return
    is_listed = is_lost(outgoing) or outgoing.attempts > 1
    topic = live.LISTED if is_listed else live.SHOWN
    live.publish(session, audience=live.to_item(reply.work_item_id), topic=topic, now=now)
    if is_lost(outgoing):
        _tell_of_loss(session, outgoing, reply, now)


def is_lost(outgoing: OutgoingMessage) -> bool:
    """Return whether a mail was given up or came back; what its writer took back is not lost."""
    return outgoing.bounced_at is not None or (outgoing.state == "failed" and outgoing.withdrawn_at is None)


def _tell_of_loss(session: Session, outgoing: OutgoingMessage, reply: Message, now: datetime) -> None:
    item = project_queries.get_item(session, actor=SYSTEM, item_id=reply.work_item_id)
    writer = [] if reply.person_id is None else [reply.person_id]
    said = outgoing.bounce_report or outgoing.last_error
    what = Said("undelivered", _key_of_loss(outgoing), author="Helpdesk", excerpt=said, message_id=reply.id)
    people = telling.who_sees(session, item, writer) or telling.audience(session, item)
    telling.tell(session, actor=SYSTEM, now=now, item=item, what=what, person_ids=people)


def _key_of_loss(outgoing: OutgoingMessage) -> str:
    """Return the key of what is told of a lost mail: the same however many report it, until it is sent again."""
    return f"undelivered:{outgoing.id}:{outgoing.attempts}"


def send_again(
    session: Session, *, actor: Actor, now: datetime, item_id: int, outgoing_id: int, address: str = ""
) -> OutgoingMessage:
    """Send a mail of this ticket, or of one that was merged into it, again, and return the row that is on its way.

    One that was given up is the same mail once more. One that came back, or goes to another ``address``, is another
    mail, to those alone whom the first did not reach; the address becomes the contact's own where there is one.

    Raises:
        NotFound: no such mail on this item, or not for this actor, or its writer took it back.
        Conflict: it has arrived as far as anybody knows, or is on its way again.
        RuleViolation: no address, or somebody else's.
    """
    project_queries.get_item(session, actor=actor, item_id=item_id)
    lock(session, item_id)
    outgoing = session.get(OutgoingMessage, outgoing_id, populate_existing=True)
    if outgoing is None or outgoing.withdrawn_at is not None or not _is_of(session, outgoing, item_id):
        message = "There is no such mail."
        raise NotFound(message)
    is_corrected = address.strip().lower() not in ("", unreached(outgoing)[0].address.lower())
    if not is_lost(outgoing) or outbox_queries.find_by_key(session, outbox.again_key(outgoing)) is not None:
        message = "This mail has arrived as far as anybody knows, or is on its way again."
        raise Conflict(message)
    notices.withdraw(session, now=now, key=_key_of_loss(outgoing))
    if outgoing.state == "failed" and not is_corrected:
        outbox.try_again(session, actor=actor, outgoing=outgoing, now=now)
        live.publish(session, audience=live.to_item(item_id), topic=live.LISTED, now=now)
        return outgoing
    return _anew(session, actor, now, item_id, outgoing, address)


def _is_of(session: Session, outgoing: OutgoingMessage, item_id: int) -> bool:
    """Tell whether a mail stands on the page of a work item: its own ones, and those of what was merged into it."""
    if outgoing.about_kind != "work_item":
        return False
    reply = queries.message_of_outgoing(session, outgoing.id)
    return item_id in {
        outgoing.about_id,
        reply.work_item_id if reply is not None else None,
        queries.merged_into(session, outgoing.about_id),
    }


def unreached(outgoing: OutgoingMessage) -> list[Address]:
    """Return whom a mail did not reach: those whom the reports name, or everybody where they name nobody."""
    people = [Address(**person) for person in (*outgoing.to, *outgoing.cc)]
    named = [person for person in people if person.address.lower() in outgoing.bounce_report.lower()]
    return named or people


def _anew(
    session: Session, actor: Actor, now: datetime, item_id: int, outgoing: OutgoingMessage, address: str
) -> OutgoingMessage:
    whom = unreached(outgoing)
    if address.strip():
        whom = [_corrected(session, actor, now, whom[0], address), *whom[1:]]
    again = outbox.send_anew(session, actor=actor, outgoing=outgoing, to=whom, now=now)
    reply = queries.message_of_outgoing(session, outgoing.id)
    if reply is not None:
        reply.outgoing_message_id, reply.message_id = again.id, again.message_id
        remember(session, reply.work_item_id, (again.message_id,))
    names = ", ".join(person.address for person in whom)
    add_event(session, actor=actor, now=now, item_id=item_id, text=f"sent the mail again to {names}")
    live.publish(session, audience=live.to_item(item_id), topic=live.LISTED, now=now)
    return again


def _corrected(session: Session, actor: Actor, now: datetime, person: Address, address: str) -> Address:
    """Return the person with the address, which their contact has from now on."""
    contact = clients.find_contact(session, person.address)
    if contact is None:
        return Address(person.name, address.strip())
    corrected = client_service.correct_address(session, actor=actor, now=now, contact=contact, email=address)
    return Address(person.name, corrected.email)
