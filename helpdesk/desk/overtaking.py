"""Two people change the same field: what it was, who set it to what, and what was wanted (docs/desk.md rule 49)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.infra.models import AuditRow
from helpdesk.kernel.errors import Conflict
from helpdesk.projects.models import WorkItem

ACTS = {
    "status": ("set status",),
    "assignee": ("assigned",),
    "team": ("set team",),
    "priority": ("set priority", "described"),
    "title": ("described",),
}
"""The acts on record that change a field; any other field may have been changed by any act."""


@dataclass(frozen=True, slots=True)
class Change:
    """Who changed something last, and when; nobody where it is not on record."""

    who: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One field: what it was when somebody looked, what it is now and by whom, and what was wanted instead."""

    field: str
    was: str
    now: str
    wanted: str
    change: Change


class Overtaken(Conflict):
    """Somebody else changed the same field since it was looked at; nothing was changed."""

    def __init__(self, difference: Difference) -> None:
        super().__init__("This was changed since you looked. Nothing was set.")
        self.difference = difference


def refuse_overtaken(session: Session, *, item: WorkItem, field: str, was: str | None, wanted: str) -> None:
    """Pass where a field of a locked item is what it was when somebody looked, or what they want it to be.

    ``was`` None: whoever asks does not say what they saw.

    Raises:
        Overtaken: somebody else has set it to something else.
    """
    now = str(getattr(item, {"assignee": "assignee_id", "team": "team_id"}.get(field, field)) or "")
    if was is not None and now not in (was, wanted):
        raise Overtaken(Difference(field, was, now, wanted, last_change(session, item.id, field)))


def last_change(session: Session, item_id: int, field: str = "") -> Change:
    """Return who changed a field of an item last; without a field, anything of it."""
    query = select(AuditRow.actor_name, AuditRow.at).where(
        AuditRow.object_kind.in_(("ticket", "task")), AuditRow.object_id == item_id
    )
    if field in ACTS:
        query = query.where(AuditRow.action.in_(ACTS[field]))
    row = session.execute(query.order_by(AuditRow.id.desc()).limit(1)).first()
    return Change(*row) if row else Change()


def seen_of(values: Mapping[str, str]) -> str:
    """Return what a form showed, as it carries it along."""
    return json.dumps(values, separators=(",", ":"), ensure_ascii=False)


def read_seen(text: str | None) -> dict[str, str]:
    """Return what a form showed; nothing where that cannot be read."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        return {}
    return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}


@dataclass(frozen=True, slots=True)
class Merged:
    """What becomes of a form of several fields: those to take as they are now, and those that two want otherwise."""

    theirs: tuple[str, ...]
    both: tuple[str, ...]


def merge(was: Mapping[str, str], now: Mapping[str, str], wanted: Mapping[str, str]) -> Merged:
    """Return what two people make of a form: what only one of them touched holds, and the same from both, too."""
    names = [name for name in wanted if name in now and name in was]
    theirs = tuple(name for name in names if wanted[name] == was[name] != now[name])
    both = tuple(name for name in names if now[name] not in (was[name], wanted[name]) and wanted[name] != was[name])
    return Merged(theirs, both)
