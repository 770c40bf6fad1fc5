"""What lock dates refuse of an entry (docs/billing.md rule 2)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.clients.locks import refuse_locked_days
from helpdesk.infra.policy import Actor
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.timekeeping.models import TimeEntry


def refuse_locked_entry(
    session: Session, *, actor: Actor, entry: TimeEntry, reason: str, also: Iterable[date] = ()
) -> dict[str, Any]:
    """Return what the audit trail says of a change on the entry's own day and others that it moves to.

    Raises:
        RuleViolation: a day is locked, and the actor may not change it or gave no reason.
    """
    client = entry.work_item.project.client
    day = local_day(entry.started_at, zone_named(client.time_zone))
    return refuse_locked_days(session, actor=actor, client=client, days=(day, *also), reason=reason)
