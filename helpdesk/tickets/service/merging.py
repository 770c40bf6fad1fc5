"""The conversation of one ticket goes on in another, and comes back (docs/desk.md rules 20 to 24)."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from helpdesk.clients.models import ContactMerge
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import among
from helpdesk.kernel.errors import Conflict
from helpdesk.notices import service as notices
from helpdesk.projects import following
from helpdesk.projects import queries as project_queries
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.models import Draft, Message, Participant, Takeback, TicketDetails, TicketMerge
from helpdesk.tickets.service.linking import bring_links, send_links_home
from helpdesk.tickets.service.writing import add_event


def merge_conversation(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, into: WorkItem, before: dict[str, Any]
) -> TicketMerge:
    """Move what was written on ``item``, held mail too, and who takes part to ``into``; both are locked by the caller.

    What Helpdesk noted of ``item`` stays its history. An answer that is still held can no longer be taken back.
    Contacts of another client than that of ``into`` do not come along. ``before`` is what the caller's undo needs
    beside. Whether it may be is for the caller to say.
    """
    session.flush()
    moved: dict[str, list[Any]] = {
        "messages": list(
            session.scalars(
                select(Message.id).where(Message.work_item_id == item.id, Message.kind != "event").order_by(Message.id)
            )
        ),
        "people": _bring_people(session, item, into),
        "followers": following.bring_followers(session, item.id, into.id),
        "drafts": _bring_drafts(session, item, into),
        "links": bring_links(session, item_id=item.id, into_id=into.id),
        "earlier": list(
            session.scalars(select(TicketDetails.work_item_id).where(TicketDetails.merged_into_id == item.id))
        ),
    }
    session.execute(delete(Takeback).where(among(session, Takeback.message_id, moved["messages"])))
    move_messages(session, moved["messages"], source=item, to=into)
    _point(session, [item.id, *moved["earlier"]], into.id)
    row = TicketMerge(
        work_item_id=item.id, into_id=into.id, merged_by_id=actor.person_id, merged_at=now, moved=moved, before=before
    )
    session.add(row)
    session.flush()
    _tell(session, actor, now, "merged", item, f"merged this into #{into.number}", into=into.id)
    _tell(session, actor, now, "took in", into, f"merged #{item.number} into this ticket", merged=item.id)
    return row


def part_conversation(session: Session, *, actor: Actor, now: datetime, item: WorkItem, into: WorkItem) -> TicketMerge:
    """Give back what a merge moved, and return it. What came since stays where it came; so do those who wrote it.

    Raises:
        Conflict: it is not merged into ``into``, or something of it has gone on from there.
    """
    row = standing_merge(session, item)
    if row is None or row.into_id != into.id:
        message = f"#{item.number} is not merged."
        raise Conflict(message)
    _refuse_gone_on(session, row, item, into)
    since = came_since(session, row)
    moved = row.moved
    move_messages(session, moved["messages"], source=into, to=item)
    _send_people_home(session, into, moved["people"])
    _send_followers_home(session, item, into, moved.get("followers", ()))
    for person_id, kind in moved["drafts"]:
        _move_draft(session, person_id, kind, into, item)
    send_links_home(session, item_id=item.id, from_id=into.id, brought=moved.get("links", ()))
    _point(session, [item.id], None)
    _point(session, moved["earlier"], item.id)
    row.undone_at, row.undone_by_id = now, actor.person_id
    session.flush()
    stays = f"; what was written since ({since}) stays" if since else ""
    words = f"took this out of #{into.number} again{stays and stays + ' there'}"
    _tell(session, actor, now, "unmerged", item, words, into=into.id)
    words = f"took #{item.number} out of this ticket again{stays and stays + ' here'}"
    _tell(session, actor, now, "gave back", into, words, merged=item.id)
    return row


def came_since(session: Session, row: TicketMerge) -> int:
    """Return how many messages were written on the other ticket since the merge: its undo leaves them there."""
    query = select(func.count()).select_from(Message)
    written = (Message.work_item_id == row.into_id, Message.kind != "event", Message.posted_at > row.merged_at)
    return session.scalar(query.where(*written)) or 0


def standing_merge(session: Session, item: WorkItem) -> TicketMerge | None:
    """Return the merge of a ticket into another that nobody has undone, locked."""
    query = select(TicketMerge).where(TicketMerge.work_item_id == item.id, TicketMerge.undone_at.is_(None))
    return session.scalar(query.with_for_update().execution_options(populate_existing=True))


def refuse_merged(session: Session, item: WorkItem) -> None:
    """Pass unless the ticket was merged into another, where work on it goes on.

    Raises:
        Conflict: it was; the message names the other.
    """
    refuse_merged_into(session, item, queries.merged_now(session, item.id))


def refuse_merged_into(session: Session, item: WorkItem, into_id: int | None) -> None:
    """Do what `refuse_merged` does, for whoever has read already into which ticket it was merged.

    Raises:
        Conflict: it was merged.
    """
    if into_id is not None:
        number = project_queries.numbers_of(session, [into_id])[into_id]
        message = f"#{item.number} was merged into #{number}. Go on there, or undo the merge first."
        raise Conflict(message)


def move_messages(session: Session, message_ids: Collection[int], *, source: WorkItem, to: WorkItem) -> None:
    """Put messages on another work item, with their files and with what people are told of them."""
    notices.follow(session, message_ids=message_ids, from_item=(source.id, source.number), to_item=(to.id, to.number))
    session.execute(
        update(Message)
        .where(among(session, Message.id, message_ids))
        .values(work_item_id=to.id)
        .execution_options(synchronize_session=False)
    )
    for message in session.identity_map.values():
        if isinstance(message, Message):
            session.expire(message, ["work_item_id", "work_item"])


def _bring_people(session: Session, item: WorkItem, into: WorkItem) -> list[int]:
    """Let those who take part there take part here, in copy; return who was none of them before."""
    known = {one.contact_id for one in queries.participants(session, [into.id], removed_too=True)}
    client = into.project.client
    new = [
        one
        for one in queries.participants(session, [item.id], removed_too=True)
        if one.contact_id not in known and (client.is_internal or one.contact.client_id in (None, client.id))
    ]
    for one in new:
        session.add(
            Participant(
                work_item_id=into.id,
                contact_id=one.contact_id,
                role="cc",
                added_by=one.added_by,
                added_at=one.added_at,
                removed_at=one.removed_at,
                message_id=one.message_id,
            )
        )
    queries.forget_participants(session, into.id)
    session.flush()
    return [one.contact_id for one in new]


def _send_people_home(session: Session, into: WorkItem, contact_ids: Collection[int]) -> None:
    contact_ids = {*contact_ids, *_merged_since(session, into, contact_ids)}
    wrote = select(Message.contact_id).where(Message.work_item_id == into.id, Message.contact_id.is_not(None))
    session.execute(
        delete(Participant).where(
            Participant.work_item_id == into.id,
            Participant.role == "cc",
            Participant.contact_id.in_(contact_ids),
            Participant.contact_id.not_in(wrote),
        )
    )
    queries.forget_participants(session, into.id)


def _merged_since(session: Session, into: WorkItem, contact_ids: Collection[int]) -> list[int]:
    """Return into whom those contacts were merged since, where that one took no part here before."""
    query = select(ContactMerge).where(ContactMerge.contact_id.in_(contact_ids), ContactMerge.undone_at.is_(None))
    return [row.into_id for row in session.scalars(query) if into.id in row.moved["taking_part"]["alone"]]


def _send_followers_home(session: Session, item: WorkItem, into: WorkItem, person_ids: Collection[int]) -> None:
    wrote = select(Message.person_id).where(
        Message.work_item_id == into.id, Message.person_id.in_(person_ids), Message.kind != "event"
    )
    gone = set(person_ids) - set(session.scalars(wrote))
    following.send_followers_home(session, item.id, into.id, gone)


def _bring_drafts(session: Session, item: WorkItem, into: WorkItem) -> list[tuple[int, str]]:
    """Let what people have begun to write be written on there, unless they have begun something there as well."""
    query = select(Draft.person_id, Draft.kind, Draft.work_item_id).where(Draft.work_item_id.in_((item.id, into.id)))
    begun: dict[int, set[tuple[int, str]]] = {item.id: set(), into.id: set()}
    for person_id, kind, item_id in session.execute(query):
        begun[item_id].add((person_id, kind))
    moving = sorted(begun[item.id] - begun[into.id])
    for person_id, kind in moving:
        _move_draft(session, person_id, kind, item, into)
    return moving


def _move_draft(session: Session, person_id: int, kind: str, there: WorkItem, here: WorkItem) -> None:
    taken = select(Draft.kind).where(Draft.person_id == person_id, Draft.work_item_id == here.id, Draft.kind == kind)
    if session.scalar(taken) is None:
        session.execute(
            update(Draft)
            .where(Draft.person_id == person_id, Draft.work_item_id == there.id, Draft.kind == kind)
            .values(work_item_id=here.id)
            .execution_options(synchronize_session=False)
        )


def _point(session: Session, item_ids: Collection[int], into_id: int | None) -> None:
    for item_id in item_ids:
        session.get_one(TicketDetails, item_id).merged_into_id = into_id
    session.flush()


def _refuse_gone_on(session: Session, row: TicketMerge, item: WorkItem, into: WorkItem) -> None:
    further = session.get_one(TicketDetails, item.id).merged_into_id
    if further is not None and further != into.id:
        number = project_queries.numbers_of(session, [further])[further]
        message = f"#{into.number} was merged into #{number} since. Undo that first."
        raise Conflict(message)
    query = select(WorkItem.number).join(Message, Message.work_item_id == WorkItem.id)
    elsewhere = session.scalar(
        query.where(among(session, Message.id, row.moved["messages"]), Message.work_item_id != into.id).limit(1)
    )
    if elsewhere is not None:
        message = f"A message of #{item.number} has gone on to #{elsewhere} since; the merge cannot be undone."
        raise Conflict(message)


def _tell(session: Session, actor: Actor, now: datetime, action: str, item: WorkItem, words: str, **data: int) -> None:
    add_event(session, actor=actor, now=now, item_id=item.id, text=words)
    audit.record(session, actor=actor, action=action, kind="work_item", object_id=item.id, now=now, **data)
