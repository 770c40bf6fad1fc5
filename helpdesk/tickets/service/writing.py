"""What every act of a conversation is made of: messages kept, Message-IDs remembered, the ticket locked."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from helpdesk.infra import audit, live
from helpdesk.infra.db import add_leaf, next_id, reading
from helpdesk.infra.policy import Actor
from helpdesk.infra.rich_text import Written, pictures_in, written
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import following
from helpdesk.projects import queries as project_queries
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import queries
from helpdesk.tickets.domain import IncomingMail, NewAttachment
from helpdesk.tickets.mail_markup import says_more
from helpdesk.tickets.models import Attachment, Message, ThreadReference
from helpdesk.tickets.service.mentioning import tell_of_note

SIGNATURE_TIMES = 3


def add_note(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item_id: int,
    text: str,
    html: str = "",
    attachments: Iterable[NewAttachment] = (),
) -> Message:
    """Add an internal note, which no client ever sees; with ``html`` its text is made of that.

    Raises:
        NotFound: no such work item, or not for this actor.
        RuleViolation: nothing written.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    said, files = formatted_with(text, html, attachments)
    note = write(
        session, kind="note", item_id=item.id, person_id=actor.person_id, now=now, text=said.text, html=said.html
    )
    attach(note, files)
    following.follow_by_itself(session, item_id=item.id, person_id=actor.person_id, now=now)
    audit.record(session, actor=actor, action="noted", kind="work_item", object_id=item.id, now=now)
    tell_of_note(session, actor=actor, now=now, item=item, note=note)
    session.flush()
    return note


def add_event(session: Session, *, actor: Actor, now: datetime, item_id: int, text: str) -> Message:
    """Add one line about something that happened, such as a delivery that failed."""
    return write(session, kind="event", item_id=item_id, person_id=actor.person_id, now=now, text=text)


def write(
    session: Session,
    *,
    kind: str,
    item_id: int,
    person_id: int | None,
    now: datetime,
    text: str,
    html: str = "",
    subject: str = "",
) -> Message:
    """Add what one of us wrote, or what Helpdesk notes by itself."""
    message = Message(
        id=next_id(session, Message),
        work_item_id=item_id,
        kind=kind,
        person_id=person_id,
        posted_at=now,
        subject=subject,
        text=text,
        html=html or None,
        reply_text=text,
        recipients=[],
        blocked_images=[],
        reasons=[],
    )
    session.add(message)
    session.flush()
    live.publish(session, audience=live.to_item(item_id), topic=live.SHOWN, now=now)
    return message


def keep_mail(
    session: Session,
    *,
    item: WorkItem,
    contact_id: int | None,
    person_id: int | None,
    mail: IncomingMail,
    is_first: bool = False,
) -> Message:
    """Add the mail with its files, and remember every Message-ID by which answers will find the ticket.

    ``is_first``: the ticket is new, and knows no Message-ID yet. The message is written with the next flush.
    """
    message = Message(
        id=next_id(session, Message),
        work_item_id=item.id,
        work_item=item,
        kind="mail",
        contact_id=None if person_id else contact_id,
        person_id=person_id,
        posted_at=mail.received_at,
        subject=mail.subject,
        text=mail.text,
        html=mail.html,
        html_says_more=_says_more(mail),
        reply_text=mail.reply_text,
        trimmed_text=mail.trimmed_text,
        recipients=list(mail.recipients),
        message_id=mail.message_id,
        automatic=mail.automatic,
        held=mail.held,
        unverified=mail.unverified,
        reply_to=mail.reply_to,
        mentions=[],
        blocked_images=list(mail.blocked_images),
        reasons=list(mail.reasons),
    )
    attach(message, mail.attachments)
    session.add(message)
    if not mail.held:
        message_ids = (mail.message_id, *mail.references)
        known = frozenset[str]() if is_first else _known(session, item.id, message_ids)
        _add_references(session, item, message_ids, known)
    if any(file.content_type.startswith("image/") for file in message.attachments):
        session.flush()
        if not is_first:
            _fold_quoted(session, message)
        signatures = _fold_signatures(session, message)
        folded = {file.blob_sha256 for file in message.attachments if file.folded}
        if folded or signatures:
            message.html_says_more = _says_more(mail, folded | signatures)
    return message


def _says_more(mail: IncomingMail, folded: Collection[str] = ()) -> bool:
    """Return whether the page shows the HTML of a mail at once; pictures that are folded away are no reason to."""
    shown = (one.content_id for one in mail.attachments if one.inline and one.blob_sha256 not in folded)
    return mail.html is not None and says_more(
        mail.html, mail.text, mail.trimmed_text, pictures=set(filter(None, shown))
    )


def _fold_quoted(session: Session, message: Message) -> None:
    """Fold pictures away that stand between words further up: the mail quotes them (docs/answering.md rule 29)."""
    standing = queries.pictures_between_words(
        session, item_id=message.work_item_id, digests={file.blob_sha256 for file in message.attachments}
    )
    for file in message.attachments:
        file.folded = file.folded or file.blob_sha256 in standing


def _fold_signatures(session: Session, message: Message) -> set[str]:
    """Fold pictures away that this sender has sent three times or more, and return them: signatures.

    docs/mail.md rule 34.
    """
    pictures = {file.blob_sha256 for file in message.attachments if file.content_type.startswith("image/")}
    if not pictures or message.contact_id is None:
        return set()
    sent = queries.times_sent(session, contact_id=message.contact_id, digests=pictures)
    often = {digest for digest, times in sent.items() if times >= SIGNATURE_TIMES}
    if often:
        theirs = select(Message.id).where(Message.contact_id == message.contact_id)
        session.execute(
            update(Attachment)
            .where(Attachment.blob_sha256.in_(often), Attachment.message_id.in_(theirs))
            .values(folded=True)
            .execution_options(synchronize_session=False)
        )
    return often


def attach(message: Message, files: Iterable[NewAttachment]) -> None:
    """Add stored files to a message, in their order."""
    message.attachments = [_attachment(position, file) for position, file in enumerate(files)]


def _attachment(position: int, file: NewAttachment) -> Attachment:
    return Attachment(
        position=position,
        blob_sha256=file.blob_sha256,
        name=file.name,
        content_type=file.content_type,
        size_bytes=file.size_bytes,
        inline=file.inline,
        content_id=file.content_id,
    )


def remember(session: Session, item_id: int, message_ids: Iterable[str]) -> None:
    """Remember Message-IDs by which answers will find the work item."""
    wanted = tuple(message_ids)
    _add_references(session, session.get_one(WorkItem, item_id), wanted, _known(session, item_id, wanted))
    session.flush()


def _known(session: Session, item_id: int, message_ids: Iterable[str]) -> frozenset[str]:
    """Return those of the Message-IDs by which the work item is found already."""
    pairs = queries.items_by_reference(session, [message_id for message_id in message_ids if message_id])
    return frozenset(message_id for message_id, known_item in pairs if known_item == item_id)


def _add_references(session: Session, item: WorkItem, message_ids: Iterable[str], known: frozenset[str]) -> None:
    wanted = (message_id for message_id in dict.fromkeys(message_ids) if message_id and message_id not in known)
    for message_id in wanted:
        if queries.note_reference(session, message_id, item.id):
            add_leaf(session, ThreadReference, work_item_id=item.id, message_id=message_id)
        else:
            session.add(ThreadReference(work_item=item, message_id=message_id))


def lock(session: Session, item_id: int) -> WorkItem:
    """Return the work item, locked until the transaction ends: conversations grow one message at a time."""
    known = project_queries.locked_item(session, item_id)
    if known is not None:
        return known
    query = select(WorkItem).where(WorkItem.id == item_id).with_for_update()
    with reading(session, [item_id], (WorkItem, "id")):
        return session.scalars(query.execution_options(populate_existing=True)).one()


def touch(session: Session, item: WorkItem, now: datetime) -> None:
    """Move the work item up in the queue."""
    item.updated_at = now
    details = queries.get_details(session, item.id)
    if details is not None:
        details.last_message_at = now
    live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)


def formatted(text: str, html: str, *, pictures: Collection[str] = ()) -> Written:
    """Return what somebody wrote, made safe (docs/answering.md rule 15), with these pictures between its words.

    Raises:
        RuleViolation: nothing is written, or there is more formatting than anybody writes.
    """
    said = written(text, html, pictures=pictures)
    return Written(worded(said.text), said.html)


def formatted_with(text: str, html: str, files: Iterable[NewAttachment]) -> tuple[Written, list[NewAttachment]]:
    """Return what somebody wrote, made safe, with the files that go along (docs/answering.md rules 23 and 25).

    A picture that stands between the words is inline. One that was taken out of them stays behind; where there is no
    HTML, pictures go along as files.

    Raises:
        RuleViolation: as `formatted`; a picture between the words is none of these files.
    """
    every = list(files)
    pictures = {one.content_id for one in every if one.content_id}
    if pictures_in(html) - pictures:
        message = "A picture between the words is not there any more, and was left out. Paste it again, then send."
        raise RuleViolation(message, field="body")
    said = formatted(text, html, pictures=pictures)
    standing = pictures_in(said.html)
    kept = [one for one in every if one.content_id in standing or not (one.content_id and html.strip())]
    return said, [
        replace(one, inline=True) if one.content_id in standing else replace(one, content_id=None) for one in kept
    ]


def worded(text: str) -> str:
    """Return the text without the space around it.

    Raises:
        RuleViolation: nothing is written.
    """
    if not text.strip():
        message = "Nothing is written yet."
        raise RuleViolation(message)
    return text.strip()
