"""An office to test in: our company, one person a role, two clients. Everything by plain rows."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients.models import Client, ClientDomain, Contact
from helpdesk.company.models import Company
from helpdesk.infra.counters import take_next
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.projects import types
from helpdesk.projects.models import Project, TaskDetails, WorkItem
from helpdesk.rates.models import WorkType

PASSWORD = "correct horse battery"


@dataclass
class Office:
    """What a test can point at. Objects are detached: use their ids and plain columns.

    Acme is the account manager's client; Globex has another account manager (``rival``) and is restricted to
    a team that the technician is not in.
    """

    admin: Person
    manager: Person
    account_manager: Person
    rival: Person
    bookkeeper: Person
    technician: Person
    acme: Client
    globex: Client
    house: Client
    acme_project: Project
    globex_project: Project
    triage: Project
    acme_contact: Contact
    globex_contact: Contact
    acme_ticket: WorkItem
    acme_task: WorkItem
    globex_ticket: WorkItem
    remote: WorkType

    @classmethod
    def furnish(cls, session: Session, *, now: datetime) -> "Office":
        """Add all rows and return the office."""
        session.add(
            Company(
                name="Halden & Okoye",
                address="Kajen 12\n20459 Hamburg",
                country="DE",
                tax_number="48/123/45678",
                currency="EUR",
                time_zone="Europe/Berlin",
                tax_percent="19",
                created_at=now,
            )
        )
        people: dict[str, Any] = {
            key: accounts.add_person(
                session,
                actor=SYSTEM,
                now=now,
                name=f"{key.replace('_', ' ').title()} Person",
                email=f"{key}@halden-okoye.example",
                password=PASSWORD,
                role="account_manager" if key == "rival" else key,
                time_zone="Europe/Berlin",
            )
            for key in ("admin", "manager", "account_manager", "rival", "bookkeeper", "technician")
        }
        team = accounts.add_team(session, name="Globex team", person_ids=(people["rival"].id,), now=now)
        clients: dict[str, Any] = {
            "acme": _client(session, now, "Acme", people["account_manager"].id),
            "globex": _client(session, now, "Globex", people["rival"].id, restricted_team_id=team.id),
            "house": _client(session, now, "Halden & Okoye", None, is_internal=True),
        }
        projects: dict[str, Any] = {
            "acme_project": _project(session, now, clients["acme"], "Support", is_default=True),
            "globex_project": _project(session, now, clients["globex"], "Support", is_default=True),
            "triage": _project(session, now, clients["house"], "Triage", billing="internal", is_triage=True),
        }
        contacts: dict[str, Any] = {
            f"{key}_contact": _contact(session, now, clients[key]) for key in ("acme", "globex")
        }
        remote = WorkType(name="Remote support", is_default=True)
        session.add(remote)
        types.add_first(session, now=now)
        items: dict[str, Any] = {
            "acme_ticket": _item(session, now, projects["acme_project"], "ticket", "Printer prints blank labels"),
            "acme_task": _item(session, now, projects["acme_project"], "task", "Move the mail server"),
            "globex_ticket": _item(session, now, projects["globex_project"], "ticket", "Globex canary"),
        }
        session.add(TaskDetails(work_item_id=items["acme_task"].id))
        session.flush()
        for person in people.values():
            session.refresh(person, ["memberships"])  # an actor is made of a person without a session
        return cls(**people, **clients, **projects, **contacts, **items, remote=remote)

    def actor(self, name: str) -> Actor:
        """Return the acting value of one of our people, e.g. ``office.actor("technician")``."""
        return accounts.actor_of(getattr(self, name))


def _client(session: Session, now: datetime, name: str, account_manager_id: int | None, **more: object) -> Client:
    client = Client(
        name=name,
        legal_name=f"{name} GmbH",
        address="Zuffenhauser Straße 84\n70435 Stuttgart",
        country="DE",
        currency="EUR",
        time_zone="Europe/Berlin",
        tax_percent="19",
        invoice_email=f"accounts@{name.lower().split()[0]}.example",
        account_manager_id=account_manager_id,
        created_at=now,
        **more,
    )
    session.add(client)
    session.flush()
    session.add(ClientDomain(domain=f"{name.lower().split()[0]}.example", client_id=client.id))
    return client


def _project(session: Session, now: datetime, client: Client, name: str, **more: object) -> Project:
    project = Project(client_id=client.id, name=name, created_at=now, **more)
    session.add(project)
    session.flush()
    return project


def _contact(session: Session, now: datetime, client: Client) -> Contact:
    slug = client.name.lower()
    contact = Contact(client_id=client.id, name=f"{client.name} Person", email=f"person@{slug}.example", created_at=now)
    session.add(contact)
    session.flush()
    return contact


def _item(session: Session, now: datetime, project: Project, kind: str, title: str) -> WorkItem:
    item = WorkItem(
        number=take_next(session, "work_items"),
        kind=kind,
        project_id=project.id,
        title=title,
        status="open",
        created_at=now,
        updated_at=now,
    )
    session.add(item)
    session.flush()
    return item
