"""A ticket that is spam, and whoever sent it (docs/mail.md rule 43)."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.intake.service import blocking
from helpdesk.kernel.errors import Denied
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as ticket_queries
from helpdesk.tickets import service as tickets


def mark(
    session: Session, *, actor: Actor, now: datetime, item_id: int, block: str = "", sure: bool = False
) -> WorkItem:
    """Mark a ticket as spam, and block its requester: ``block`` is "sender", "domain", or empty for neither.

    Raises:
        NotFound: no such ticket, or not for this actor.
        Denied: a whole domain is for managers and administrators to block.
        RuleViolation: the sender or the domain cannot be blocked; nothing happens then.
        Conflict: it is spam already.
    """
    item = tickets.mark_spam(session, actor=actor, now=now, item_id=item_id)
    details = ticket_queries.details(session, item.id)
    if block == "" or details is None:
        return item
    if block == "domain" and not actor.is_one_of(APPROVERS):
        message = "A whole domain is for a manager or an administrator to block."
        raise Denied(message)
    address = details.requester.email
    pattern = address if block == "sender" else f"@{address.rpartition('@')[2]}"
    blocking.block(session, actor=actor, now=now, pattern=pattern, sure=sure)
    return item


def unmark(session: Session, *, actor: Actor, now: datetime, item_id: int) -> tuple[WorkItem, str | None]:
    """Take back that a ticket is spam; return it with the pattern that still blocks its sender, or None.

    Raises:
        NotFound: no such ticket, or not for this actor.
        Conflict: it is not spam.
    """
    item = tickets.unmark_spam(session, actor=actor, now=now, item_id=item_id)
    details = ticket_queries.details(session, item.id)
    return item, None if details is None else blocking.blocked_by(session, details.requester.email)
