"""A further address of a contact, which must be none of our own mailboxes' (docs/desk.md rule 55)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.clients import people
from helpdesk.clients.models import Contact
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox import queries as outbox


def add(session: Session, *, actor: Actor, now: datetime, contact_id: int, email: str) -> Contact:
    """Let mail from a further address be that of this contact.

    Raises:
        NotFound: no such contact, or not for this actor.
        RuleViolation: no e-mail address, one of ours, or somebody else's.
    """
    if email.strip().lower() in outbox.own_addresses(session):
        message = f"{email.strip()} is one of our own mailboxes."
        raise RuleViolation(message, field="email")
    return people.add_address(session, actor=actor, now=now, contact_id=contact_id, email=email)
