"""The audit trail: one append-only row for each act that somebody may ask about later."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from helpdesk.infra.db import add_leaf
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import Actor


def record(
    session: Session,
    *,
    actor: Actor,
    action: str,
    kind: str,
    object_id: int | None,
    now: datetime,
    **data: Any,  # noqa: ANN401 - whatever JSON explains the act
) -> None:
    """Add one audit row, e.g. ``action="approved", kind="time_entry"``; ``data`` must be plain JSON."""
    add_leaf(
        session,
        AuditRow,
        at=now,
        actor_kind=actor.kind,
        actor_id=actor.person_id,
        actor_name=actor.name,
        action=action,
        object_kind=kind,
        object_id=object_id,
        data=data,
    )


def record_many(
    session: Session, *, actor: Actor, kind: str, now: datetime, acts: Iterable[tuple[int, str, dict[str, Any]]]
) -> None:
    """Write one audit row for each (object id, action, data) that belongs to one act, all in one statement."""
    who = {"actor_kind": actor.kind, "actor_id": actor.person_id, "actor_name": actor.name}
    rows = [
        {"at": now, **who, "action": action, "object_kind": kind, "object_id": object_id, "data": data}
        for object_id, action, data in acts
    ]
    if rows:
        session.execute(insert(AuditRow), rows)
