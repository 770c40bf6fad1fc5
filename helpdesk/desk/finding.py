"""What people find by a number or the beginnings of words: items, clients, projects, contacts, invoices, messages.

Of several words each has to be found: in the name of the thing itself, or of the client or project that it belongs
to. Everything is read in three queries, each scoped to what the actor may see and helped by an index. Where operators
are among the words, what is found are tickets and tasks alone (`helpdesk.desk.conversations_found`).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from helpdesk.clients.domain import has_number, is_number, last_digits
from helpdesk.clients.models import Client, Contact
from helpdesk.clients.queries import billable_by, visible
from helpdesk.desk import conversations_found
from helpdesk.desk.conversations_found import Conversations, Meant, Question, Searcher
from helpdesk.desk.domain.typed_search import Typed, read
from helpdesk.infra.finding import Term, newest_found, numbers_found
from helpdesk.infra.policy import DESK, INVOICES, Actor
from helpdesk.infra.together import Together
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

Questions = Mapping[str, Question]
Answers = Mapping[str, list[Any]]
NOTHING: Questions = {}
NO_CONVERSATIONS = Conversations([], None, is_cut=False)

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
    conversations: Conversations = NO_CONVERSATIONS
    typed: Typed = field(default_factory=Typed)


def find(session: Session, *, actor: Actor, typed: str) -> Found:
    """Return what the actor finds with what they typed, by names; nothing without a letter or digit.

    ``#48`` and ``48`` are the beginning of a number too, and such items come first; then open ones, newest first.
    """
    return _Search(session, actor, typed).found()


def find_in_all(
    session: Session, *, searcher: Searcher, typed: str, before: int | None = None, rows: int | None = None
) -> Found:
    """Return what :func:`find` does, and a page of the conversations that have what was typed in their messages.

    Further pages are of conversations alone; ``before`` is the key of the page before.
    """
    rows = rows or conversations_found.PAGE_ROWS
    asked = read(typed)
    if not searcher.actor.is_one_of(DESK):
        return find(session, actor=searcher.actor, typed=typed)
    names = conversations_found.questions_of_names(session, actor=searcher.actor, typed=asked)
    search = _Search(session, searcher.actor, typed)

    def of_messages(answers: Mapping[str, list[Any]]) -> dict[str, Question]:
        search.meant = conversations_found.meant_by(searcher.actor, asked, answers)
        return conversations_found.questions(session, searcher=searcher, meant=search.meant, before=before, rows=rows)

    if asked.is_plain and before is None:
        found = search.found(names, of_messages)
    else:
        found = Found(search.words)
        search.answers = search.ask(of_messages(search.ask(names)))
    meant = search.meant.typed if search.meant is not None else asked
    page = conversations_found.conversations(search.answers, rows=rows)
    return replace(found, conversations=page, typed=meant)


class _Search:
    """One search: the words, and which of them each client and project has, so that what is theirs is found too."""

    def __init__(self, session: Session, actor: Actor, typed: str) -> None:
        self.session, self.actor, self.typed = session, actor, typed.strip()
        self.words = asked_words(typed)
        self.digits = last_digits(typed) if is_number(typed) else ""
        self.of_client: dict[int, frozenset[str]] = {}
        self.of_project: dict[int, frozenset[str]] = {}
        self.meant: Meant | None = None
        self.answers: Mapping[str, list[Any]] = {}

    def found(
        self, names: Questions = NOTHING, more: Callable[[Answers], Questions] = lambda _answers: NOTHING
    ) -> Found:
        """Return what is found; ``names`` are asked with the first query, what ``more`` makes of it with the last."""
        if not self.words:
            return Found(self.words)
        works = self.actor.is_one_of(DESK)
        first = self.ask({"clients": self._clients(), **names})
        clients = self._read_clients(first["clients"])
        money = {"invoices": self._invoices()} if self.actor.is_one_of(INVOICES) else {}
        called = {"called": self._called()} if self.digits else {}
        of_clients = {
            "contacts": self._contacts(),
            **called,
            **({"projects": self._projects()} if works else {}),
            **money,
        }
        second = self.ask(of_clients)
        projects = self._read_projects(second.get("projects", ()))
        near = [project for project in projects if self.of_project[project.id].issuperset(self.words)]
        contacts = self._read_contacts(second["contacts"], second.get("called", ()))
        self.answers = self.ask({**self._items(contacts), **more(first)}) if works else {}
        return Found(
            self.words,
            items=self._read_items(),
            clients=[client for client in clients if self.of_client[client.id].issuperset(self.words)][:SHOWN],
            projects=[project for project in near if self._has(project.name)][:SHOWN],
            contacts=contacts[:SHOWN],
            invoices=[FoundInvoice(*row) for row in second.get("invoices", ())],
            near=near[:SHOWN],
        )

    def ask(self, questions: Questions) -> Answers:
        """Return the answers to all questions, which are one query."""
        return Together(**questions).read(self.session) if questions else {}

    def _clients(self) -> Question:
        """Return the question for the clients that have one of the words."""
        terms = [Term(word) for word in self.words]
        ids = newest_found(self.session, Client.id, terms, any_term=True, limit=READ)
        query = select(Client.id, Client.name, Client.legal_name, Client.customer_number).where(
            Client.id.in_(ids), visible(self.actor), Client.archived_at.is_(None)
        )
        return query.order_by(Client.id.desc()).limit(OWNERS)

    def _read_clients(self, rows: Iterable[Any]) -> list[FoundClient]:
        found = [FoundClient(*row) for row in rows]
        self.of_client = {each.id: self._has(each.name, each.legal_name, each.customer_number) for each in found}
        return self._best_first(found)

    def _projects(self) -> Question:
        """Return the question for the projects that have one of the words, or whose client has."""
        terms = self._terms(self.of_client)
        ids = newest_found(self.session, Project.id, terms, owner=Project.client_id, any_term=True, limit=READ)
        return (
            select(Project.id, Project.name, Project.status, Client.id, Client.name)
            .join(Project.client)
            .where(Project.id.in_(ids), visible(self.actor), Client.archived_at.is_(None))
            .order_by(Project.id.desc())
            .limit(OWNERS)
        )

    def _read_projects(self, rows: Iterable[Any]) -> list[FoundProject]:
        """Return the projects, done ones last."""
        found = [FoundProject(*row) for row in rows]
        nothing: frozenset[str] = frozenset()
        self.of_project = {
            each.id: self._has(each.name) | self.of_client.get(each.client_id, nothing) for each in found
        }
        return sorted(self._best_first(found), key=lambda project: project.status == "done")

    def _contacts(self) -> Question:
        terms = self._terms(self.of_client)
        ids = newest_found(self.session, Contact.id, terms, owner=Contact.client_id, limit=READ)
        person = aliased(Contact)  # a row that is a further address leads to whose it is
        return (
            select(person.id, person.name, Contact.email, Client.id, Client.name, Contact.name.label("also"))
            .join(person, person.id == func.coalesce(Contact.same_as_id, Contact.id))
            .join(Client, Client.id == person.client_id)
            .where(Contact.id.in_(ids), visible(self.actor), Client.archived_at.is_(None))
            .order_by(Contact.id.desc())
            .limit(LOOKED_AT)
        )

    def _called(self) -> Question:
        """Return the question for the people who may have the phone number that was typed."""
        ids = numbers_found(self.session, Contact.id, self.digits)
        return (
            select(Contact.id, Contact.name, Contact.email, Client.id, Client.name, Contact.phone)
            .join(Client, Client.id == Contact.client_id)
            .where(Contact.id.in_(ids), Contact.same_as_id.is_(None))
            .where(visible(self.actor), Client.archived_at.is_(None))
            .order_by(Contact.id.desc())
            .limit(LOOKED_AT)
        )

    def _read_contacts(self, rows: Iterable[Any], called: Iterable[Any]) -> list[FoundContact]:
        """Return who is found, by their number first."""
        of_number = {row[0]: FoundContact(*row[:5]) for row in called if has_number(row.phone, self.typed)}
        known = [row for row in rows if self._has(row[1], row.email, row.also)]
        named = self._best_first({row[0]: FoundContact(*row[:5]) for row in reversed(known)}.values())
        return [*of_number.values(), *(one for one in named if one.id not in of_number)]

    def _items(self, contacts: list[FoundContact]) -> dict[str, Question]:
        number = _NUMBER.fullmatch(self.typed)
        queries = {}
        if number:
            queries["by_number"] = _items(self.actor).where(WorkItem.number.in_(_numbers(number[1])))
        if not self.typed.startswith("#") and max(map(len, self.words)) >= SHORTEST_TITLE_WORD:
            terms = self._terms(self.of_project)
            ids = newest_found(self.session, WorkItem.id, terms, owner=WorkItem.project_id, limit=READ)
            queries["by_title"] = _items(self.actor).where(WorkItem.id.in_(ids))
        if contacts:
            wrote = TicketDetails.requester_id.in_([contact.id for contact in contacts])
            query = _items(self.actor).join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
            queries["by_people"] = query.where(wrote).limit(SHOWN)
        return queries

    def _read_items(self) -> list[FoundItem]:
        names = ("by_number", "by_title", "by_people")
        found = {row.id: FoundItem(*row) for name in names for row in self.answers.get(name, ())}
        number = _NUMBER.fullmatch(self.typed)
        digits = number[1] if number else None
        return sorted(found.values(), key=lambda item: _rank(item, digits))[:SHOWN]

    def _invoices(self) -> Question:
        terms = self._terms(self.of_client)
        ids = newest_found(self.session, Invoice.id, terms, owner=Invoice.client_id, limit=READ)
        return (
            select(Invoice.id, Invoice.number, Invoice.month, Invoice.total_minor, Invoice.currency, Client.name)
            .join(Invoice.client)
            .where(Invoice.id.in_(ids), billable_by(self.actor), Invoice.status != "dropped")
            .order_by(Invoice.id.desc())
            .limit(SHOWN)
        )

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


def _items(actor: Actor) -> Question:
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
