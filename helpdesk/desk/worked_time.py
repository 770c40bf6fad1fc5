"""Time that goes with what somebody writes: logged in the same act, and found again by the message."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import Actor
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Message
from helpdesk.timekeeping import service as timekeeping


@dataclass(frozen=True, slots=True)
class WorkedTime:
    """Time that goes with what is written; ``worked`` as typed, empty for none."""

    worked: str = ""
    work_type_id: int | None = None
    billable: str = "billable"


NO_TIME = WorkedTime()


def log_time(
    session: Session, *, actor: Actor, now: datetime, item: WorkItem, message: Message, time: WorkedTime
) -> None:
    """Log the time that goes with a message today, as the client's zone has it; nothing where none was typed.

    Raises:
        RuleViolation: it cannot be read, or cannot be logged.
    """
    if not time.worked.strip():
        return
    timekeeping.add_entry(
        session,
        actor=actor,
        now=now,
        item_id=item.id,
        day=local_day(now, zone_named(item.project.client.time_zone)),
        worked=time.worked,
        billable=time.billable,
        work_type_id=time.work_type_id,
        uuid=entry_uuid(message.id),
    )
