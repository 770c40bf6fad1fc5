"""Kinds of work: added, renamed, archived and brought back; one of them is what new time begins with."""

from datetime import datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.rates.models import WorkType
from helpdesk.rates.service.rules import require_manager

DEFAULT_WORK_TYPES = ("Remote support", "On-site", "Consulting")


def add_work_type(
    session: Session, *, actor: Actor, now: datetime, name: str, billable: bool = True, is_default: bool = False
) -> WorkType:
    """Add a kind of work; a default one takes the place of the default before.

    Raises:
        Denied: the actor is not a manager.
        RuleViolation: no name, or one that there is already, if only in the archive.
    """
    require_manager(actor)
    title = _free_name(session, name, None)
    if is_default:
        session.execute(update(WorkType).values(is_default=False))
    work_type = WorkType(name=title, billable=billable, is_default=is_default)
    session.add(work_type)
    session.flush()
    audit.record(session, actor=actor, action="added", kind="work_type", object_id=work_type.id, now=now, name=title)
    return work_type


def add_default_work_types(session: Session, *, actor: Actor, now: datetime) -> list[WorkType]:
    """Add the kinds of work that a new house begins with; the first is what new time has."""
    return [
        add_work_type(session, actor=actor, now=now, name=name, is_default=at == 0)
        for at, name in enumerate(DEFAULT_WORK_TYPES)
    ]


def change_work_type(
    session: Session, *, actor: Actor, now: datetime, work_type_id: int, name: str, billable: bool, is_default: bool
) -> WorkType:
    """Rename a kind of work, and say whether its time is billable and what new time begins with.

    Time keeps its kind, and so has the new name; whether written time is billable stays as it was written.

    Raises:
        Denied: the actor is not a manager.
        NotFound: there is no such kind.
        RuleViolation: no name, or another's; an archived kind as the default.
    """
    require_manager(actor)
    work_type = _get(session, work_type_id)
    title = _free_name(session, name, work_type.id)
    if is_default and work_type.archived_at is not None:
        message = "New time does not begin with what is archived; bring it back first."
        raise RuleViolation(message, field="is_default")
    if is_default and not work_type.is_default:
        session.execute(update(WorkType).values(is_default=False))
        session.refresh(work_type)
    before = {"name": work_type.name, "billable": work_type.billable, "is_default": work_type.is_default}
    work_type.name, work_type.billable, work_type.is_default = title, billable, is_default
    session.flush()
    audit.record(
        session, actor=actor, action="changed", kind="work_type", object_id=work_type.id, now=now, before=before
    )
    return work_type


def archive_work_type(session: Session, *, actor: Actor, now: datetime, work_type_id: int) -> WorkType:
    """Put a kind of work away: new time is not offered it; its time and its rates stay.

    Raises:
        Denied: the actor is not a manager.
        NotFound: there is no such kind.
        RuleViolation: new time begins with it.
    """
    require_manager(actor)
    work_type = _get(session, work_type_id)
    if work_type.is_default:
        message = f"New time begins with {work_type.name}; choose another default first."
        raise RuleViolation(message)
    work_type.archived_at = work_type.archived_at or now
    session.flush()
    audit.record(session, actor=actor, action="archived", kind="work_type", object_id=work_type.id, now=now)
    return work_type


def restore_work_type(session: Session, *, actor: Actor, now: datetime, work_type_id: int) -> WorkType:
    """Bring an archived kind of work back.

    Raises:
        Denied: the actor is not a manager.
        NotFound: there is no such kind.
    """
    require_manager(actor)
    work_type = _get(session, work_type_id)
    work_type.archived_at = None
    session.flush()
    audit.record(session, actor=actor, action="restored", kind="work_type", object_id=work_type.id, now=now)
    return work_type


def _get(session: Session, work_type_id: int) -> WorkType:
    work_type = session.scalar(select(WorkType).where(WorkType.id == work_type_id).with_for_update())
    if work_type is None:
        message = "There is no such work type."
        raise NotFound(message)
    return work_type


def _free_name(session: Session, name: str, but_of: int | None) -> str:
    title = " ".join(name.split())
    taken = session.scalar(select(WorkType).where(func.lower(WorkType.name) == title.lower()).limit(1))
    if not title or (taken is not None and taken.id != but_of):
        archived = taken is not None and taken.archived_at is not None
        message = f"{title} is in the archive; bring it back." if archived else "A work type needs a name of its own."
        raise RuleViolation(message, field="name")
    return title
