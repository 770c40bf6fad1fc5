"""The list of what somebody was told, as far as they may see what it is about (docs/notifications.md rule 15)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, true
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client
from helpdesk.clients.queries import visible
from helpdesk.infra.policy import DESK, Actor
from helpdesk.notices.models import Notice
from helpdesk.notices.render import sentence
from helpdesk.projects import telling
from helpdesk.projects.models import Project, WorkItem

PAGE = 100


@dataclass(frozen=True)
class Line:
    """One notice in the list."""

    id: int
    kind: str
    words: str
    excerpt: str
    path: str
    created_at: datetime
    is_read: bool


@dataclass(frozen=True)
class Told:
    """One page of notices, unread ones first, and whether there are more."""

    lines: list[Line]
    has_more: bool


def told(session: Session, *, actor: Actor, page: int) -> Told:
    """Return a page of the actor's notices: one query, of few rows, since old ones are forgotten."""
    query = (
        select(Notice)
        .outerjoin(WorkItem, WorkItem.id == Notice.work_item_id)
        .outerjoin(Project, Project.id == WorkItem.project_id)
        .outerjoin(Client, Client.id == Project.client_id)
        .where(Notice.person_id == actor.person_id, Notice.in_app, _seen(actor))
        .order_by(Notice.read_at.is_not(None), Notice.id.desc())
        .offset((page - 1) * PAGE)
        .limit(PAGE + 1)
    )
    found = session.scalars(query).all()
    return Told([_line(notice) for notice in found[:PAGE]], len(found) > PAGE)


def colleagues_to_name(session: Session, item: WorkItem, *, but_not: int | None) -> list[dict[str, str]]:
    """Return who can be named in a note on an item, by name; ``label`` is what names each of them alone."""
    on_desk = accounts.choices(session, roles=DESK)
    people = sorted(
        telling.who_sees(session, item, {person_id for person_id, _name in on_desk} - {but_not}).values(), key=_by_name
    )
    alike = Counter(person.name.casefold() for person in people)
    return [
        {
            "name": person.name,
            "login": person.email.partition("@")[0],
            "label": person.name if alike[person.name.casefold()] == 1 else person.email,
        }
        for person in people
    ]


def _by_name(person: Person) -> tuple[str, int]:
    return person.name.casefold(), person.id


def _seen(actor: Actor) -> ColumnElement[bool]:
    if not actor.is_one_of(DESK):
        return Notice.work_item_id.is_(None)
    return true() if actor.sees_all_clients else Notice.work_item_id.is_(None) | visible(actor)


def _line(notice: Notice) -> Line:
    return Line(
        id=notice.id,
        kind=notice.kind,
        words=sentence(notice),
        excerpt=notice.excerpt,
        path=notice.path,
        created_at=notice.created_at,
        is_read=notice.read_at is not None,
    )
