"""Use cases of projects and work items: open them, assign them, move their status."""

import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients import queries as clients
from helpdesk.infra import audit, live
from helpdesk.infra.counters import take_next
from helpdesk.infra.db import next_id
from helpdesk.infra.policy import DESK, Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.projects import queries, telling
from helpdesk.projects.models import ITEM_STATUSES, OPEN_STATUSES, PRIORITIES, ItemTag, Project, TaskDetails, WorkItem

BILLINGS = ("hourly", "retainer", "fixed_fee", "internal")
PROJECT_STATUSES = ("active", "paused", "done")
ITEM_NUMBERS = "work_items"
TAG_LENGTH = 40
_SLUG = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")  # no dot: signed reply addresses have one (docs/mail.md rule 15)


def add_project(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    client_id: int,
    name: str,
    billing: str = "hourly",
    manager_id: int | None = None,
    due_on: date | None = None,
    is_triage: bool = False,
) -> Project:
    """Add a project; a client's first one is where its mail lands.

    Raises:
        NotFound: no such client or person, or not for this actor.
        RuleViolation: no name, or one that the client has already; an unknown billing.
    """
    client = clients.get(session, actor=actor, client_id=client_id)
    _known(billing, BILLINGS)
    title = _title(name)
    same = select(Project.id).where(Project.client_id == client.id, func.lower(Project.name) == title.lower())
    if session.scalar(same.limit(1)) is not None:
        message = f"{client.name} has a project named {title} already."
        raise RuleViolation(message)
    if manager_id is not None:
        accounts.get_person(session, manager_id)
    project = Project(
        client_id=client.id,
        name=title,
        billing=billing,
        manager_id=manager_id,
        due_on=due_on,
        is_triage=is_triage,
        is_default=not is_triage and queries.default_project(session, client.id) is None,
        created_at=now,
    )
    session.add(project)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="project", object_id=project.id, now=now, name=title)
    return project


def set_project_status(session: Session, *, actor: Actor, now: datetime, project_id: int, status: str) -> Project:
    """Pause, finish or resume a project; its items and times stay as they are.

    Raises:
        NotFound: no such project, or not for this actor.
        RuleViolation: an unknown status, or Triage, which mail always needs.
    """
    project = queries.get_project(session, actor=actor, project_id=project_id)
    if project.is_triage:
        message = "Triage stays active: mail that belongs to nobody waits there."
        raise RuleViolation(message)
    project.status = _known(status, PROJECT_STATUSES)
    session.flush()
    audit.record(
        session, actor=actor, action="set status", kind="project", object_id=project.id, now=now, status=status
    )
    return project


def create_item(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    kind: str,
    project_id: int,
    title: str,
    priority: str = "normal",
    assignee_id: int | None = None,
    team_id: int | None = None,
    status: str = "new",
) -> WorkItem:
    """Add a work item with the next number; who opens it adds its details (ticket or task) in the same unit.

    It is written with the next flush. That the team may have it is for the caller to know (`teams.first`).

    Raises:
        NotFound: no such project or person, or not for this actor.
        RuleViolation: no title, an unknown priority or status, or an assignee who cannot work on it.
    """
    project = queries.get_project(session, actor=actor, project_id=project_id)
    if assignee_id is not None:
        _check_assignee(session, project, assignee_id)
    item = WorkItem(
        id=next_id(session, WorkItem),
        number=take_next(session, ITEM_NUMBERS),
        kind=kind,
        project_id=project.id,
        project=project,
        title=_title(title),
        status=_known(status, ITEM_STATUSES),
        priority=_known(priority, PRIORITIES),
        assignee_id=assignee_id,
        team_id=team_id,
        created_at=now,
        updated_at=now,
        closed_at=None if status in OPEN_STATUSES else now,
    )
    session.add(item)
    audit.record(session, actor=actor, action="opened", kind=kind, object_id=item.id, now=now, number=item.number)
    live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)
    return item


def add_task(  # noqa: PLR0913 - a task has that many facts
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    project_id: int,
    title: str,
    assignee_id: int | None = None,
    estimate_seconds: int | None = None,
    starts_on: date | None = None,
    due_on: date | None = None,
    parent_id: int | None = None,
    status: str = "new",
    tells: bool = True,
) -> WorkItem:
    """Add a task at the end of the project's plan, and tell whoever is given it, unless ``tells`` is off.

    Raises:
        NotFound: no such project, person or parent, or not for this actor.
        RuleViolation: no title, a negative estimate, an end before the start, an unknown status, or a parent of
            another project.
    """
    if starts_on is not None and due_on is not None and due_on < starts_on:
        message = f"It is due on {due_on}, before it starts on {starts_on}."
        raise RuleViolation(message)
    if estimate_seconds is not None and estimate_seconds < 0:
        message = "An estimate is not negative."
        raise RuleViolation(message)
    if parent_id is not None:
        _check_parent(session, actor, project_id, parent_id)
    item = create_item(
        session,
        actor=actor,
        now=now,
        kind="task",
        project_id=project_id,
        title=title,
        assignee_id=assignee_id,
        status=status,
    )
    session.flush()
    last = select(func.max(TaskDetails.position)).join(WorkItem, WorkItem.id == TaskDetails.work_item_id)
    position = (session.scalar(last.where(WorkItem.project_id == project_id)) or 0) + 1
    session.add(
        TaskDetails(
            work_item_id=item.id,
            parent_id=parent_id,
            starts_on=starts_on,
            due_on=due_on,
            estimate_seconds=estimate_seconds,
            position=position,
        )
    )
    session.flush()
    telling.given(session, actor=actor, now=now, item=item, tells=tells)
    return item


def set_status(session: Session, *, actor: Actor, now: datetime, item_id: int, status: str) -> WorkItem:
    """Move an item to ``status``; the same one again changes nothing, and what is done sleeps no more.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: an unknown status.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    _known(status, ITEM_STATUSES)
    if item.status == status:
        return item
    before, item.status, item.updated_at = item.status, status, now
    item.closed_at = None if status in OPEN_STATUSES else item.closed_at or now
    item.snoozed_until = item.snoozed_until if status in OPEN_STATUSES else None
    return _changed(session, actor, now, item, "set status", before=before, after=status)


def describe(session: Session, *, actor: Actor, now: datetime, item_id: int, title: str, priority: str) -> WorkItem:
    """Give an item another title and priority; what it has already changes nothing.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: no title, or an unknown priority.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    before, after = (item.title, item.priority), (_title(title), _known(priority, PRIORITIES))
    if before == after:
        return item
    item.title, item.priority = after
    item.updated_at = now
    was, then = (dict(zip(("title", "priority"), each, strict=True)) for each in (before, after))
    return _changed(session, actor, now, item, "described", before=was, after=then)


def assign(
    session: Session, *, actor: Actor, now: datetime, item_id: int, assignee_id: int | None, tells: bool = True
) -> WorkItem:
    """Give an item to somebody, or with None to nobody; the same person again changes nothing.

    They are told, unless ``tells`` is off, as it is where many come at once from elsewhere.

    Raises:
        NotFound: no such item or person, or not for this actor.
        RuleViolation: a person who has left, has no desk, or may not see the client.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    if item.assignee_id == assignee_id:
        return item
    if assignee_id is not None:
        _check_assignee(session, item.project, assignee_id)
    before, item.assignee_id, item.updated_at = item.assignee_id, assignee_id, now
    session.flush()
    session.expire(item, ["assignee"])
    telling.given(session, actor=actor, now=now, item=item, before=before, tells=tells)
    return _changed(session, actor, now, item, "assigned", assignee_id=assignee_id)


def add_tags(session: Session, *, item_id: int, tags: Iterable[str]) -> None:
    """Add tags to a work item; those that it has already stay."""
    known = set(session.scalars(select(ItemTag.tag).where(ItemTag.work_item_id == item_id)))
    session.add_all(ItemTag(work_item_id=item_id, tag=tag) for tag in dict.fromkeys(tags) if tag not in known)
    session.flush()


def set_priority(session: Session, *, actor: Actor, now: datetime, item_id: int, priority: str) -> WorkItem:
    """Say how urgent an item is; the same priority again changes nothing.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: an unknown priority.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    before = item.priority
    if before == _known(priority, PRIORITIES):
        return item
    item.priority, item.updated_at = priority, now
    return _changed(session, actor, now, item, "set priority", before=before, after=priority)


def tag_item(session: Session, *, actor: Actor, now: datetime, item_id: int, tag: str, on: bool) -> bool:
    """Put a tag on an item, or take it off; return whether that changed anything.

    Raises:
        NotFound: no such item, or not for this actor.
        RuleViolation: no word, or too long a one.
    """
    item = queries.get_item(session, actor=actor, item_id=item_id)
    word = tag_of(tag)
    stored = session.get(ItemTag, (item.id, word))
    if (stored is not None) == on:
        return False
    if stored is None:
        session.add(ItemTag(work_item_id=item.id, tag=word))
    else:
        session.delete(stored)
    session.flush()
    session.expire(item, ["tags"])
    _changed(session, actor, now, item, "tagged" if on else "untagged", tag=word)
    return True


def tag_of(text: str) -> str:
    """Return a tag as it is kept: in lower case, with single spaces.

    Raises:
        RuleViolation: no word, a comma, or too long.
    """
    tag = " ".join(text.split()).lower()
    if not tag or "," in tag or len(tag) > TAG_LENGTH:
        message = f"A tag is a word or a few, without a comma, of at most {TAG_LENGTH} characters."
        raise RuleViolation(message)
    return tag


def set_mail_slug(session: Session, *, actor: Actor, now: datetime, project_id: int, slug: str) -> Project:
    """Give a project an address of its own, support+slug@…; an empty slug takes it away. docs/mail.md rule 37.

    Raises:
        NotFound: no such project, or not for this actor.
        RuleViolation: it is no slug, or another project has it.
    """
    project = queries.get_project(session, actor=actor, project_id=project_id)
    wanted = slug.strip().lower()
    if wanted and _SLUG.fullmatch(wanted) is None:
        message = "Small letters, digits and hyphens, 2 to 40 of them, beginning with a letter or digit."
        raise RuleViolation(message)
    taken = select(Project.id).where(Project.mail_slug == wanted, Project.id != project.id)
    if wanted and session.scalar(taken) is not None:
        message = f"Another project has the address +{wanted} already."
        raise RuleViolation(message)
    project.mail_slug = wanted or None
    session.flush()
    audit.record(session, actor=actor, action="set address", kind="project", object_id=project.id, now=now, slug=wanted)
    return project


def why_not_assignable(session: Session, *, project: Project, person_id: int) -> str:
    """Return why the person cannot have work of the project, as a sentence; empty where nothing speaks against it.

    Raises:
        NotFound: no such person.
    """
    try:
        _check_assignee(session, project, person_id)
    except RuleViolation as refusal:
        return str(refusal)
    return ""


def why_not_assignable_each(session: Session, *, project: Project, people: Sequence[Person]) -> dict[int, str]:
    """Return by id what `why_not_assignable` says of each, by one question at most."""
    is_restricted = project.client.restricted_team_id is not None
    teams = accounts.teams_of(session, [person.id for person in people]) if is_restricted else {}
    return {
        person.id: _why_not(project, person, accounts.actor_in(person, teams.get(person.id, frozenset())))
        for person in people
    }


def _changed(session: Session, actor: Actor, now: datetime, item: WorkItem, action: str, **data: object) -> WorkItem:
    """Write what became of an item, note who did it, and tell whoever looks at it or at the queue."""
    session.flush()
    audit.record(session, actor=actor, action=action, kind=item.kind, object_id=item.id, now=now, **data)
    live.publish(session, audience=live.to_item(item.id), topic="queue", now=now)
    return item


def _check_assignee(session: Session, project: Project, assignee_id: int) -> None:
    person = accounts.get_person(session, assignee_id)
    if refusal := _why_not(project, person, accounts.actor_of(person)):
        raise RuleViolation(refusal)


def _why_not(project: Project, person: Person, actor: Actor) -> str:
    if not person.active or person.role not in DESK:
        return f"{person.name} does not work on tickets and tasks."
    client = project.client
    if clients.sees(actor, restricted_team_id=client.restricted_team_id, account_manager_id=client.account_manager_id):
        return ""
    return f"{person.name} is not in the team that {client.name} is restricted to."


def _check_parent(session: Session, actor: Actor, project_id: int, parent_id: int) -> None:
    if queries.get_item(session, actor=actor, item_id=parent_id).project_id != project_id:
        message = "A task and the task above it belong to the same project."
        raise RuleViolation(message)


def _known(word: str, words: tuple[str, ...]) -> str:
    if word not in words:
        message = f"{word!r} is none of {', '.join(words)}."
        raise RuleViolation(message)
    return word


def _title(text: str) -> str:
    title = " ".join(text.split())
    if not title:
        message = "It needs a name."
        raise RuleViolation(message)
    return title
