"""Links between tickets and tasks: related, part of another, the same as another (docs/desk.md rules 26 to 28)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries as project_queries
from helpdesk.projects.models import OPEN_STATUSES, WorkItem
from helpdesk.tickets.domain import SAID_OF_LINKS
from helpdesk.tickets.models import ItemLink
from helpdesk.tickets.service.writing import add_event

Kept = dict[str, Any]


def link(session: Session, *, actor: Actor, now: datetime, item: WorkItem, other: WorkItem, how: str) -> ItemLink:
    """Link two items, and say so on both; ``how`` is what ``item`` is to the other, a key of `domain.SAID_OF_LINKS`.

    Raises:
        RuleViolation: no such link, the item itself, linked already, two tasks of plans, a second whole, or a circle.
    """
    if how not in SAID_OF_LINKS:
        message = "Choose how the two belong together."
        raise RuleViolation(message, field="how")
    project_queries.lock_items(session, {item.id, other.id})
    _refuse_pair(session, item, other)
    below, above = (other, item) if how in ("whole", "original") else (item, other)
    kind = {"whole": "part", "original": "duplicate"}.get(how, how)
    if kind == "part":
        _refuse_part(session, below, above)
    row = ItemLink(work_item_id=below.id, other_id=above.id, kind=kind, created_at=now, created_by_id=actor.person_id)
    session.add(row)
    session.flush()
    opposite = {"part": "whole", "whole": "part", "duplicate": "original", "original": "duplicate"}.get(how, how)
    for one, far, said in ((item, other, how), (other, item, opposite)):
        words = SAID_OF_LINKS[said]
        add_event(session, actor=actor, now=now, item_id=one.id, text=f"said that this {words} #{far.number}")
    _audit(session, actor, now, "linked", row)
    return row


def unlink(session: Session, *, actor: Actor, now: datetime, item: WorkItem, other: WorkItem) -> None:
    """Take a link away, and say so on both.

    Raises:
        NotFound: the two are not linked.
    """
    row = _between(session, item, other)
    if row is None:
        message = "There is no such link."
        raise NotFound(message)
    _audit(session, actor, now, "unlinked", row)
    session.delete(row)
    session.flush()
    for one, far in ((item, other), (other, item)):
        add_event(session, actor=actor, now=now, item_id=one.id, text=f"took away the link to #{far.number}")


def open_parts(session: Session, *, actor: Actor, item_id: int) -> list[WorkItem]:
    """Return what is part of an item and still open, as far as the actor sees it, by number."""
    query = (
        project_queries.visible_items(actor)
        .join(ItemLink, ItemLink.work_item_id == WorkItem.id)
        .where(ItemLink.other_id == item_id, ItemLink.kind == "part", WorkItem.status.in_(OPEN_STATUSES))
    )
    return list(session.scalars(query.order_by(WorkItem.number)))


def bring_links(session: Session, *, item_id: int, into_id: int) -> list[Kept]:
    """Let what is linked with a ticket be linked with the one into which it is merged; return what came along.

    A link stays where the other one is linked with it already, where a part would get a second whole, or a circle
    would close.
    """
    session.flush()
    query = select(ItemLink).where((ItemLink.work_item_id == item_id) | (ItemLink.other_id == item_id))
    brought = list[Kept]()
    for row in session.scalars(query.order_by(ItemLink.work_item_id, ItemLink.other_id)).all():
        is_below = row.work_item_id == item_id
        far = row.other_id if is_below else row.work_item_id
        ends = (into_id, far) if is_below else (far, into_id)
        if far != into_id and not _are_linked(session, into_id, far) and _keeps_tree(session, row, *ends):
            brought.append({"far": far, "is_below": is_below, "kind": row.kind})
            _relink(session, row, *ends)
    return brought


def send_links_home(session: Session, *, item_id: int, from_id: int, brought: Collection[Kept]) -> None:
    """Give back what :func:`bring_links` brought and nobody took away or made otherwise since."""
    for kept in brought:
        far, is_below = kept["far"], kept["is_below"]
        row = session.get(ItemLink, (from_id, far) if is_below else (far, from_id))
        if row is not None and row.kind == kept["kind"] and not _are_linked(session, item_id, far):
            _relink(session, row, *((item_id, far) if is_below else (far, item_id)))


def _relink(session: Session, row: ItemLink, below_id: int, above_id: int) -> None:
    values = {"kind": row.kind, "created_at": row.created_at, "created_by_id": row.created_by_id}
    session.delete(row)
    session.flush()
    session.add(ItemLink(work_item_id=below_id, other_id=above_id, **values))
    session.flush()


def _are_linked(session: Session, one_id: int, other_id: int) -> bool:
    return (
        session.get(ItemLink, (one_id, other_id)) is not None or session.get(ItemLink, (other_id, one_id)) is not None
    )


def _keeps_tree(session: Session, row: ItemLink, below_id: int, above_id: int) -> bool:
    """Return whether a link could join these two instead: each part has one whole, and no circle closes."""
    if row.kind != "part":
        return True
    whole = _whole_of(session, below_id)
    if whole is not None and row.work_item_id != below_id:
        return False
    step: int | None = above_id
    while step is not None and step != below_id:
        step = _whole_of(session, step)
    return step is None


def _between(session: Session, item: WorkItem, other: WorkItem) -> ItemLink | None:
    return session.get(ItemLink, (item.id, other.id)) or session.get(ItemLink, (other.id, item.id))


def _refuse_pair(session: Session, item: WorkItem, other: WorkItem) -> None:
    message = ""
    if item.id == other.id:
        message = "Nothing is linked with itself."
    elif item.kind == other.kind == "task":
        message = "Two tasks are put in order in the plan of their project."
    elif _between(session, item, other) is not None:
        message = f"#{item.number} and #{other.number} are linked already. Take that link away first."
    if message:
        raise RuleViolation(message, field="number")


def _refuse_part(session: Session, below: WorkItem, above: WorkItem) -> None:
    """Keep a tree: one whole for each part, and no circle."""
    known = _whole_of(session, below.id)
    if known is not None:
        number = project_queries.numbers_of(session, [known])[known]
        message = f"#{below.number} is part of #{number} already."
        raise RuleViolation(message, field="number")
    step: int | None = above.id
    while step is not None:
        if step == below.id:
            message = f"#{above.number} is part of #{below.number} itself."
            raise RuleViolation(message, field="number")
        step = _whole_of(session, step)


def _whole_of(session: Session, item_id: int) -> int | None:
    return session.scalar(select(ItemLink.other_id).where(ItemLink.work_item_id == item_id, ItemLink.kind == "part"))


def _audit(session: Session, actor: Actor, now: datetime, action: str, row: ItemLink) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="work_item",
        object_id=row.work_item_id,
        now=now,
        other=row.other_id,
        how=row.kind,
    )
