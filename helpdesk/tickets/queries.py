"""Reads of conversations: whole ones in a constant number of queries, and what mail is matched with."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, cast

from sqlalchemy import BindParameter, Integer, Select, bindparam, func, select
from sqlalchemy.orm import Session, defer, joinedload, selectinload
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.sql.base import ExecutableOption

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Contact
from helpdesk.clients.queries import asker, visible_to_asker
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.db import foresee, foreseen, forget, reading
from helpdesk.infra.policy import Actor
from helpdesk.infra.sql import among
from helpdesk.infra.together import columns_of, made
from helpdesk.kernel.errors import NotFound
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import (
    Attachment,
    Message,
    Participant,
    RemotePicture,
    Talk,
    ThreadReference,
    TicketDetails,
    TicketMerge,
)

REFERENCES_LIMIT = 30
UNREAD: Any = object()
NOT_SHOWN = (OutgoingMessage.text, OutgoingMessage.html, OutgoingMessage.references)
"""Of the mail that a message left as: its text stands in the message, and the rest says nothing to its reader."""


@dataclass(frozen=True)
class Kept:
    """What of a conversation was asked together with other things: its files, and pictures from elsewhere."""

    files: Sequence[Attachment]
    pictures: Sequence[RemotePicture]


def conversation(session: Session, item_id: int, *, kept: Kept | None = None) -> list[Message]:
    """Return every message of the work item, oldest first, with authors, files and delivery: three queries.

    With what is ``kept`` of it already, files and pictures, it is one.
    """
    query = (
        select(Message)
        .where(Message.work_item_id == item_id)
        .order_by(Message.posted_at, Message.id)
        .options(
            joinedload(Message.contact).load_only(Contact.name, Contact.email, Contact.client_id),
            joinedload(Message.person).load_only(Person.name),
            joinedload(Message.passed_on_by).load_only(Person.name),
            joinedload(Message.outgoing).options(*map(defer, NOT_SHOWN)),
            joinedload(Message.talk).joinedload(Talk.contact).load_only(Contact.name),
        )
    )
    if kept is None:
        whole = query.options(selectinload(Message.attachments), selectinload(Message.pictures))
        return list(session.scalars(whole))
    found = list(session.scalars(query))
    for message in found:
        for name, rows in (("attachments", kept.files), ("pictures", kept.pictures)):
            set_committed_value(message, name, [row for row in rows if row.message_id == message.id])
    foresee(session, "conversation", item_id, value=found)
    return found


def files_of(item_id: BindParameter[int]) -> Select[Any]:
    """Return the question for the files of a conversation, to be asked together with others."""
    query = select(*columns_of(Attachment)).join(Message, Message.id == Attachment.message_id)
    return query.where(Message.work_item_id == item_id).order_by(Attachment.position)


def pictures_of(item_id: BindParameter[int]) -> Select[Any]:
    """Return the question for pictures from elsewhere in a conversation, to be asked together with others."""
    query = select(*columns_of(RemotePicture)).join(Message, Message.id == RemotePicture.message_id)
    return query.where(Message.work_item_id == item_id).order_by(RemotePicture.position)


def details(session: Session, item_id: int) -> TicketDetails | None:
    """Return what makes the work item a ticket, with requester and mailbox; None for a plain task."""
    query = (
        select(TicketDetails)
        .where(TicketDetails.work_item_id == item_id)
        .options(
            joinedload(TicketDetails.requester), joinedload(TicketDetails.mailbox), joinedload(TicketDetails.reporter)
        )
    )
    with reading(session, [item_id], (TicketDetails, "work_item_id")):
        return session.scalar(query)


def get_item_with_details(session: Session, *, actor: Actor, number: int) -> tuple[WorkItem, TicketDetails | None]:
    """Return what `projects.queries.get_item` and :func:`details` do, in one query.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    query = _item_with_details(sees_all=actor.sees_all_clients)
    found = session.execute(query, {**asker(actor), "number": number}).one_or_none()
    if found is None:
        raise NotFound(projects.NO_ITEM)
    item, details = found
    return item, details


@cache
def _item_with_details(*, sees_all: bool) -> Select[WorkItem, TicketDetails]:
    return (
        projects.whole_items(visible_to_asker(sees_all=sees_all))
        .add_columns(TicketDetails)
        .outerjoin(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .where(WorkItem.number == bindparam("number", type_=Integer()))
        .options(joinedload(TicketDetails.requester), joinedload(TicketDetails.mailbox))
    )


def have_details(session: Session, item_ids: Collection[int]) -> set[int]:
    """Return which of these work items are tickets, or were tickets before they became tasks."""
    query = select(TicketDetails.work_item_id).where(TicketDetails.work_item_id.in_(item_ids))
    return set(session.scalars(query))


def written_count(session: Session, item_ids: Collection[int]) -> int:
    """Return how many notes and mails there are on these work items; what Helpdesk noted by itself is not counted."""
    [row] = rows_of(session, written_asked(item_ids))
    return int(row.number)


def written_asked(item_ids: Collection[int]) -> Select[int]:
    """Return the question of `written_count`, to be asked together with others."""
    written = select(func.count(Message.id).label("number"))
    return written.where(Message.work_item_id.in_(item_ids), Message.kind != "event")


def get_details(session: Session, item_id: int) -> TicketDetails | None:
    """Return what makes the work item a ticket, by itself; asked once a transaction."""
    known = foreseen(session, "details", item_id, otherwise=UNREAD)
    if known is not UNREAD:
        return cast("TicketDetails | None", known)
    with reading(session, [item_id], (TicketDetails, "work_item_id")):
        return session.get(TicketDetails, item_id)


def merged_into(session: Session, item_id: int) -> int | None:
    """Return the ticket that this one was merged into, and whose conversation goes on there; None for any other."""
    found = get_details(session, item_id)
    return found.merged_into_id if found is not None else None


def merged_now(session: Session, item_id: int) -> int | None:
    """Return what :func:`merged_into` does, as it is now: for whoever has waited for the lock of the work item."""
    if foreseen(session, "details", item_id, otherwise=UNREAD) is not UNREAD:  # read under that very lock
        return merged_into(session, item_id)
    return session.scalar(select(TicketDetails.merged_into_id).where(TicketDetails.work_item_id == item_id))


def merged_among(session: Session, item_ids: Collection[int]) -> dict[int, int]:
    """Return for those of the items that were merged into another that one's id."""
    query = select(TicketDetails.work_item_id, TicketDetails.merged_into_id).where(
        TicketDetails.work_item_id.in_(item_ids), TicketDetails.merged_into_id.is_not(None)
    )
    return {row.work_item_id: row.merged_into_id for row in session.execute(query)} if item_ids else {}


def last_message_id(session: Session, item_id: int) -> int | None:
    """Return the newest message that somebody wrote; what Helpdesk noted by itself does not count."""
    return session.scalar(select(func.max(Message.id)).where(Message.work_item_id == item_id, Message.kind != "event"))


def events_since(session: Session, item_id: int, *, since: datetime, beginning: str) -> int:
    """Return how many events of the work item since then begin with these words."""
    query = select(func.count(Message.id)).where(
        Message.work_item_id == item_id,
        Message.kind == "event",
        Message.posted_at > since,
        Message.text.startswith(beginning, autoescape=True),
    )
    return session.scalar(query) or 0


def message_of_outgoing(session: Session, outgoing_id: int) -> Message | None:
    """Return the reply that went out as this mail."""
    return session.scalar(select(Message).where(Message.outgoing_message_id == outgoing_id))


def latest_reply_to(session: Session, item_id: int, requester_id: int) -> str:
    """Return where the requester's latest mail asked us to answer to; empty for their own address."""
    known = foreseen(session, "conversation", item_id, otherwise=UNREAD)
    if known is not UNREAD:
        mails = (one for one in known if one.contact_id == requester_id and one.kind == "mail")
        return next((one.reply_to for one in reversed([*mails]) if not (one.held or one.automatic)), "")
    query = (
        select(Message.reply_to)
        .where(
            Message.work_item_id == item_id,
            Message.contact_id == requester_id,
            Message.kind == "mail",
            Message.held.is_(False),
            Message.automatic.is_(False),
        )
        .order_by(Message.posted_at.desc(), Message.id.desc())
        .limit(1)
    )
    return session.scalar(query) or ""


def answered_addresses(session: Session, item_id: int) -> set[str]:
    """Return the addresses to which we wrote on this work item, in lower case.

    What a merge brought was written on another: who got that got nothing of this conversation (docs/mail.md rule 38).
    """
    known = foreseen(session, "conversation", item_id, otherwise=UNREAD)
    if known is not UNREAD:
        ours = (one for one in known if one.kind == "reply" and one.outgoing and one.outgoing.about_id == item_id)
        return {each["address"].lower() for one in ours for each in one.recipients}
    query = select(Message.recipients).where(Message.work_item_id == item_id, Message.kind == "reply")
    query = query.join(Message.outgoing).where(OutgoingMessage.about_id == item_id)
    return {person["address"].lower() for people in session.scalars(query) for person in people}


def forwarded_to(session: Session, item_ids: Collection[int]) -> dict[int, frozenset[str]]:
    """Return by work item the addresses to which something was passed on, in lower case (docs/desk.md rule 71)."""
    query = select(Message.work_item_id, Message.recipients).where(
        Message.work_item_id.in_(item_ids), Message.kind == "note", Message.outgoing_message_id.is_not(None)
    )
    found: dict[int, set[str]] = {}
    for item_id, people in session.execute(query):
        found.setdefault(item_id, set()).update(person["address"].lower() for person in people)
    return {item_id: frozenset(addresses) for item_id, addresses in found.items()}


def times_sent(session: Session, *, contact_id: int, digests: Collection[str]) -> dict[str, int]:
    """Return in how many messages of a contact each of these files came."""
    query = (
        select(Attachment.blob_sha256, func.count(Attachment.message_id.distinct()))
        .join(Message, Message.id == Attachment.message_id)
        .where(Attachment.blob_sha256.in_(digests), Message.contact_id == contact_id)
        .group_by(Attachment.blob_sha256)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def pictures_between_words(session: Session, *, item_id: int, digests: Collection[str]) -> set[str]:
    """Return which of these files are pictures that stand between the words of an answer or a note of ours there."""
    query = (
        select(Attachment.blob_sha256)
        .join(Message, Message.id == Attachment.message_id)
        .where(
            Attachment.blob_sha256.in_(digests),
            Attachment.inline,
            Message.work_item_id == item_id,
            Message.kind.in_(("reply", "note")),
        )
    )
    return set(session.scalars(query))


def participants_to_make(item_id: BindParameter[int]) -> Select[Any]:
    """Return the question for who takes part, to be asked together with others; `participants_of` makes them."""
    query = select(*columns_of(Participant), *columns_of(Contact, "contact__"))
    return query.join(Contact, Contact.id == Participant.contact_id).where(Participant.work_item_id == item_id)


def participants_of(rows: Iterable[Any]) -> list[Participant]:
    """Return who the rows of `participants_to_make` are, with their contacts; to be read alone."""
    found = []
    for row in rows:
        participant = made(Participant, row)
        set_committed_value(participant, "contact", made(Contact, row, "contact__"))
        found.append(participant)
    return found


def participants(session: Session, item_ids: Collection[int], *, removed_too: bool = False) -> list[Participant]:
    """Return who takes part in these conversations, with their contacts; those whom staff removed only if asked for."""
    of_item = {one: foreseen(session, "participants", one, otherwise=UNREAD) for one in item_ids}
    unread = [one for one, people in of_item.items() if people is UNREAD]
    if unread:
        with reading(session, unread, (Participant, "work_item_id")):
            of_item |= _participants(session, unread)
    found = (one for people in of_item.values() for one in people if removed_too or one.removed_at is None)
    return sorted(found, key=lambda one: (one.added_at, one.contact_id))


def foresee_conversations(session: Session, item_ids: Collection[int]) -> None:
    """Lock many work items, and read for mail on them their details and who takes part: three queries."""
    if not item_ids:
        return
    projects.lock_items(session, item_ids)
    details = {item_id: cast("TicketDetails | None", None) for item_id in item_ids}
    of_items = select(TicketDetails).where(among(session, TicketDetails.work_item_id, item_ids))
    of_items = of_items.execution_options(populate_existing=True)  # somebody may have merged one until the lock
    details |= {one.work_item_id: one for one in session.scalars(of_items)}
    people = _participants(session, item_ids)
    for item_id in item_ids:
        foresee(session, "details", item_id, value=details[item_id])
        foresee(session, "participants", item_id, value=people[item_id])


def forget_participants(session: Session, item_id: int) -> None:
    """Have the database asked anew who takes part: somebody was added."""
    forget(session, "participants", item_id)


def _participants(session: Session, item_ids: Collection[int]) -> dict[int, list[Participant]]:
    query = (
        select(Participant)
        .where(among(session, Participant.work_item_id, item_ids))
        .options(joinedload(Participant.contact))
    )
    found: dict[int, list[Participant]] = {item_id: [] for item_id in item_ids}
    for participant in session.scalars(query):
        found[participant.work_item_id].append(participant)
    return found


def items_by_reference(session: Session, message_ids: Collection[str]) -> list[tuple[str, int]]:
    """Return pairs of Message-ID and work item for those of ``message_ids`` that a conversation knows."""
    known = {one: foreseen(session, "items by reference", one, otherwise=UNREAD) for one in message_ids}
    pairs = [(one, item_id) for one, item_ids in known.items() if item_ids is not UNREAD for item_id in item_ids]
    unread = [one for one, item_ids in known.items() if item_ids is UNREAD]
    return pairs + (_items_by_reference(session, unread) if unread else [])


def foresee_references(session: Session, message_ids: Collection[str]) -> set[int]:
    """Read for :func:`items_by_reference` the work items of many Message-IDs in one query, and return them all."""
    found: dict[str, list[int]] = {one: [] for one in message_ids}
    for message_id, item_id in _items_by_reference(session, found) if found else ():
        found[message_id].append(item_id)
    for message_id, item_ids in found.items():
        foresee(session, "items by reference", message_id, value=item_ids)
    return {item_id for item_ids in found.values() for item_id in item_ids}


def note_reference(session: Session, message_id: str, item_id: int) -> bool:
    """Keep what was foreseen of a Message-ID true: from now on it leads to the work item, too.

    False where nothing was foreseen, or what is written now may be undone alone: then the database has to be asked.
    """
    item_ids = foreseen(session, "items by reference", message_id, otherwise=UNREAD)
    if item_ids is UNREAD or session.in_nested_transaction():
        forget(session, "items by reference", message_id)
        return False
    item_ids.append(item_id)
    return True


def _items_by_reference(session: Session, message_ids: Collection[str]) -> list[tuple[str, int]]:
    query = select(ThreadReference.message_id, ThreadReference.work_item_id).where(
        among(session, ThreadReference.message_id, message_ids)
    )
    return [(row.message_id, row.work_item_id) for row in session.execute(query)]


def mail_ids(session: Session, item_id: int) -> list[str]:
    """Return the Message-IDs of the conversation's mails for References, oldest first: the first and the latest."""
    query = (
        select(Message.message_id)
        .where(Message.work_item_id == item_id, Message.message_id != "", Message.held.is_(False))
        .where(Message.kind != "note")  # what was passed on, and what came back of it, is not the client's
        .order_by(Message.posted_at, Message.id)
    )
    found = list(dict.fromkeys(session.scalars(query)))
    return found if len(found) <= REFERENCES_LIMIT else [found[0], *found[1 - REFERENCES_LIMIT :]]


def acknowledgements(session: Session, *, contact_id: int, since: datetime) -> list[datetime]:
    """Return when this contact's tickets were answered by ourselves, newest first (docs/mail.md rules 11 and 26)."""
    query = (
        select(OutgoingMessage.created_at)
        .join(TicketDetails, TicketDetails.work_item_id == OutgoingMessage.about_id)
        .where(
            OutgoingMessage.purpose.in_(("acknowledgement", "notice")),
            OutgoingMessage.about_kind == "work_item",
            OutgoingMessage.created_at > since,
            TicketDetails.requester_id == contact_id,
        )
        .order_by(OutgoingMessage.created_at.desc())
    )
    return list(session.scalars(query))


def titles_written_about(session: Session, *, contact_id: int, since: datetime) -> set[str]:
    """Return the titles of this contact's tickets that mail of ours was written about."""
    query = (
        select(WorkItem.title)
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .join(OutgoingMessage, OutgoingMessage.about_id == WorkItem.id)
        .where(
            OutgoingMessage.about_kind == "work_item",
            OutgoingMessage.created_at > since,
            TicketDetails.requester_id == contact_id,
        )
    )
    return set(session.scalars(query))


def first_mail(session: Session, item_id: int) -> Message | None:
    """Return the mail that opened the ticket; None where no mail did.

    What merges brought opened another ticket, however old it is.
    """
    merges = select(TicketMerge.moved).where(TicketMerge.into_id == item_id, TicketMerge.undone_at.is_(None))
    brought = [message_id for moved in session.scalars(merges) for message_id in moved["messages"]]
    query = select(Message).where(Message.work_item_id == item_id, Message.kind.in_(("mail", "note")))
    if brought:
        query = query.where(~among(session, Message.id, brought))
    first = session.scalar(query.order_by(Message.id).limit(1))
    return first if first is not None and first.kind == "mail" and not first.held else None


def get_message(session: Session, *, actor: Actor, message_id: int) -> Message:
    """Return a message of a work item that the actor may see, with its attachments.

    Raises:
        NotFound: no such message, or not for this actor.
    """
    return _message(session, actor, message_id, selectinload(Message.attachments), selectinload(Message.pictures))


def get_written(session: Session, *, actor: Actor, message_id: int) -> Message:
    """Return what `get_message` does, with its author and not with what is attached.

    Raises:
        NotFound: no such message, or not for this actor.
    """
    return _message(session, actor, message_id, joinedload(Message.contact), joinedload(Message.person))


def _message(session: Session, actor: Actor, message_id: int, *beside: ExecutableOption) -> Message:
    query = select(Message).where(Message.id == message_id, Message.work_item_id.in_(_visible(actor)))
    message = session.scalar(query.options(*beside))
    if message is None:
        text = "There is no such message."
        raise NotFound(text)
    return message


def get_attachment(session: Session, *, actor: Actor, attachment_id: int) -> Attachment:
    """Return a file of a work item that the actor may see.

    Raises:
        NotFound: no such file, or not for this actor.
    """
    query = (
        select(Attachment)
        .join(Attachment.message)
        .where(Attachment.id == attachment_id, Message.work_item_id.in_(_visible(actor)))
    )
    attachment = session.scalar(query)
    if attachment is None:
        text = "There is no such file."
        raise NotFound(text)
    return attachment


def get_picture(session: Session, *, actor: Actor, picture_id: int) -> RemotePicture:
    """Return a picture from elsewhere that was fetched for a work item that the actor may see.

    Raises:
        NotFound: no such picture, none that is there, or not for this actor.
    """
    query = (
        select(RemotePicture)
        .join(RemotePicture.message)
        .where(
            RemotePicture.id == picture_id,
            RemotePicture.state == "shown",
            Message.work_item_id.in_(_visible(actor)),
        )
    )
    picture = session.scalar(query)
    if picture is None:
        text = "There is no such picture."
        raise NotFound(text)
    return picture


def _visible(actor: Actor) -> Select[tuple[int]]:
    return projects.visible_items(actor).with_only_columns(WorkItem.id)
