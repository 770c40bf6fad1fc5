"""What a ticket in Triage offers: a domain that its client could learn, and tickets that could move along (rule 37)."""

from dataclasses import dataclass

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk.clients.domain import client_domain
from helpdesk.clients.models import Contact
from helpdesk.clients.queries import client_of_domain
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets.models import TicketDetails

OTHERS_LIMIT = 20


@dataclass(frozen=True)
class OtherTicket:
    """Another open ticket in Triage of the same person or domain."""

    number: int
    title: str
    requester_email: str


@dataclass(frozen=True)
class TriagePanel:
    """What can be decided along with the client; ``domain`` is empty where none can be learned, and ``why`` says so."""

    domain: str
    why: str
    others: list[OtherTicket]


def triage_panel(session: Session, *, item: WorkItem, details: TicketDetails | None) -> TriagePanel | None:
    """Return what a ticket in Triage offers; None elsewhere."""
    if details is None or not item.project.is_triage:
        return None
    written = details.requester.email.rpartition("@")[2].lower()
    domain, why = _learnable(session, written)
    return TriagePanel(domain, why, _others(session, item, details, domain))


def _learnable(session: Session, written: str) -> tuple[str, str]:
    try:
        domain = client_domain(written)
    except RuleViolation as refusal:
        return "", str(refusal)
    owner = client_of_domain(session, domain)
    return (domain, "") if owner is None else ("", f"Mail from {domain} goes to {owner.name} already.")


def _others(session: Session, item: WorkItem, details: TicketDetails, domain: str) -> list[OtherTicket]:
    same = Contact.id == details.requester_id
    if domain:
        same = or_(same, func.lower(Contact.email).endswith(f"@{domain}", autoescape=True))
    query = (
        select(WorkItem.number, WorkItem.title, Contact.email)
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .join(Contact, Contact.id == TicketDetails.requester_id)
        .where(
            WorkItem.project_id == item.project_id,
            WorkItem.id != item.id,
            WorkItem.status.in_(OPEN_STATUSES),
            TicketDetails.spam_at.is_(None),
            same,
        )
        .order_by(WorkItem.number)
        .limit(OTHERS_LIMIT)
    )
    return [OtherTicket(*row) for row in session.execute(query)]
