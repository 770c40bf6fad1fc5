"""What the house knows already, by the names that stand in files: read in a few queries, kept up while importing.

They are as many for a file of twenty thousand lines as for one of three (docs/desk.md rule 100).
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person
from helpdesk.clients import queries as client_queries
from helpdesk.clients.lock_dates import LockDates
from helpdesk.clients.models import Client, TimeLock
from helpdesk.clients.queries import visible
from helpdesk.clients.service import ClientProfile
from helpdesk.company import service as company
from helpdesk.company.models import Company
from helpdesk.imports.models import ImportedKey
from helpdesk.infra.ahead import models_of
from helpdesk.infra.policy import LOCKED_TIME, Actor
from helpdesk.infra.sql import among_many
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects.models import Project, WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.models import TimeEntry

FROM_COMPANY = ("currency", "time_zone", "language", "tax_percent", "payment_days")
"""What a new client has of our company where nothing else is said."""
PROJECT_FACTS = ("billing", "status", "manager_id", "starts_on", "due_on", "budget_seconds", "budget_minor")


@dataclass(frozen=True, slots=True)
class ClientRef:
    """A client as a value; ``facts`` are those of `ClientProfile`."""

    id: int
    name: str
    is_archived: bool
    facts: dict[str, Any]

    @classmethod
    def of(cls, client: Client) -> "ClientRef":
        """Return the value of a row."""
        facts = {one.name: getattr(client, one.name) for one in fields(ClientProfile)}
        return cls(client.id, client.name, client.archived_at is not None, facts)


@dataclass(frozen=True, slots=True)
class ProjectRef:
    """A project as a value."""

    id: int
    client_id: int
    name: str
    facts: dict[str, Any]

    @classmethod
    def of(cls, project: Project) -> "ProjectRef":
        """Return the value of a row."""
        facts = {name: getattr(project, name) for name in PROJECT_FACTS}
        return cls(project.id, project.client_id, project.name, facts)


@dataclass(frozen=True, slots=True)
class ContactRef:
    """A contact as a value."""

    id: int
    client_id: int | None
    name: str
    phone: str
    language: str


@dataclass(frozen=True, slots=True)
class TaskRef:
    """A task as a value."""

    id: int
    status: str
    assignee_id: int | None


@dataclass(frozen=True, slots=True)
class KeyRef:
    """As what, and with which content, a line was imported."""

    object_id: int
    content: str


@dataclass
class Known:
    """People, clients, projects, tasks and work types by their names, each name in lower case.

    ``by_key`` are lines that were imported before, ``statuses`` those of the time entries behind them. ``worked`` is
    how many seconds people have on a day, for the preview alone: the service counts for itself.
    """

    actor: Actor
    now: datetime
    company: Company
    people: list[Person]
    clients: dict[str, ClientRef]
    projects: dict[tuple[int, str], ProjectRef]
    work_types: dict[str, int]
    locks: dict[int | None, date | None]
    tasks: dict[int, dict[str, TaskRef]] = field(default_factory=dict)
    contacts: dict[str, ContactRef] = field(default_factory=dict)
    by_key: dict[str, KeyRef] = field(default_factory=dict)
    statuses: dict[int, str] = field(default_factory=dict)
    worked: dict[tuple[int, date], int] = field(default_factory=dict)

    def person(self, *, email: str, name: str) -> Person:
        """Return who has this address, else this name.

        Raises:
            RuleViolation: nobody has, several have the name, or they have left.
        """
        mail, words = email.casefold(), name.casefold()
        mail = mail or (words if "@" in words else "")
        found = [person for person in self.people if mail and person.email.casefold() == mail]
        found = found or [person for person in self.people if words and person.name.casefold() == words]
        shown = " ".join(filter(None, (name, f"<{email}>" if email else "")))
        if not found:
            message = f"Nobody here is {shown or 'named'}; add the person under Settings > People first."
            raise RuleViolation(message)
        if len(found) > 1:
            message = f"Several people are named {name}; only the e-mail address tells them apart."
            raise RuleViolation(message)
        if not found[0].active:
            message = f"{found[0].name} is inactive; make them active for as long as you import."
            raise RuleViolation(message)
        return found[0]

    def client(self, name: str) -> ClientRef | None:
        """Return the client with this name; None where there is none.

        Raises:
            RuleViolation: it is archived.
        """
        found = self.clients.get(name.casefold())
        if found is not None and found.is_archived:
            message = f"{found.name} is archived."
            raise RuleViolation(message)
        return found

    def client_of_id(self, client_id: int) -> ClientRef | None:
        """Return the client with this id; None where there is none for the actor."""
        return next((client for client in self.clients.values() if client.id == client_id), None)

    def project(self, client_id: int, name: str) -> ProjectRef | None:
        """Return the client's project with this name; None where there is none."""
        return self.projects.get((client_id, name.casefold()))

    def projects_named(self, name: str) -> list[ProjectRef]:
        """Return the projects of any client with this name."""
        return [project for (_client, word), project in self.projects.items() if word == name.casefold()]

    def task(self, project_id: int, title: str) -> TaskRef | None:
        """Return the project's task with this title; None where there is none."""
        return self.tasks.get(project_id, {}).get(title.casefold())

    def lock(self, client: ClientRef | None) -> LockDates:
        """Return what is locked for a client, or for one that is still to be made."""
        own = self.locks.get(client.id) if client else None
        return LockDates(self.locks.get(None), own, client.name if client else "")

    @property
    def may_write_locked(self) -> bool:
        """Whether whoever imports may write on locked days with a reason."""
        return self.actor.is_one_of(LOCKED_TIME)


def load(session: Session, *, actor: Actor, now: datetime) -> Known:
    """Return what the actor may know, but for tasks, contacts and keys, which are asked for as they are needed."""
    asked = questions(actor)
    clients = [ClientRef.of(client) for client in models_of(session, asked["clients"])]
    ids = {client.id for client in clients}
    projects = [ProjectRef.of(project) for project in models_of(session, asked["projects"]) if project.client_id in ids]
    return Known(
        actor=actor,
        now=now,
        company=company.get_company(session),
        people=models_of(session, asked["people"]),
        clients={client.name.casefold(): client for client in clients},
        projects={(project.client_id, project.name.casefold()): project for project in projects},
        work_types={kind.name.casefold(): kind.id for kind in models_of(session, asked["work_types"])},
        locks={lock.client_id: lock.through for lock in models_of(session, asked["locks"])},
    )


def questions(actor: Actor) -> dict[str, Select[Any]]:
    """Return the questions of `load`, to be asked ahead."""
    return {
        "clients": select(Client).where(visible(actor)),
        "projects": select(Project),
        "people": select(Person).order_by(Person.active.desc(), Person.id),
        "work_types": select(WorkType),
        "locks": select(TimeLock),
    }


def learn_tasks(session: Session, known: Known, project_ids: Iterable[int]) -> None:
    """Read the tasks of some projects, unless they are known; of two with one title the older counts."""
    new = sorted(set(project_ids) - set(known.tasks))
    if not new:
        return
    known.tasks |= {project_id: {} for project_id in new}
    query = select(WorkItem).where(among_many(session, WorkItem.project_id, new), WorkItem.kind == "task")
    for item in session.scalars(query.order_by(WorkItem.id.desc())):
        known.tasks[item.project_id][item.title.casefold()] = TaskRef(item.id, item.status, item.assignee_id)


def learn_keys(session: Session, known: Known, kind: str, keys: Collection[str]) -> None:
    """Read which of these keys were imported before, and how the time entries fare that they became."""
    new = sorted(set(keys) - set(known.by_key))
    if not new:
        return
    query = (
        select(ImportedKey.key, ImportedKey.object_id, ImportedKey.content, TimeEntry.status)
        .outerjoin(TimeEntry, and_(ImportedKey.kind == "time", TimeEntry.id == ImportedKey.object_id))
        .where(ImportedKey.kind == kind, among_many(session, ImportedKey.key, new))
    )
    for row in session.execute(query):
        known.by_key[row.key] = KeyRef(row.object_id, row.content)
        if row.status is not None:
            known.statuses[row.object_id] = row.status


def learn_contacts(session: Session, known: Known, emails: Collection[str]) -> None:
    """Read the contacts with these addresses."""
    new = sorted({email.casefold() for email in emails} - set(known.contacts))
    if not new:
        return
    known.contacts |= {
        address: ContactRef(row.id, row.client_id, row.name, row.phone, row.language)
        for address, row in client_queries.contacts_by_address(session, new)
    }


def learn_worked(session: Session, known: Known, person_ids: Collection[int], days: Collection[date]) -> None:
    """Read how long these people worked on the days between the first and the last of ``days``."""
    if not days or not person_ids:
        return
    first, last = (datetime.combine(day, time.min, tzinfo=UTC) for day in (min(days), max(days)))
    query = (
        select(TimeEntry.person_id, TimeEntry.started_at, TimeEntry.ended_at, Client.time_zone)
        .join(TimeEntry.work_item)
        .join(WorkItem.project)
        .join(Project.client)
        .where(
            TimeEntry.person_id.in_(person_ids),
            TimeEntry.started_at >= first - timedelta(days=1),
            TimeEntry.started_at < last + timedelta(days=2),
            TimeEntry.status != "reversed",
        )
    )
    for person_id, started_at, ended_at, zone in session.execute(query):
        key = (person_id, local_day(started_at, zone_named(zone)))
        seconds = int(((ended_at or max(known.now, started_at)) - started_at).total_seconds())
        known.worked[key] = known.worked.get(key, 0) + seconds


def zone_of(known: Known, client: ClientRef | None) -> ZoneInfo:
    """Return the zone of a client, or the one that a client still to be made will have."""
    return zone_named(client.facts["time_zone"] if client else known.company.time_zone)
