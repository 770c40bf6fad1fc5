"""Drafts: what is typed is kept until it is sent or thrown away (docs/answering.md rules 1 to 4)."""

from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import Actor
from helpdesk.projects import queries as project_queries
from helpdesk.tickets.models import Draft, Message


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a box, as it was typed."""

    body: str
    worked: str = ""
    work_type_id: int | None = None
    billable: str = ""
    status: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written: choices alone are worth no draft."""
        return not (self.body or self.worked)


def save_draft(
    session: Session, *, actor: Actor, now: datetime, item_id: int, kind: str, typed: Typed, last_seen_id: int | None
) -> bool:
    """Keep what somebody typed, instead of what was kept before; return whether it is kept.

    An empty box keeps nothing. Neither does a page that is older than what its writer sent since: what it tells comes
    late, and has been sent (rule 3).

    Raises:
        NotFound: no such work item, or not for this actor.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    if actor.person_id is None or _was_sent(session, actor.person_id, item.id, kind, last_seen_id or 0):
        return False
    if typed.is_empty:
        discard_draft(session, actor=actor, item_id=item.id, kind=kind)
        return False
    values = {**asdict(typed), "saved_at": now}
    session.execute(
        insert_of(session, Draft)
        .values(person_id=actor.person_id, work_item_id=item.id, kind=kind, **values)
        .on_conflict_do_update(index_elements=["person_id", "work_item_id", "kind"], set_=values)
    )
    return True


def discard_draft(session: Session, *, actor: Actor, item_id: int, kind: str) -> None:
    """Forget what somebody began to write; nothing happens where there is nothing."""
    session.execute(
        delete(Draft).where(Draft.person_id == actor.person_id, Draft.work_item_id == item_id, Draft.kind == kind)
    )


def drafts(session: Session, *, actor: Actor, item_id: int) -> dict[str, Draft]:
    """Return what this person began to write on a work item, by kind; nobody else sees it."""
    query = select(Draft).where(Draft.person_id == actor.person_id, Draft.work_item_id == item_id)
    return {draft.kind: draft for draft in session.scalars(query)}


def _was_sent(session: Session, person_id: int, item_id: int, kind: str, last_seen_id: int) -> bool:
    query = select(func.count(Message.id)).where(
        Message.work_item_id == item_id,
        Message.person_id == person_id,
        Message.kind == kind,
        Message.id > last_seen_id,
    )
    return bool(session.scalar(query))
