"""What people find by a number or the beginnings of words: items, clients, projects, contacts, invoices.

Of several words each has to be found: in the name of the thing itself, or of the client or project that it belongs
to. Everything is read in a handful of queries, each scoped to what the actor may see and helped by an index.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import billable_by, visible
from helpdesk.infra.finding import Term, newest_found
from helpdesk.infra.policy import DESK, INVOICES, Actor
from helpdesk.invoicing.models import Invoice
from helpdesk.kernel.words import asked_words, begins, words_of
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.tickets.models import TicketDetails

SHOWN = 5
LOOKED_AT = 40
"""Of so many of the newest that fit, the best are shown."""
READ = 500
"""So many of the newest with the words are looked at for what the actor may see."""
OWNERS = 60
"""So many clients or projects a word may stand for."""
SHORTEST_TITLE_WORD = 2
"""A single letter finds names, not titles: most titles have a word that begins with it."""
LARGEST_NUMBER = 2**31 - 1

_NUMBER = re.compile(r"#?([0-9]{1,9})")
Named = TypeVar("Named", "FoundClient", "FoundProject", "FoundContact")


@dataclass(frozen=True)
class FoundClient:
    """A client, and by which of its names it is found."""

    id: int
    name: str
    legal_name: str
    customer_number: str


@dataclass(frozen=True)
class FoundProject:
    """A project of a client."""

    id: int
    name: str
    status: str
    client_id: int
    client_name: str


@dataclass(frozen=True)
class FoundItem:
    """A ticket or task."""

    id: int
    number: int
    kind: str
    title: str
    status: str
    client_name: str


@dataclass(frozen=True)
class FoundContact:
    """Somebody at a client."""

    id: int
    name: str
    email: str
    client_id: int
    client_name: str


@dataclass(frozen=True)
class FoundInvoice:
    """An invoice; without a number it is a draft. ``month`` is the first day of the one that it closes."""

    id: int
    number: str | None
    month: date | None
    total_minor: int
    currency: str
    client_name: str


@dataclass(frozen=True)
class Found:
    """What was found, the best first; each list is short. ``near`` are projects also found by their client's name."""

    words: list[str]
    items: list[FoundItem] = field(default_factory=list)
    clients: list[FoundClient] = field(default_factory=list)
    projects: list[FoundProject] = field(default_factory=list)
    contacts: list[FoundContact] = field(default_factory=list)
    invoices: list[FoundInvoice] = field(default_factory=list)
    near: list[FoundProject] = field(default_factory=list)


def find(session: Session, *, actor: Actor, typed: str) -> Found:
    """Return what the actor finds with what they typed; nothing without a letter or digit.

    ``#48`` and ``48`` are the beginning of a number too, and such items come first; then open ones, newest first.
    """
    return _Search(session, actor, typed).found()


class _Search:
    """One search: the words, and which of them each client and project has, so that what is theirs is found too."""

    def __init__(self, session: Session, actor: Actor, typed: str) -> None:
        self.session, self.actor, self.typed = session, actor, typed.strip()
        self.words = asked_words(typed)
        self.of_client: dict[int, frozenset[str]] = {}
        self.of_project: dict[int, frozenset[str]] = {}

    def found(self) -> Found:
        if not self.words:
            return Found(self.words)
        works = self.actor.is_one_of(DESK)
        clients = self._clients()
        projects = self._projects() if works else []
        near = [project for project in projects if self.of_project[project.id].issuperset(self.words)]
        contacts = self._contacts()
        return Found(
            self.words,
            items=self._items(contacts) if works else [],
            clients=[client for client in clients if self.of_client[client.id].issuperset(self.words)][:SHOWN],
            projects=[project for project in near if self._has(project.name)][:SHOWN],
            contacts=contacts[:SHOWN],
            invoices=self._invoices() if self.actor.is_one_of(INVOICES) else [],
            near=near[:SHOWN],
        )

    def _clients(self) -> list[FoundClient]:
        """Return the clients that have one of the words."""
        terms = [Term(word) for word in self.words]
        ids = newest_found(self.session, Client.id, terms, any_term=True, limit=READ)
        query = select(Client.id, Client.name, Client.legal_name, Client.customer_number).where(
            Client.id.in_(ids), visible(self.actor), Client.archived_at.is_(None)
        )
        found = [FoundClient(*row) for row in self._rows(query.order_by(Client.id.desc()).limit(OWNERS))]
        self.of_client = {each.id: self._has(each.name, each.legal_name, each.customer_number) for each in found}
        return self._best_first(found)

    def _projects(self) -> list[FoundProject]:
        """Return the projects that have one of the words, or whose client has; done ones last."""
        terms = self._terms(self.of_client)
        ids = newest_found(self.session, Project.id, terms, owner=Project.client_id, any_term=True, limit=READ)
        query = (
            select(Project.id, Project.name, Project.status, Client.id, Client.name)
            .join(Project.client)
            .where(Project.id.in_(ids), visible(self.actor), Client.archived_at.is_(None))
            .order_by(Project.id.desc())
            .limit(OWNERS)
        )
        found = [FoundProject(*row) for row in self._rows(query)]
        nothing: frozenset[str] = frozenset()
        self.of_project = {
            each.id: self._has(each.name) | self.of_client.get(each.client_id, nothing) for each in found
        }
        return sorted(self._best_first(found), key=lambda project: project.status == "done")

    def _contacts(self) -> list[FoundContact]:
        terms = self._terms(self.of_client)
        ids = newest_found(self.session, Contact.id, terms, owner=Contact.client_id, limit=READ)
        person = aliased(Contact)  # a row that is a further address leads to whose it is
        query = (
            select(person.id, person.name, Contact.email, Client.id, Client.name, Contact.name.label("also"))
            .join(person, person.id == func.coalesce(Contact.same_as_id, Contact.id))
            .join(Client, Client.id == person.client_id)
            .where(Contact.id.in_(ids), visible(self.actor), Client.archived_at.is_(None))
            .order_by(Contact.id.desc())
            .limit(LOOKED_AT)
        )
        rows = [row for row in self._rows(query) if self._has(row[1], row.email, row.also)]
        return self._best_first({row[0]: FoundContact(*row[:5]) for row in reversed(rows)}.values())

    def _items(self, contacts: list[FoundContact]) -> list[FoundItem]:
        number = _NUMBER.fullmatch(self.typed)
        queries = []
        if number:
            queries.append(_items(self.actor).where(WorkItem.number.in_(_numbers(number[1]))))
        if not self.typed.startswith("#") and max(map(len, self.words)) >= SHORTEST_TITLE_WORD:
            terms = self._terms(self.of_project)
            ids = newest_found(self.session, WorkItem.id, terms, owner=WorkItem.project_id, limit=READ)
            queries.append(_items(self.actor).where(WorkItem.id.in_(ids)))
        if contacts:
            wrote = TicketDetails.requester_id.in_([contact.id for contact in contacts])
            query = _items(self.actor).join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
            queries.append(query.where(wrote).limit(SHOWN))
        found = {row.id: FoundItem(*row) for query in queries for row in self._rows(query)}
        digits = number[1] if number else None
        return sorted(found.values(), key=lambda item: _rank(item, digits))[:SHOWN]

    def _invoices(self) -> list[FoundInvoice]:
        terms = self._terms(self.of_client)
        ids = newest_found(self.session, Invoice.id, terms, owner=Invoice.client_id, limit=READ)
        query = (
            select(Invoice.id, Invoice.number, Invoice.month, Invoice.total_minor, Invoice.currency, Client.name)
            .join(Invoice.client)
            .where(Invoice.id.in_(ids), billable_by(self.actor), Invoice.status != "dropped")
            .order_by(Invoice.id.desc())
            .limit(SHOWN)
        )
        return [FoundInvoice(*row) for row in self._rows(query)]

    def _rows(self, query: Select[*tuple[Any, ...]]) -> Iterable[Any]:
        return self.session.execute(query)

    def _terms(self, owners: dict[int, frozenset[str]]) -> list[Term]:
        """Return a term for each word: it stands in the name itself, or in the name of an owner."""
        return [Term(word, tuple(owner for owner, has in owners.items() if word in has)) for word in self.words]

    def _has(self, *names: str) -> frozenset[str]:
        known = [word for name in names for word in words_of(name)]
        return frozenset(word for word in self.words if begins(word, known))

    def _best_first(self, rows: Iterable[Named]) -> list[Named]:
        """Return the rows whose name begins with what was typed first, the others by name."""

        def key(row: Named) -> tuple[bool, str]:
            return not begins(self.words[0], words_of(row.name)[:1]), row.name.casefold()

        return sorted(rows, key=key)


def _items(actor: Actor) -> Select[*tuple[Any, ...]]:
    """Return the query of the newest items."""
    return (
        select(WorkItem.id, WorkItem.number, WorkItem.kind, WorkItem.title, WorkItem.status, Client.name)
        .join(Project, Project.id == WorkItem.project_id)
        .join(Client, Client.id == Project.client_id)
        .where(visible(actor))
        .order_by(WorkItem.id.desc())
        .limit(LOOKED_AT)
    )


def _numbers(digits: str) -> list[int]:
    """Return the number that ``digits`` are, and those with one or two digits more: ``48`` -> 48, 480 … 489, 4800 …."""
    first = int(digits)
    numbers = [first * size + rest for size in (1, 10, 100) for rest in range(size)]
    return [number for number in numbers if number <= LARGEST_NUMBER]


def _rank(item: FoundItem, digits: str | None) -> tuple[bool, bool, bool, int]:
    number = str(item.number)
    return number != digits, not number.startswith(digits or number), item.status not in OPEN_STATUSES, -item.id
