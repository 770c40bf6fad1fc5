"""What becomes of time when its ticket or task moves to another project. Pure (docs/billing.md rule 3)."""

from dataclasses import dataclass, replace
from datetime import datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

from helpdesk.kernel.errors import Conflict
from helpdesk.kernel.periods import local_day, wall_clock

NOON = time(12)


class Outcome(StrEnum):
    """What a move does to an entry."""

    ANEW = "anew"  # nothing was settled yet: it is priced where it stands when it is approved
    RETURNED = "returned"  # it was approved: it waits for approval again
    HELD = "held"  # it is charged: it keeps the item where it is


@dataclass(frozen=True, slots=True)
class Place:
    """What of a project matters to the time on its items: whose days count, and whether anybody is billed."""

    zone: ZoneInfo
    is_internal: bool


@dataclass(frozen=True, slots=True)
class MovingTime:
    """One entry as a move sees it; ``held_by`` names the documents and closed periods that have charged it."""

    status: str
    billable: str
    started_at: datetime
    ended_at: datetime | None
    duration_only: bool = False
    held_by: tuple[str, ...] = ()

    @property
    def outcome(self) -> Outcome:
        """What the move does to it."""
        if self.held_by or self.status in {"locked", "reversed"}:
            return Outcome.HELD
        return Outcome.RETURNED if self.status == "approved" else Outcome.ANEW


def move_time(entry: MovingTime, *, before: Place, after: Place, bill_own_time: bool = False) -> MovingTime:
    """Return the entry as it is in its new place: never approved, its length as it was.

    A typed duration stays on its day and starts at noon of the new contract's zone (rule 1). Where nobody is billed
    nothing is billable; with ``bill_own_time`` what was our own time becomes billable at a client.

    Raises:
        Conflict: the entry is charged.
    """
    if entry.outcome is Outcome.HELD:
        message = f"This time is in {', '.join(entry.held_by) or 'a closed document'}; it stays where it is."
        raise Conflict(message)
    status = "submitted" if entry.outcome is Outcome.RETURNED else entry.status
    moved = replace(entry, status=status, billable=_billable(entry.billable, before, after, bill_own_time))
    return _on_the_same_day(moved, before.zone, after.zone) if entry.duration_only else moved


def _billable(billable: str, before: Place, after: Place, bill_own_time: bool) -> str:  # noqa: FBT001 - a fact of the move
    if after.is_internal:
        return "not_billable"
    if before.is_internal and bill_own_time and billable == "not_billable":
        return "billable"
    return billable


def _on_the_same_day(entry: MovingTime, old: ZoneInfo, new: ZoneInfo) -> MovingTime:
    if entry.ended_at is None or old == new:
        return entry
    start = wall_clock(local_day(entry.started_at, old), NOON, new)
    return replace(entry, started_at=start, ended_at=start + (entry.ended_at - entry.started_at))
