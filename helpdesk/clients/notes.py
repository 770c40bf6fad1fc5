"""Notes about contacts and clients that nobody outside reads (docs/desk.md rule 56)."""

from datetime import datetime

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person
from helpdesk.clients import queries
from helpdesk.clients.models import Note
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation

LONGEST = 10_000


def notes_asked() -> Select[*tuple[int, str, datetime, str, datetime | None, str]]:
    """Return the question for notes with their authors, newest first, to be narrowed to whom they are about."""
    author, changer = aliased(Person), aliased(Person)
    return (
        select(
            Note.id,
            Note.text,
            Note.written_at,
            func.coalesce(author.name, "").label("author"),
            Note.changed_at,
            func.coalesce(changer.name, "").label("changer"),
        )
        .outerjoin(author, author.id == Note.written_by_id)
        .outerjoin(changer, changer.id == Note.changed_by_id)
        .order_by(Note.id.desc())
    )


def add_note(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    text: str,
    contact_id: int | None = None,
    client_id: int | None = None,
) -> Note:
    """Add a note about a contact, or about a client.

    Raises:
        NotFound: no such contact or client, or not for this actor.
        RuleViolation: no text, or too long a one.
    """
    if contact_id is not None:
        contact_id = queries.get_contact(session, actor=actor, contact_id=contact_id).id
    elif client_id is not None:
        queries.get(session, actor=actor, client_id=client_id)
    note = Note(
        contact_id=contact_id,
        client_id=client_id,
        text=_checked(text),
        written_at=now,
        written_by_id=actor.person_id,
    )
    session.add(note)
    session.flush()
    _tell(session, actor, now, note, "added note")
    return note


def get_note(session: Session, *, actor: Actor, note_id: int) -> Note:
    """Return a note about somebody whom the actor may see.

    Raises:
        NotFound: no such note, or not for this actor.
    """
    note = session.get(Note, note_id)
    if note is None:
        message = "There is no such note."
        raise NotFound(message)
    if note.contact_id is not None:
        queries.get_contact(session, actor=actor, contact_id=note.contact_id)
    else:
        queries.get(session, actor=actor, client_id=note.client_id or 0)
    return note


def change_note(session: Session, *, actor: Actor, now: datetime, note_id: int, text: str) -> Note:
    """Give a note another text; it says who changed it, and when.

    Raises:
        NotFound: no such note, or not for this actor.
        RuleViolation: no text, or too long a one.
    """
    note = get_note(session, actor=actor, note_id=note_id)
    said = _checked(text)
    if said != note.text:
        note.text, note.changed_at, note.changed_by_id = said, now, actor.person_id
        session.flush()
        _tell(session, actor, now, note, "changed note")
    return note


def delete_note(session: Session, *, actor: Actor, now: datetime, note_id: int) -> Note:
    """Delete a note for good; that there was one stays in the audit trail, without its text.

    Raises:
        NotFound: no such note, or not for this actor.
    """
    note = get_note(session, actor=actor, note_id=note_id)
    session.delete(note)
    session.flush()
    _tell(session, actor, now, note, "deleted note")
    return note


def _checked(text: str) -> str:
    said = text.strip()
    if not said or len(said) > LONGEST:
        message = "Write the note." if not said else f"A note has at most {LONGEST} characters."
        raise RuleViolation(message, field="text")
    return said


def _tell(session: Session, actor: Actor, now: datetime, note: Note, action: str) -> None:
    kind, object_id = ("contact", note.contact_id) if note.contact_id is not None else ("client", note.client_id)
    audit.record(session, actor=actor, action=action, kind=kind, object_id=object_id, now=now, note_id=note.id)
