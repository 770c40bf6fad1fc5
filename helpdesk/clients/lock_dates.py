"""Days whose time and expenses nobody changes any more without a role and a reason (docs/billing.md rule 2). Pure.

The timesheet, the timer, expenses and every service that writes them ask the same question here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from helpdesk.kernel.dates import day_words
from helpdesk.kernel.errors import RuleViolation


class DayIsLockedError(RuleViolation):
    """A day that is locked: the message says until when, and who can still change it."""


@dataclass(frozen=True, slots=True)
class LockDates:
    """The last locked day of everybody and of one client, inclusive days of the contract's zone; the later counts."""

    company: date | None = None
    client: date | None = None
    client_name: str = ""

    @property
    def through(self) -> date | None:
        """The last day that is locked; None where none is."""
        return max((each for each in (self.company, self.client) if each is not None), default=None)

    def covers(self, day: date) -> bool:
        """Return whether ``day`` is locked: the lock date itself is."""
        return self.through is not None and day <= self.through

    def words(self, what: str = "Time") -> str:
        """What is locked, as a sentence begins: ``Time for Acme up to 31 Oct 2026 is locked``."""
        of_client = self.client is not None and self.client == self.through and self.client != self.company
        until = day_words(self.through) if self.through else "no day"
        verb = "are" if what.endswith("s") else "is"
        return f"{what}{f' for {self.client_name}' if of_client else ''} up to {until} {verb} locked"


def refuse_locked(
    days: Iterable[date], locked: LockDates, *, may: bool, reason: str, who_can: str, what: str = "Time"
) -> bool:
    """Return whether a locked day is among ``days``; whoever ``may`` change it has said why.

    Raises:
        DayIsLockedError: a day is locked, and the actor may not, or gave no reason. It says the date and who can.
    """
    locked_days = sorted(day for day in days if locked.covers(day))
    if not locked_days:
        return False
    first = day_words(locked_days[0])
    if not may:
        message = (
            f"{locked.words(what)}, and {first} is one of these days; nothing was changed. "
            f"{who_can} can still do it, with a reason."
        )
        raise DayIsLockedError(message)
    if not reason.strip():
        message = f"{locked.words(what)}, and {first} is one of these days. You may still do it: say why."
        raise DayIsLockedError(message)
    return True
