"""The work of one line, by the services that pages use: what they refuse is refused here (docs/import.md rule 13)."""

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import datetime
from typing import cast

from sqlalchemy.orm import Session

from helpdesk.clients import queries as client_queries
from helpdesk.clients import service as clients
from helpdesk.clients.service import ClientProfile
from helpdesk.imports.domain.lines import uuid_of
from helpdesk.imports.domain.plans import Planned
from helpdesk.imports.domain.works import ClientWork, ContactWork, ProjectWork, TaskWork, TimeWork
from helpdesk.imports.known import FROM_COMPANY, ClientRef, ContactRef, Known, ProjectRef, TaskRef
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries as project_queries
from helpdesk.projects import service as projects
from helpdesk.projects import settings as project_settings
from helpdesk.rates import service as rates
from helpdesk.timekeeping import service as time
from helpdesk.timekeeping.queries import entries


class _Hand:
    """Does one line; what it learns of the house is told to ``known`` once the line stands."""

    def __init__(self, session: Session, known: Known, actor: Actor, now: datetime, reason: str) -> None:
        self.session, self.known, self.actor, self.now, self.reason = session, known, actor, now, reason
        self.lessons: list[Callable[[], None]] = []

    def client(self, name: str, facts: dict[str, object] | None = None) -> ClientRef:
        """Return the client of that name, made with the company's defaults where there is none."""
        found = self.known.client(name)
        if found is not None:
            return found
        defaults = {field: getattr(self.known.company, field) for field in FROM_COMPANY}
        profile = ClientProfile(**{**defaults, **(facts or {}), "name": name})
        row = clients.add_client(self.session, actor=self.actor, now=self.now, profile=profile)
        return self.learn_client(ClientRef.of(row))

    def learn_client(self, ref: ClientRef) -> ClientRef:
        """Remember a client as it is now."""
        self.lessons.append(lambda: self.known.clients.update({ref.name.casefold(): ref}))
        return ref

    def project(self, client: ClientRef, name: str, billing: str = "") -> ProjectRef:
        """Return the client's project of that name, made where there is none."""
        found = self.known.project(client.id, name)
        if found is not None:
            return found
        is_own = client.id == getattr(client_queries.internal_client(self.session), "id", None)
        row = projects.add_project(
            self.session,
            actor=self.actor,
            now=self.now,
            client_id=client.id,
            name=name,
            billing=billing or ("internal" if is_own else "hourly"),
        )
        return self.learn_project(ProjectRef.of(row))

    def learn_project(self, ref: ProjectRef) -> ProjectRef:
        """Remember a project as it is now."""

        def remember() -> None:
            self.known.projects[ref.client_id, ref.name.casefold()] = ref
            self.known.tasks.setdefault(ref.id, {})

        self.lessons.append(remember)
        return ref

    def task(self, project: ProjectRef, title: str, work: TaskWork | None = None) -> int:
        """Return the id of the project's task with that title, made where there is none."""
        found = self.known.task(project.id, title)
        if found is not None:
            return found.id
        row = projects.add_task(
            self.session,
            actor=self.actor,
            now=self.now,
            project_id=project.id,
            title=title,
            status=(work.status if work else "") or "open",
            assignee_id=work.assignee_id if work else None,
            tells=False,
            starts_on=work.starts_on if work else None,
            due_on=work.due_on if work else None,
            estimate_seconds=work.estimate_seconds if work else None,
        )
        self.learn_task(project.id, title, TaskRef(row.id, row.status, row.assignee_id))
        return row.id

    def learn_task(self, project_id: int, title: str, ref: TaskRef) -> None:
        """Remember a task as it is now."""
        self.lessons.append(lambda: self.known.tasks.setdefault(project_id, {}).update({title.casefold(): ref}))

    def work_type(self, name: str) -> int | None:
        """Return the id of the work type of that name, made where there is none; None for no name."""
        if not name:
            return None
        found = self.known.work_types.get(name.casefold())
        if found is not None:
            return found
        row = rates.add_work_type(self.session, actor=self.actor, now=self.now, name=name)
        self.lessons.append(lambda: self.known.work_types.update({name.casefold(): row.id}))
        return row.id


def apply(
    session: Session, planned: Planned, *, known: Known, actor: Actor, now: datetime, reason: str = ""
) -> tuple[int, list[Callable[[], None]]]:
    """Do what is planned for a line; return the id of its object, and what ``known`` is to learn once that stands.

    Raises:
        HelpdeskError: a service refuses it; whoever calls undoes what was done so far.
    """
    hand = _Hand(session, known, actor, now, reason)
    work = planned.work
    if isinstance(work, ClientWork):
        done = _client(hand, work, planned.object_id)
    elif isinstance(work, ContactWork):
        done = _contact(hand, work, planned.object_id)
    elif isinstance(work, ProjectWork):
        done = _project(hand, work, planned.object_id)
    elif isinstance(work, TaskWork):
        done = _task(hand, work, planned.object_id)
    else:
        done = _time(hand, cast("TimeWork", work), planned)
    return done, hand.lessons


def _client(hand: _Hand, work: ClientWork, client_id: int | None) -> int:
    if client_id is None:
        client_id = hand.client(work.name, work.facts).id
    else:
        row = client_queries.get(hand.session, actor=hand.actor, client_id=client_id)
        kept = {one.name: getattr(row, one.name) for one in fields(ClientProfile)}
        profile = ClientProfile(**{**kept, **work.facts, "name": work.name})
        row = clients.update_client(hand.session, actor=hand.actor, now=hand.now, client_id=client_id, profile=profile)
        hand.learn_client(ClientRef.of(row))
    if work.domain:
        clients.add_domain(hand.session, actor=hand.actor, now=hand.now, client_id=client_id, domain=work.domain)
    return client_id


def _contact(hand: _Hand, work: ContactWork, contact_id: int | None) -> int:
    client_id = hand.client(work.client).id if work.client else None
    row = clients.add_contact(
        hand.session, actor=hand.actor, now=hand.now, name=work.name, email=work.email, client_id=client_id
    )
    if contact_id is None and client_id is not None and row.client_id != client_id:
        message = f"{work.email} belongs to another client already."
        raise RuleViolation(message)
    row = clients.change_contact(
        hand.session,
        actor=hand.actor,
        now=hand.now,
        contact_id=row.id,
        name=work.name or row.name,
        phone=work.phone or row.phone,
        language=work.language or row.language,
    )
    ref = ContactRef(row.id, row.client_id, row.name, row.phone, row.language)
    hand.lessons.append(lambda: hand.known.contacts.update({work.email.casefold(): ref}))
    return row.id


def _project(hand: _Hand, work: ProjectWork, project_id: int | None) -> int:
    client = hand.client(work.client)
    if project_id is None:
        project_id = hand.project(client, work.name, str(work.facts.get("billing", ""))).id
    row = project_queries.get_project(hand.session, actor=hand.actor, project_id=project_id)
    wanted = replace(project_settings.settings_of(hand.session, row), name=work.name, **work.facts)
    row = project_settings.change_project(
        hand.session, actor=hand.actor, now=hand.now, project_id=project_id, settings=wanted
    )
    hand.learn_project(ProjectRef.of(row))
    return row.id


def _task(hand: _Hand, work: TaskWork, item_id: int | None) -> int:
    project = hand.project(hand.client(work.client), work.project)
    if item_id is None:
        return hand.task(project, work.title, work)
    row = project_queries.get_item(hand.session, actor=hand.actor, item_id=item_id)
    if work.status:
        projects.set_status(hand.session, actor=hand.actor, now=hand.now, item_id=item_id, status=work.status)
    if work.assignee_id is not None:
        projects.assign(
            hand.session, actor=hand.actor, now=hand.now, item_id=item_id, assignee_id=work.assignee_id, tells=False
        )
    hand.learn_task(row.project_id, row.title, TaskRef(row.id, row.status, row.assignee_id))
    return item_id


def _time(hand: _Hand, work: TimeWork, planned: Planned) -> int:
    item_id = hand.task(hand.project(hand.client(work.client), work.project), work.task)
    work_type_id = hand.work_type(work.work_type)
    facts = {
        "day": work.day,
        "worked": work.worked,
        "note": work.note,
        "billable": work.billable,
        "work_type_id": work_type_id,
        "reason": hand.reason,
    }
    if planned.object_id is None:
        row = time.add_entry(
            hand.session,
            actor=hand.actor,
            now=hand.now,
            item_id=item_id,
            person_id=work.person_id,
            uuid=uuid_of(planned.key),
            **facts,  # type: ignore[arg-type] # as named above
        )
    else:
        entry = entries.get(hand.session, actor=hand.actor, entry_id=planned.object_id)
        if (entry.work_item_id, entry.person_id) != (item_id, work.person_id):
            message = "It was imported before for another person or task; move it by hand."
            raise RuleViolation(message)
        row = time.edit_entry(hand.session, actor=hand.actor, now=hand.now, entry_id=entry.id, **facts)  # type: ignore[arg-type] # as named above
    hand.lessons.append(lambda: hand.known.statuses.update({row.id: row.status}))
    return row.id
