"""What messages are found by: their words and files, the subject of the ticket, and who has to do with it.

The database notes which messages changed; here they are described anew before the unit of work ends, so that nothing
is found by what it no longer says (docs/desk.md rule 30).
"""

from collections.abc import Collection
from hashlib import sha256
from itertools import chain
from typing import Any

from sqlalchemy import Select, event, func, select
from sqlalchemy.orm import Session

from helpdesk.infra.db import before_the_end, write_leaves
from helpdesk.infra.full_text import LONGEST_TEXT, Described, changed_ids, describe, described_ids, forget_changes, mark
from helpdesk.infra.sql import among
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import Attachment, Message, TicketDetails

AUTHOR, COLLEAGUE, REQUESTER, PROJECT, RECIPIENT = "a", "p", "r", "j", "t"
ADDRESS_BYTES = 6
WITH_FILE = mark("f", 0)[:-1]
AT_ONCE, TIMES = 1_000, 3
"""What a unit of work describes at most; what other hands have left lying is so taken up bit by bit."""
_TOLD_BY = (Message, Attachment, WorkItem, TicketDetails)


def mark_of_recipient(address: str) -> str:
    """Return the mark of messages that were written to an address: who has it may change, the mail does not."""
    digest = sha256(address.strip().lower().encode()).digest()
    return mark(RECIPIENT, int.from_bytes(digest[:ADDRESS_BYTES]))


def watch() -> None:
    """Describe from now on what a unit of work has changed, at its end."""
    if not event.contains(Session, "after_flush", _note):
        event.listen(Session, "after_flush", _note)


def describe_some(session: Session, *, beyond_id: int) -> int | None:
    """Describe so many messages anew, changed or not, and return the last one's id; None where none is left."""
    query = select(Message.id).where(Message.id > beyond_id).order_by(Message.id).limit(AT_ONCE).with_for_update()
    ids = list(session.scalars(query))
    if not ids:
        return None
    forget_changes(session, ids)
    _describe(session, ids)
    return ids[-1]


def forget_others(session: Session) -> None:
    """Have nothing found that is no message any more."""
    gone = described_ids(session, without=select(Message.id).where(Message.kind != "event"))
    if gone:
        describe(session, gone, ())
        forget_changes(session, gone)


def describe_changed(session: Session) -> None:
    """Describe the messages that the database has noted."""
    write_leaves(session)
    for _time in range(TIMES):
        ids = changed_ids(session, most=AT_ONCE)
        if ids:
            _describe(session, ids)
        if len(ids) < AT_ONCE:
            break


def _note(session: Session, _flush: object) -> None:
    if any(isinstance(row, _TOLD_BY) for row in chain(session.new, session.dirty, session.deleted)):
        before_the_end(session, describe_changed)


def _describe(session: Session, ids: Collection[int]) -> None:
    rows = session.execute(_texts().where(among(session, Message.id, ids)))
    describe(session, ids, [_described(row) for row in rows])


def _texts() -> Select[*tuple[Any, ...]]:
    names = (
        select(func.aggregate_strings(Attachment.name, "\n"))
        .where(Attachment.message_id == Message.id, Attachment.inline.is_(False), Attachment.folded.is_(False))
        .correlate(Message)
        .scalar_subquery()
    )
    return (
        select(
            Message.id,
            WorkItem.title,
            func.substr(Message.reply_text, 1, LONGEST_TEXT).label("reply"),
            func.substr(Message.trimmed_text, 1, LONGEST_TEXT).label("trimmed"),
            func.substr(Message.text, 1, LONGEST_TEXT).label("text"),
            Message.contact_id,
            Message.person_id,
            TicketDetails.requester_id,
            WorkItem.project_id,
            names.label("files"),
            Message.recipients,
        )
        .join(WorkItem, WorkItem.id == Message.work_item_id)
        .outerjoin(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .where(Message.kind != "event", Message.discarded_at.is_(None))
    )


def _described(row: Any) -> Described:  # noqa: ANN401 - a row of `_texts`
    whose = (
        (AUTHOR, row.contact_id),
        (COLLEAGUE, row.person_id),
        (REQUESTER, row.requester_id),
        (PROJECT, row.project_id),
    )
    marks = [mark(letter, row_id) for letter, row_id in whose if row_id is not None]
    marks += dict.fromkeys(mark_of_recipient(str(one["address"])) for one in row.recipients or ())
    return Described(
        row.id,
        subject=row.title,
        words=f"{row.reply}\n{row.trimmed}" if row.reply.strip() or row.trimmed.strip() else row.text,
        files=row.files or "",
        marks=[*marks, WITH_FILE] if row.files else marks,
    )
