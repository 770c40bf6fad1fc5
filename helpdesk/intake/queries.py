"""Reads of the inbound log and of the sources, and what matching asks the database."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import BindParameter, Integer, Select, bindparam, func, or_, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from helpdesk.clients.models import Client
from helpdesk.infra.ahead import Question, models_of, rows_of
from helpdesk.infra.db import foresee, once, reading, write_leaves
from helpdesk.infra.sql import among
from helpdesk.intake.models import InboundEffect, InboundMessage, IntakeSource
from helpdesk.kernel.errors import NotFound
from helpdesk.outbox.models import Mailbox, MailboxGrant
from helpdesk.projects import queries as projects
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.models import Message, TicketDetails


def active_sources(session: Session) -> list[IntakeSource]:
    """Return every source that is to be read."""
    return list(session.scalars(select(IntakeSource).where(IntakeSource.active.is_(True)).order_by(IntakeSource.id)))


def source_count() -> Select[int]:
    """Return the question how many mailboxes are fetched, to be asked together with others."""
    query = select(func.count(IntakeSource.id).label("count")).join(Mailbox, Mailbox.id == IntakeSource.mailbox_id)
    return query.where(Mailbox.removed_at.is_(None))


def all_sources(session: Session) -> list[IntakeSource]:
    """Return the source of every mailbox that was not removed, with mailbox, tokens and project: one query."""
    query = (
        select(IntakeSource)
        .join(IntakeSource.mailbox)
        .where(Mailbox.removed_at.is_(None))
        .options(
            contains_eager(IntakeSource.mailbox).joinedload(Mailbox.grant),
            joinedload(IntakeSource.default_project),
        )
    )
    return list(session.scalars(query.order_by(IntakeSource.id)))


def vitals_asked() -> Select[Any]:
    """Return the question for how each mailbox fares that was not removed, to be asked together with others."""
    shown: list[Any] = [
        Mailbox.id,
        Mailbox.address,
        Mailbox.created_at,
        IntakeSource.active,
        IntakeSource.renewed_at,
        IntakeSource.last_poll_at,
        IntakeSource.failing_since,
        IntakeSource.idle_since,
        IntakeSource.last_error,
        IntakeSource.missing_uids,
        func.coalesce(MailboxGrant.failed_refreshes, 0).label("failed_refreshes"),
        func.coalesce(MailboxGrant.last_error, "").label("token_error"),
    ]
    query = select(*shown).select_from(IntakeSource).join(IntakeSource.mailbox).outerjoin(Mailbox.grant)
    return query.where(Mailbox.removed_at.is_(None)).order_by(IntakeSource.id)


def source_of_mailbox(session: Session, mailbox_id: int) -> IntakeSource:
    """Return the source of a mailbox.

    Raises:
        NotFound: no such mailbox, or it was removed.
    """
    query = (
        select(IntakeSource)
        .join(IntakeSource.mailbox)
        .where(IntakeSource.mailbox_id == mailbox_id, Mailbox.removed_at.is_(None))
        .options(contains_eager(IntakeSource.mailbox).joinedload(Mailbox.grant))
    )
    source = session.scalar(query.order_by(IntakeSource.id).limit(1))
    if source is None:
        message = "There is no such mailbox."
        raise NotFound(message)
    return source


def first_source(session: Session, mailbox_id: int) -> IntakeSource | None:
    """Return the source that a mailbox has, or had when it was removed."""
    return next(iter(models_of(session, first_source_asked(mailbox_id))), None)


def first_source_asked(mailbox_id: int) -> Select[IntakeSource]:
    """Return the question of `first_source`, to be asked together with others."""
    query = select(IntakeSource).where(IntakeSource.mailbox_id == mailbox_id)
    return query.order_by(IntakeSource.id).limit(1)


def get_source(session: Session, source_id: int) -> IntakeSource:
    """Return the source.

    Raises:
        NotFound: no such source.
    """
    source = session.get(IntakeSource, source_id)
    if source is None:
        message = "There is no such mailbox."
        raise NotFound(message)
    return source


def source_of(session: Session, inbound: InboundMessage) -> IntakeSource | None:
    """Return the source that this message was fetched from, or the mailbox's first where it was imported.

    None when there is none.
    """
    query = select(IntakeSource).where(IntakeSource.mailbox_id == inbound.mailbox_id)
    if inbound.origin != "import":
        query = query.where(IntakeSource.folder == inbound.folder)
    return session.scalar(query.order_by(IntakeSource.id).limit(1))


def proves_senders(session: Session, mailbox_id: int) -> bool:
    """Return whether mail of this mailbox comes with checks that count: an authserv-id is configured (rule 18)."""
    query = select(IntakeSource.id).where(IntakeSource.mailbox_id == mailbox_id, IntakeSource.trusted_authserv_id != "")
    return session.scalar(query.limit(1)) is not None


def get_inbound(session: Session, inbound_id: int) -> InboundMessage:
    """Return one line of the inbound log.

    Raises:
        NotFound: no such line.
    """
    inbound = session.get(InboundMessage, inbound_id)
    if inbound is None:
        message = "There is no such message."
        raise NotFound(message)
    return inbound


@dataclass(frozen=True, slots=True)
class Namesake:
    """Another message of the log with the same Message-ID."""

    id: int
    mailbox_id: int
    content_hash: str


def namesakes(session: Session, inbound: InboundMessage) -> list[Namesake]:
    """Return the other messages with this one's Message-ID, oldest first; asked once a mail."""
    return once(session, "namesakes", inbound.id, read=lambda: _namesakes(session, [inbound])[inbound.id])


def foresee_namesakes(session: Session, arriving: Collection[InboundMessage]) -> None:
    """Read the namesakes of many messages in one query."""
    for inbound_id, found in _namesakes(session, arriving).items():
        foresee(session, "namesakes", inbound_id, value=found)


def _namesakes(session: Session, arriving: Collection[InboundMessage]) -> dict[int, list[Namesake]]:
    message_ids = {inbound.message_id for inbound in arriving}
    query = (
        select(InboundMessage.message_id, InboundMessage.id, InboundMessage.mailbox_id, InboundMessage.content_hash)
        .where(among(session, InboundMessage.message_id, message_ids))
        .order_by(InboundMessage.id)
    )
    with session.no_autoflush:  # nothing of this changes once a message is fetched
        rows = session.execute(query).all()
    of_name: dict[str, list[Namesake]] = {}
    for row in rows:
        of_name.setdefault(row.message_id, []).append(Namesake(row.id, row.mailbox_id, row.content_hash))
    return {
        inbound.id: [one for one in of_name.get(inbound.message_id, ()) if one.id != inbound.id] for inbound in arriving
    }


def same_message_id(session: Session, inbound: InboundMessage) -> int | None:
    """Return another message of this mailbox with the same Message-ID and other content (rule 4)."""
    return next(
        (
            one.id
            for one in namesakes(session, inbound)
            if one.mailbox_id == inbound.mailbox_id and one.content_hash != inbound.content_hash and one.id < inbound.id
        ),
        None,
    )


def twin_item(session: Session, inbound: InboundMessage) -> WorkItem | None:
    """Return the work item that the same mail led to in another mailbox of ours (rule 6)."""
    if not any(
        one.mailbox_id != inbound.mailbox_id and one.content_hash == inbound.content_hash
        for one in namesakes(session, inbound)
    ):
        return None
    write_leaves(session)  # the twin may have had its effect in this very transaction
    return session.scalar(
        select(WorkItem)
        .join(InboundEffect, InboundEffect.work_item_id == WorkItem.id)
        .join(InboundMessage, InboundMessage.id == InboundEffect.inbound_message_id)
        .where(
            InboundMessage.mailbox_id != inbound.mailbox_id,
            InboundMessage.message_id == inbound.message_id,
            InboundMessage.content_hash == inbound.content_hash,
        )
        .order_by(InboundMessage.id)
        .limit(1)
    )


def unfinished(session: Session, *, now: datetime, limit: int) -> list[int]:
    """Return the ids of messages that wait to be handled, or whose handler died. Oldest first."""
    query = (
        select(InboundMessage.id)
        .where(
            InboundMessage.state.in_(("received", "processing")),
            or_(InboundMessage.lease_expires_at.is_(None), InboundMessage.lease_expires_at <= now),
        )
        .order_by(InboundMessage.id)
        .limit(limit)
    )
    return list(session.scalars(query))


def unseen(session: Session, source: IntakeSource, *, limit: int) -> list[tuple[int, int]]:
    """Return pairs of row and UID of messages whose flag is still to be set on the server."""
    query = _of_folder(source).where(InboundMessage.seen_on_server.is_(False)).order_by(InboundMessage.id).limit(limit)
    return [(row.id, row.uid) for row in session.execute(query)]


def unmoved(session: Session, source: IntakeSource, *, limit: int) -> list[tuple[int, int]]:
    """Return pairs of row and UID of messages that are still to be moved to the processed folder."""
    query = _of_folder(source).where(InboundMessage.move_pending.is_(True)).order_by(InboundMessage.id).limit(limit)
    return [(row.id, row.uid) for row in session.execute(query)]


def known_uids(session: Session, source: IntakeSource) -> frozenset[int]:
    """Return the UIDs of the folder, under its present UIDVALIDITY, that have a row (rule 5)."""
    query = _of_folder(source).where(InboundMessage.uid > source.floor_uid)
    return frozenset(row.uid for row in session.execute(query))


def effects_of(item_id: BindParameter[int]) -> Select[int | None, int]:
    """Return the question for the line of the log of each message that came by mail, to be asked with others."""
    query = select(InboundEffect.message_id, InboundEffect.inbound_message_id)
    return query.join(Message, Message.id == InboundEffect.message_id).where(Message.work_item_id == item_id)


def came_as(session: Session, item_id: int) -> dict[int, int]:
    """Return by message the line of the log of those that came by mail to a work item."""
    rows = session.execute(effects_of(bindparam("item_id", type_=Integer())), {"item_id": item_id})
    return {row.message_id: row.inbound_message_id for row in rows if row.message_id is not None}


def inbound_of(session: Session, message_id: int) -> InboundMessage | None:
    """Return the line of the log by which a message came, wherever the message is now."""
    query = select(InboundMessage).join(InboundEffect, InboundEffect.inbound_message_id == InboundMessage.id)
    return session.scalar(query.where(InboundEffect.message_id == message_id).limit(1))


def items_with_project(session: Session, item_ids: Collection[int]) -> dict[int, WorkItem]:
    """Return by each of these ids the work item with its project: a merged ticket leads to the one that it is part of.

    One query, and one more where any of them is merged (docs/desk.md rule 22).
    """
    known = {item_id: item for item_id in item_ids if (item := projects.locked_item(session, item_id)) is not None}
    merged = {item_id: into_id for item_id in known if (into_id := tickets.merged_into(session, item_id)) is not None}
    unread = [item_id for item_id in item_ids if item_id not in known]
    if unread:
        with reading(session, unread, (WorkItem, "id"), (TicketDetails, "work_item_id")):
            for item, into_id in session.execute(_with_merge(session, unread)):
                known[item.id] = item
                if into_id is not None:
                    merged[item.id] = into_id
    if merged:
        there = {item.id: item for item, _further in session.execute(_with_merge(session, set(merged.values())))}
        known |= {item_id: there[into_id] for item_id, into_id in merged.items()}
    return known


def _with_merge(session: Session, item_ids: Collection[int]) -> Select[WorkItem, int | None]:
    return (
        select(WorkItem, TicketDetails.merged_into_id)
        .outerjoin(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .where(among(session, WorkItem.id, item_ids))
        .options(joinedload(WorkItem.project))
    )


def item_of_number(session: Session, number: int) -> int | None:
    """Return the id of the work item that people call by this number."""
    return session.scalar(select(WorkItem.id).where(WorkItem.number == number))


def project_choices(session: Session) -> list[tuple[int, str]]:
    """Return (id, "client: project") of the projects that a mailbox can lead to."""
    found = rows_of(session, project_choices_asked())
    return [(row.id, f"{row.client}: {row.name}") for row in sorted(found, key=lambda row: (row.client, row.name))]


def project_choices_asked() -> Question:
    """Return the question of `project_choices`, to be asked together with others."""
    query = select(Project.id, Project.name, Client.name.label("client")).join(Project.client)
    return query.where(Project.status != "done")


def _of_folder(source: IntakeSource) -> Select[int, int]:
    """Return the query of row and UID of what was fetched from the source's folder as it is numbered now."""
    return select(InboundMessage.id, InboundMessage.uid).where(
        InboundMessage.mailbox_id == source.mailbox_id,
        InboundMessage.folder == source.folder,
        InboundMessage.uid_validity == source.uid_validity,
    )
