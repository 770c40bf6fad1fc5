"""Canned replies: texts to answer with, personal and shared (docs/answering.md rules 5 to 7)."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.infra import audit
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.kernel.fields import check_fields
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.domain import CANNED_FIELDS, first_name
from helpdesk.tickets.models import CannedReply
from helpdesk.tickets.service.writing import formatted


@dataclass(frozen=True, slots=True)
class CannedText:
    """A canned reply as it is written; ``shared`` for everybody on the desk, else for its writer alone.

    With ``html`` the body is the text of that.
    """

    name: str
    body: str
    shared: bool = False
    html: str = ""


def values_of(session: Session, item: WorkItem) -> dict[str, str]:
    """Return what each of ``TICKET_FIELDS`` stands for on a ticket.

    Raises:
        NotFound: nobody asks there.
    """
    found = queries.details(session, item.id)
    if found is None:
        message = "Nobody has asked here, so there is nobody to write to."
        raise NotFound(message)
    requester = found.requester
    asks = {
        "requester.name": requester.name,
        "requester.first_name": first_name(requester.name),
        "requester.email": requester.email,
    }
    return {**asks, **values_of_item(session, item)}


def values_of_item(session: Session, item: WorkItem) -> dict[str, str]:
    """Return what those of ``TICKET_FIELDS`` stand for that a task has as well, where nobody asks."""
    return {
        "ticket.number": str(item.number),
        "ticket.subject": item.title,
        "client.name": item.project.client.name,
        "project.name": item.project.name,
        "company.name": company.get_company(session).name,
    }


def canned_replies(session: Session, *, actor: Actor) -> list[CannedReply]:
    """Return the actor's own canned replies and the shared ones, by name."""
    mine = or_(CannedReply.person_id.is_(None), CannedReply.person_id == actor.person_id)
    return list(session.scalars(select(CannedReply).where(mine).order_by(func.lower(CannedReply.name), CannedReply.id)))


def get_canned(session: Session, *, actor: Actor, canned_id: int) -> CannedReply:
    """Return a canned reply that the actor may answer with.

    Raises:
        NotFound: no such one, or it is somebody else's.
    """
    found = session.get(CannedReply, canned_id)
    if found is None or found.person_id not in (None, actor.person_id):
        message = "There is no such canned reply."
        raise NotFound(message)
    return found


def may_change(actor: Actor, canned: CannedReply) -> bool:
    """Return whether the actor may rewrite it: their own ones, and as manager or administrator the shared ones."""
    return canned.person_id is not None or actor.is_one_of(APPROVERS)


def save_canned(
    session: Session, *, actor: Actor, now: datetime, canned_id: int | None, written: CannedText
) -> CannedReply:
    """Write a canned reply, a new one without ``canned_id``.

    A name stands once among the shared ones, and once among those of one person.

    Raises:
        NotFound: no such one, or it is somebody else's.
        RuleViolation: nothing written, an unknown variable or half of one formatted, a name that is taken, or a shared
            one by somebody who may not share.
    """
    said = formatted(written.body, written.html)
    for one in (said.text, said.html):
        check_fields(one, CANNED_FIELDS, at="body")
    owner_id = None if written.shared else actor.person_id
    canned = CannedReply(person_id=owner_id) if canned_id is None else _to_change(session, actor, canned_id)
    if owner_id is None and not actor.is_one_of(APPROVERS):
        message = "Managers and administrators write the shared ones. Keep it as your own."
        raise RuleViolation(message, field="shared")
    same = select(CannedReply.id).where(
        func.lower(CannedReply.name) == func.lower(written.name),
        CannedReply.person_id.is_(None) if owner_id is None else CannedReply.person_id == owner_id,
        CannedReply.id != canned_id if canned_id is not None else CannedReply.id.is_not(None),
    )
    if session.scalar(same) is not None:
        message = "There is one with this name already."
        raise RuleViolation(message, field="name")
    canned.person_id, canned.name, canned.changed_at = owner_id, written.name, now
    canned.body, canned.html = said.text, said.html
    session.add(canned)
    session.flush()
    audit.record(session, actor=actor, action="written", kind="canned_reply", object_id=canned.id, now=now)
    return canned


def remove_canned(session: Session, *, actor: Actor, now: datetime, canned_id: int) -> None:
    """Throw a canned reply away; answers that were written with it stay as they are.

    Raises:
        NotFound: no such one, or it is somebody else's.
        RuleViolation: a shared one, and the actor may not share.
    """
    canned = _to_change(session, actor, canned_id)
    session.delete(canned)
    session.flush()
    audit.record(session, actor=actor, action="removed", kind="canned_reply", object_id=canned_id, now=now)


def _to_change(session: Session, actor: Actor, canned_id: int) -> CannedReply:
    canned = get_canned(session, actor=actor, canned_id=canned_id)
    if not may_change(actor, canned):
        message = "Managers and administrators change the shared ones."
        raise RuleViolation(message)
    return canned
