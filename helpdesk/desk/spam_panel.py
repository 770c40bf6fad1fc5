"""What the page of a ticket says about spam: that it is, since when, and what of its sender can be blocked."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.intake.service import blocking
from helpdesk.intake.service.blocking import Blockable
from helpdesk.tickets.models import TicketDetails


@dataclass(frozen=True)
class SpamPanel:
    """``marked_at`` is None where the ticket is no spam; ``may_block_domain`` is for managers and administrators."""

    marked_at: datetime | None
    by_name: str
    blockable: Blockable
    may_block_domain: bool


def spam_panel(session: Session, *, actor: Actor, details: TicketDetails | None) -> SpamPanel | None:
    """Return what the page shows; None for a task."""
    if details is None:
        return None
    by = session.get(Person, details.spam_by_id) if details.spam_by_id is not None else None
    blockable = blocking.blockable(session, details.requester.email)
    return SpamPanel(
        marked_at=details.spam_at,
        by_name=by.name if by is not None else "",
        blockable=blockable,
        may_block_domain=actor.is_one_of(APPROVERS) and blockable.domain != "",
    )
