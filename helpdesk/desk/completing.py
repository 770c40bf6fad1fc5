"""Values behind an operator of the search, completed while they are typed (docs/desk.md rule 108)."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import visible
from helpdesk.desk.conversations_found import READ, STAFF_READ
from helpdesk.desk.domain.typed_search import CHOICES, ME, NOBODY, Begun, begun
from helpdesk.infra.finding import Term, newest_found
from helpdesk.infra.policy import DESK, Actor
from helpdesk.infra.together import Together
from helpdesk.kernel.words import begins, words_of
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import ItemTag, Project, TicketType, WorkItem

Question = Select[*tuple[Any, ...]]

SHOWN = 6
LOOKED_AT = 60
_OWN = {"assignee": (ME, NOBODY), "team": (ME, NOBODY), "from": (ME,), "to": (ME,)}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A value that fits what was begun, with whose it is, and all that was typed once it is taken."""

    value: str
    note: str
    typed: str


def suggestions(session: Session, *, actor: Actor, typed: str) -> tuple[str, list[Suggestion]]:
    """Return the operator whose value is being typed, or "", and what it may become: of what the actor sees, a few.

    One question to the database at most; a value that stands there in full is not suggested again.
    """
    started = begun(typed) if actor.is_one_of(DESK) else None
    if started is None:
        return "", []
    asked = _questions(session, actor, started)
    answers = Together(**asked).read(session) if asked else {}
    found: dict[str, Suggestion] = {}
    for value, note in _fitting(started, answers):
        found.setdefault(value.lower(), Suggestion(value, note, started.completed(value)))
    found.pop(started.value.strip().lower(), None)
    return started.operator, list(found.values())[:SHOWN]


def _questions(session: Session, actor: Actor, started: Begun) -> dict[str, Question]:
    """Return the questions for rows of ``name`` and ``note``; those of an index want a letter at least."""
    operator = started.operator
    asked: dict[str, Question] = {}
    if operator in ("from", "to", "assignee"):
        asked["staff"] = (
            select(Person.name, Person.email.label("note")).where(Person.active).order_by(Person.id).limit(STAFF_READ)
        )
    if operator == "to":
        asked["mailboxes"] = select(Mailbox.address.label("name"), Mailbox.name.label("note")).order_by(Mailbox.id)
    if operator == "team":
        asked["teams"] = select(Team.name).where(Team.retired_at.is_(None)).order_by(Team.id)
    if operator == "type":
        asked["types"] = select(TicketType.name).order_by(TicketType.id)
    if operator == "tag":
        asked["tags"] = _tags(actor, started)
    terms = [Term(word) for word in started.words]
    if terms and operator == "client":
        ids = newest_found(session, Client.id, terms, limit=READ)
        clients = select(Client.name).where(Client.id.in_(ids), visible(actor))
        asked["clients"] = clients.order_by(Client.id.desc()).limit(LOOKED_AT)
    if terms and operator == "project":
        ids = newest_found(session, Project.id, terms, limit=READ)
        projects = select(Project.name, Client.name.label("note")).join(Client, Client.id == Project.client_id)
        asked["projects"] = (
            projects.where(Project.id.in_(ids), visible(actor)).order_by(Project.id.desc()).limit(LOOKED_AT)
        )
    if terms and operator in ("from", "to"):
        asked["contacts"] = _contacts(session, actor, terms)
    return asked


def _contacts(session: Session, actor: Actor, terms: list[Term]) -> Question:
    """Return the question for people at clients that the actor sees, and for those who belong nowhere."""
    person = aliased(Contact)  # a row that is a further address leads to whose it is
    ids = newest_found(session, Contact.id, terms, limit=READ)
    return (
        select(person.name, func.coalesce(Client.name, Contact.email).label("note"), Contact.email)
        .select_from(Contact)
        .join(person, person.id == func.coalesce(Contact.same_as_id, Contact.id))
        .outerjoin(Client, Client.id == person.client_id)
        .where(Contact.id.in_(ids), person.client_id.is_(None) | visible(actor))
        .order_by(Contact.id.desc())
        .limit(LOOKED_AT)
    )


def _tags(actor: Actor, started: Begun) -> Question:
    """Return the question for tags that begin so, of what the actor sees, by name."""
    beginning = " ".join(started.value.lower().split())
    seen = (
        select(WorkItem.id)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(WorkItem.id == ItemTag.work_item_id, visible(actor))
    )
    query = select(ItemTag.tag.label("name")).where(seen.exists())
    if beginning:
        query = query.where(ItemTag.tag >= beginning, ItemTag.tag.startswith(beginning, autoescape=True))
    return query.distinct().order_by(ItemTag.tag).limit(SHOWN + 1)


def _fitting(started: Begun, answers: dict[str, list[Any]]) -> Iterator[tuple[str, str]]:
    """Yield values with their notes, those that begin with what was typed first."""
    fixed = (*CHOICES.get(started.operator, ()), *_OWN.get(started.operator, ()))
    yield from ((value, "") for value in fixed if value.startswith(started.value.lower()))
    for name, rows in answers.items():
        yield from _best_first(started, name, rows)


def _best_first(started: Begun, name: str, rows: Iterable[Any]) -> list[tuple[str, str]]:
    wanted = started.words
    fit = [
        (row.name, getattr(row, "note", None) or "")
        for row in rows
        if name == "tags" or all(begins(word, _known(row)) for word in wanted)
    ]
    return (
        sorted(fit, key=lambda pair: (not begins(wanted[0], words_of(pair[0])[:1]), pair[0].casefold()))
        if wanted
        else fit
    )


def _known(row: Any) -> list[str]:  # noqa: ANN401 - a row of any of the questions
    return words_of(" ".join(filter(None, (row.name, getattr(row, "note", ""), getattr(row, "email", "")))))
