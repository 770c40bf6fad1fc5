"""Canned replies as they would be said on one ticket (docs/answering.md rules 5 to 7)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
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
from helpdesk.tickets.models import Draft
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
    values = values_on(session, actor, projects.get_item(session, actor=actor, number=number))
    every = [
        (one, said_with(values, one.body, one.html)) for one in ticket_service.canned_replies(session, actor=actor)
    ]
    return [Said(one.id, one.name, one.person_id is None, said.text, said.html) for one, said in every]


def add_to_draft(session: Session, *, actor: Actor, now: datetime, number: int, canned_id: int) -> None:
    """Put a canned reply below what the actor has drafted on the ticket so far.

    Raises:
        NotFound: no such ticket or canned reply, or not for this actor.
    """
    item = projects.get_item(session, actor=actor, number=number)
    canned = ticket_service.get_canned(session, actor=actor, canned_id=canned_id)
    said = said_with(values_on(session, actor, item), canned.body, canned.html)
    put_below(session, actor=actor, now=now, item=item, said=said)


def put_below(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    said: Written,
    worked: str = "",
    work_type_id: int | None = None,
    status: str = "",
) -> Typed:
    """Put words below what the actor has drafted, with time and status where they are given; return the draft.

    Raises:
        NotFound: not for this actor.
    """
    kept = typed_in(ticket_service.drafts(session, actor=actor, item_id=item.id).get("reply")) or Typed("")
    whole = Written(kept.body, kept.html).followed_by(said) if kept.body or kept.html else said
    typed = replace(kept, body=whole.text, html=whole.html, status=status or kept.status)
    if worked:
        typed = replace(typed, worked=worked, work_type_id=work_type_id)
    ticket_service.save_draft(
        session,
        actor=actor,
        now=now,
        item_id=item.id,
        kind="reply",
        typed=typed,
        last_seen_id=tickets.last_message_id(session, item.id),
    )
    return typed


def typed_in(draft: Draft | None) -> Typed | None:
    """Return what stands in a draft, without its files; None where there is none."""
    if draft is None:
        return None
    return Typed(draft.body, draft.worked, draft.work_type_id, draft.billable, draft.status, draft.html)


def said_with(values: Mapping[str, str], text: str, html: str) -> Written:
    """Return what a text says once it is filled in; whatever a variable stands for is words, never markup."""
    if not html:
        return Written(filled(text, values))
    return written("", filled(html, {name: escape(value) for name, value in values.items()}))


def values_on(session: Session, actor: Actor, item: WorkItem) -> dict[str, str]:
    """Return what each of ``CANNED_FIELDS`` stands for on this ticket.

    Raises:
        NotFound: nobody asks there.
    """
    return {**ticket_service.values_of(session, item), **_of_writer(actor)}


def values_on_any(session: Session, actor: Actor, item: WorkItem) -> dict[str, str]:
    """Return what :func:`values_on` does, and on a task where nobody asks the others alone.

    Raises:
        NotFound: nobody asks on a ticket.
    """
    if item.kind == "task" and tickets.details(session, item.id) is None:
        return {**ticket_service.values_of_item(session, item), **_of_writer(actor)}
    return values_on(session, actor, item)


def _of_writer(actor: Actor) -> dict[str, str]:
    return {"me.name": actor.name, "me.first_name": first_name(actor.name)}
