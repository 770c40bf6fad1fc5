"""Drafts: what is typed is kept until it is sent or thrown away (docs/answering.md rules 1 to 4, 13 and 14)."""

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from helpdesk.infra import blobs
from helpdesk.infra.db import insert_of
from helpdesk.infra.policy import Actor
from helpdesk.infra.rich_text import written
from helpdesk.infra.together import made
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries as project_queries
from helpdesk.tickets.domain import NewAttachment, check_files
from helpdesk.tickets.models import Draft, DraftFile, Message


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in a box, as it was typed; with ``html`` the body is the text of that."""

    body: str
    worked: str = ""
    work_type_id: int | None = None
    billable: str = ""
    status: str = ""
    html: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written: choices alone are worth no draft."""
        return not (self.body or self.html or self.worked)


def save_draft(
    session: Session, *, actor: Actor, now: datetime, item_id: int, kind: str, typed: Typed, last_seen_id: int | None
) -> bool:
    """Keep what somebody typed, instead of what was kept before; return whether it is kept.

    An empty box keeps nothing, unless files are with it: pictures that stood in it go with it. Neither does a page
    that is older than what its writer sent since: what it tells comes late, and has been sent (rule 3).

    Raises:
        NotFound: no such work item, or not for this actor.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    files = draft_files(session, actor=actor, item_id=item.id, kind=kind)
    said = written(typed.body, typed.html, pictures=[one.content_id for one in files if one.content_id])
    is_from_editor = bool(typed.html.strip())
    typed = replace(typed, body=said.text, html=said.html)
    if actor.person_id is None or _was_sent(session, actor.person_id, item.id, kind, last_seen_id or 0):
        return False
    if typed.is_empty and all(one.content_id and is_from_editor for one in files):
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
    """Forget what somebody began to write, and its files; nothing happens where there is nothing."""
    session.execute(
        delete(DraftFile).where(
            DraftFile.person_id == actor.person_id, DraftFile.work_item_id == item_id, DraftFile.kind == kind
        )
    )
    session.execute(
        delete(Draft).where(Draft.person_id == actor.person_id, Draft.work_item_id == item_id, Draft.kind == kind)
    )


def drafts_of(rows: Iterable[Any], files: Iterable[Any]) -> dict[str, Draft]:
    """Return what `drafts` does, of their rows and those of their files; to be read alone."""
    found = {row.kind: made(Draft, row) for row in rows}
    of_kind: dict[str, list[DraftFile]] = {kind: [] for kind in found}
    for row in files:
        of_kind[row.kind].append(made(DraftFile, row))
    for kind, draft in found.items():
        set_committed_value(draft, "files", of_kind[kind])
    return found


def drafts(session: Session, *, actor: Actor, item_id: int) -> dict[str, Draft]:
    """Return what this person began to write on a work item, by kind, with its files; nobody else sees it."""
    query = select(Draft).where(Draft.person_id == actor.person_id, Draft.work_item_id == item_id)
    found = session.scalars(query.options(joinedload(Draft.files)).execution_options(populate_existing=True))
    return {draft.kind: draft for draft in found.unique()}


def has_draft(session: Session, *, actor: Actor, item_id: int, kind: str) -> bool:
    """Return whether somebody began to write that already."""
    key = {"person_id": actor.person_id, "work_item_id": item_id, "kind": kind}
    return session.get(Draft, key) is not None


def draft_files(session: Session, *, actor: Actor, item_id: int, kind: str) -> list[DraftFile]:
    """Return the files that are with somebody's draft, in the order in which they came."""
    query = select(DraftFile).where(
        DraftFile.person_id == actor.person_id, DraftFile.work_item_id == item_id, DraftFile.kind == kind
    )
    return list(session.scalars(query.order_by(DraftFile.id)))


def draft_picture(session: Session, *, actor: Actor, item_id: int, kind: str, content_id: str) -> DraftFile:
    """Return a picture that stands between the words of the actor's own draft.

    Raises:
        NotFound: there is none.
    """
    query = select(DraftFile).where(
        DraftFile.person_id == actor.person_id,
        DraftFile.work_item_id == item_id,
        DraftFile.kind == kind,
        DraftFile.content_id == content_id,
    )
    found = session.scalar(query)
    if found is None:
        message = "There is no such picture."
        raise NotFound(message)
    return found


def add_draft_file(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item_id: int,
    kind: str,
    file: NewAttachment,
    standing: Collection[str] | None = None,
) -> None:
    """Put a stored file to somebody's draft, which begins with it where there is none.

    ``standing`` are the content ids of the pictures that stand in the box now, where somebody knows: the others were
    taken out of it, and make room where there is none.

    Raises:
        NotFound: no such work item, or not for this actor.
        RuleViolation: it is empty, or one too many, or too large together with the others.
    """
    item = project_queries.get_item(session, actor=actor, item_id=item_id)
    kept = draft_files(session, actor=actor, item_id=item.id, kind=kind)
    gone = [one for one in kept if standing is not None and one.content_id and one.content_id not in standing]
    try:
        check_files([*(one.size_bytes for one in kept), file.size_bytes])
    except RuleViolation:
        check_files([*(one.size_bytes for one in kept if one not in gone), file.size_bytes])
        for one in gone:
            session.delete(one)
    put_draft_file(session, actor=actor, now=now, item_id=item.id, kind=kind, file=file)


def put_draft_file(
    session: Session, *, actor: Actor, now: datetime, item_id: int, kind: str, file: NewAttachment
) -> None:
    """Put a file to somebody's draft that comes back from an answer, however many there are: sending counts them."""
    key = {"person_id": actor.person_id, "work_item_id": item_id, "kind": kind}
    empty = {"body": "", "html": "", "worked": "", "billable": "", "status": "", "saved_at": now}
    session.execute(insert_of(session, Draft).values(**key, **empty).on_conflict_do_nothing())
    blobs.record(session, digest=file.blob_sha256, size_bytes=file.size_bytes, now=now)
    session.add(
        DraftFile(
            **key,
            blob_sha256=file.blob_sha256,
            name=file.name,
            content_type=file.content_type,
            size_bytes=file.size_bytes,
            content_id=file.content_id,
        )
    )
    session.flush()


def give_draft(
    session: Session, *, actor: Actor, now: datetime, item_id: int, kind: str, files: Iterable[NewAttachment]
) -> None:
    """Let files be those of somebody's draft on a new work item, to go along with what is written on it first."""
    for file in files:
        put_draft_file(session, actor=actor, now=now, item_id=item_id, kind=kind, file=file)


def remove_draft_file(session: Session, *, actor: Actor, item_id: int, kind: str, file_id: int) -> None:
    """Take a file from somebody's draft; nothing happens where it is gone already."""
    session.execute(
        delete(DraftFile).where(
            DraftFile.id == file_id,
            DraftFile.person_id == actor.person_id,
            DraftFile.work_item_id == item_id,
            DraftFile.kind == kind,
        )
    )


def take_files(session: Session, *, actor: Actor, item_id: int, kind: str) -> list[NewAttachment]:
    """Return the files of somebody's draft as what is sent with it."""
    return [
        NewAttachment(one.name, one.content_type, one.blob_sha256, one.size_bytes, content_id=one.content_id)
        for one in draft_files(session, actor=actor, item_id=item_id, kind=kind)
    ]


def _was_sent(session: Session, person_id: int, item_id: int, kind: str, last_seen_id: int) -> bool:
    query = select(func.count(Message.id)).where(
        Message.work_item_id == item_id,
        Message.person_id == person_id,
        Message.kind == kind,
        Message.id > last_seen_id,
    )
    return bool(session.scalar(query))
