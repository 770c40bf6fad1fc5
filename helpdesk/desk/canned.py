"""Canned replies as they would be said on one ticket (docs/answering.md rules 5 to 7)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from html import escape

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.infra.rich_text import Written, written
from helpdesk.kernel.fields import filled
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries as tickets
from helpdesk.tickets import service as ticket_service
from helpdesk.tickets.domain import first_name
from helpdesk.tickets.models import CannedReply
from helpdesk.tickets.service import Typed


@dataclass(frozen=True, slots=True)
class Said:
    """A canned reply with its variables filled in for one ticket."""

    id: int
    name: str
    is_shared: bool
    text: str
    html: str


def said_on(session: Session, *, actor: Actor, number: int) -> list[Said]:
    """Return the actor's canned replies and the shared ones as they would be said on the ticket, by name.

    Raises:
        NotFound: no such ticket, not for this actor, or nobody asks there.
    """
    values = _values(session, actor, projects.get_item(session, actor=actor, number=number))
    every = [(one, _said(one, values)) for one in ticket_service.canned_replies(session, actor=actor)]
    return [Said(one.id, one.name, one.person_id is None, said.text, said.html) for one, said in every]


def add_to_draft(session: Session, *, actor: Actor, now: datetime, number: int, canned_id: int) -> None:
    """Put a canned reply below what the actor has drafted on the ticket so far.

    Raises:
        NotFound: no such ticket or canned reply, or not for this actor.
    """
    item = projects.get_item(session, actor=actor, number=number)
    canned = ticket_service.get_canned(session, actor=actor, canned_id=canned_id)
    text = _said(canned, _values(session, actor, item))
    draft = ticket_service.drafts(session, actor=actor, item_id=item.id).get("reply")
    said = Written(draft.body, draft.html).followed_by(text) if draft else text
    typed = Typed(
        body=said.text,
        html=said.html,
        worked=draft.worked if draft else "",
        work_type_id=draft.work_type_id if draft else None,
        billable=draft.billable if draft else "",
        status=draft.status if draft else "",
    )
    ticket_service.save_draft(
        session,
        actor=actor,
        now=now,
        item_id=item.id,
        kind="reply",
        typed=typed,
        last_seen_id=tickets.last_message_id(session, item.id),
    )


def _said(canned: CannedReply, values: Mapping[str, str]) -> Written:
    """Return what it says; whatever a variable stands for is words, never markup."""
    if not canned.html:
        return Written(filled(canned.body, values))
    return written("", filled(canned.html, {name: escape(value) for name, value in values.items()}))


def _values(session: Session, actor: Actor, item: WorkItem) -> dict[str, str]:
    """Return what each of ``CANNED_FIELDS`` stands for on this ticket."""
    own = {"me.name": actor.name, "me.first_name": first_name(actor.name)}
    return {**ticket_service.values_of(session, item), **own}
