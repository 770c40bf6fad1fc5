"""Since when a ticket waits, and when that is long enough: pure values (docs/automation.md rules 8 and 9)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from helpdesk.automation.domain.rules import Trigger
from helpdesk.kernel.business_time import Calendar, add_business_seconds

UNITS = {"hours": 3600, "days": 86400, "working_hours": 3600}
"""In what a time is given, and its seconds; working hours are those of the default calendar."""
MOST = {"hours": 24 * 365, "days": 365, "working_hours": 2000}


@dataclass(frozen=True, slots=True)
class Wait:
    """A time that has to go by."""

    amount: int
    unit: str

    @property
    def shortest(self) -> timedelta:
        """The time on the wall that goes by at least."""
        return timedelta(seconds=self.amount * UNITS[self.unit])


@dataclass(frozen=True, slots=True)
class Moments:
    """When last what happened on a ticket; None where it never did."""

    client_wrote_at: datetime | None
    we_answered_at: datetime | None
    status_since: datetime


def waits_since(trigger: Trigger, moments: Moments) -> datetime | None:
    """Return since when a ticket waits for what a rule waits for; None where it does not.

    A client waits for us from their last mail, unless we have answered since; we wait for the client from our last
    answer, unless they have written since; both may be at one instant, and then we wait.
    """
    wrote, answered = moments.client_wrote_at, moments.we_answered_at
    if trigger is Trigger.SINCE_STATUS:
        return moments.status_since
    if trigger is Trigger.SINCE_CLIENT:
        return wrote if wrote is not None and (answered is None or answered < wrote) else None
    return answered if answered is not None and (wrote is None or wrote <= answered) else None


def due_at(since: datetime, wait: Wait, calendar: Calendar) -> datetime:
    """Return when so much time has gone by since an instant."""
    if wait.unit == "working_hours":
        return add_business_seconds(calendar, since, wait.amount * UNITS[wait.unit])
    return since + wait.shortest


def acts_now(due: datetime, *, now: datetime, switched_on_at: datetime) -> bool:
    """Return whether a rule acts: its time has come, and not before somebody switched it on."""
    return switched_on_at <= due <= now
