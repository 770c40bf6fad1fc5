"""An answer that is taken back while its mail is held (docs/answering.md rules 8 to 10)."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.infra.rich_text import Written
from helpdesk.kernel.errors import Conflict, NotFound
from helpdesk.notices import service as notices
from helpdesk.outbox import service as outbox
from helpdesk.projects import following
from helpdesk.projects.telling import key_of
from helpdesk.tickets import queries
from helpdesk.tickets.domain import NewAttachment
from helpdesk.tickets.models import Attachment, Message, Takeback, ThreadReference
from helpdesk.tickets.service.drafts import Typed, drafts, put_draft_file, save_draft

KEPT = timedelta(minutes=10)
"""What it took to take an answer back is forgotten some time after its hold."""
TAKEN_BACK = "took back an answer before it left"


def hold(
    session: Session, *, message: Message, until: datetime, typed: Typed, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Note what it takes to take the answer back until then."""
    session.execute(
        delete(Takeback).where(Takeback.person_id == message.person_id, Takeback.until < message.posted_at - KEPT)
    )
    if message.person_id is not None:
        held = Takeback(message_id=message.id, person_id=message.person_id, until=until, before=before, after=after)
        held.typed = {name: value for name, value in asdict(typed).items() if name not in ("body", "html")}
        session.add(held)
        session.flush()


def held_answer(session: Session, *, actor: Actor, item_id: int, message_id: int) -> Takeback:
    """Return what it takes to take an answer back, as it is now: another tab may have done so a moment ago.

    Raises:
        NotFound: no such answer on this item, or somebody else's.
        Conflict: it has left, or is taken back already.
    """
    message = session.get(Message, message_id, populate_existing=True)
    if message is None or message.work_item_id != item_id or message.person_id != actor.person_id:
        error = "There is no such answer of yours."
        raise NotFound(error)
    held = session.get(Takeback, message_id, populate_existing=True)
    if held is None:
        is_back = message.kind == "event" and not message.message_id
        left = "This answer has left, or its ticket was merged: it is too late to take it back."
        error = "That is taken back already." if is_back else left
        raise Conflict(error)
    return held


def withdraw_answer(session: Session, *, actor: Actor, now: datetime, held: Takeback) -> None:
    """Take the mail of an answer out of the way, make the answer a draft again, and leave one line that says so.

    What Helpdesk noted of it goes as well. A draft that was begun since follows below what comes back.

    Raises:
        Conflict: the mail has left.
    """
    message, sent = held.message, Written(held.message.text, held.message.html or "")
    unsay(session, actor=actor, now=now, held=held, said=TAKEN_BACK)
    files = [
        NewAttachment(one.name, one.content_type, one.blob_sha256, one.size_bytes, content_id=one.content_id)
        for one in message.attachments
    ]
    session.execute(delete(Attachment).where(Attachment.message_id == message.id))
    session.expire(message, ["attachments"])
    begun = drafts(session, actor=actor, item_id=message.work_item_id).get("reply")
    said = sent.followed_by(Written(begun.body, begun.html)) if begun else sent
    for file in files:
        put_draft_file(session, actor=actor, now=now, item_id=message.work_item_id, kind="reply", file=file)
    typed = Typed(body=said.text, html=said.html, **held.typed)
    save_draft(
        session,
        actor=actor,
        now=now,
        item_id=message.work_item_id,
        kind="reply",
        typed=typed,
        last_seen_id=queries.last_message_id(session, message.work_item_id),
    )
    audit.record(session, actor=actor, action="took back", kind="work_item", object_id=message.work_item_id, now=now)


def unsay(session: Session, *, actor: Actor, now: datetime, held: Takeback, said: str) -> None:
    """Take a mail out of the way, and leave one line in its place, which says so; its files still stand there.

    Raises:
        Conflict: the mail has left.
    """
    message = held.message
    notices.withdraw(session, now=now, key=key_of(message.id))
    outgoing_id = message.outgoing_message_id or 0
    following.stop_by_itself(
        session, item_id=message.work_item_id, person_id=actor.person_id or 0, since=message.posted_at
    )
    session.execute(
        delete(ThreadReference).where(
            ThreadReference.work_item_id == message.work_item_id, ThreadReference.message_id == message.message_id
        )
    )
    message.kind, message.text, message.reply_text, message.subject = "event", said, said, ""
    message.html, message.trimmed_text = None, ""
    message.recipients, message.message_id, message.outgoing_message_id = [], "", None
    session.delete(held)
    session.flush()
    outbox.withdraw(session, message_id=outgoing_id, now=now)
    session.expire(message, ["outgoing"])
    session.execute(
        delete(Message).where(
            Message.work_item_id == message.work_item_id,
            Message.kind == "event",
            Message.posted_at == message.posted_at,
            Message.id > message.id,
        )
    )
