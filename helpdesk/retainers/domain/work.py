"""The time that the engine is given, and how it becomes billable seconds (docs/billing.md rules 1 to 4)."""

from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from helpdesk.kernel.durations import largest_remainder
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.periods import Month, local_day, local_month, require_utc
from helpdesk.rates.domain import RateHit, RoundingPolicy, RoundingScope


class EntryStatus(StrEnum):
    """Where an entry stands (rule 2); ``locked`` is approved and held by a charge."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    LOCKED = "locked"


COUNTING = (EntryStatus.APPROVED, EntryStatus.LOCKED)
WAITING = (EntryStatus.DRAFT, EntryStatus.SUBMITTED)


@dataclass(frozen=True, slots=True)
class WorkEntry:
    """One entry as the engine sees it; instants are aware and kept in UTC, keys are texts.

    ``uuid`` was made with the entry and breaks every tie. ``chain`` is the uuid of the first entry of a resumed
    chain, which scope ``entry`` rounds once. ``is_typed_duration`` time has no place on the clock, so it is never
    after hours. ``fixed_seconds`` and ``fixed_rate`` are what it was approved with (rule 4) and are taken as they
    are. ``settle_in`` is the later month into which late time was put (rule 12). ``reversed_in`` is the first month
    that does not count it any more: it was reversed when the months before were closed, and these stay as they are
    (rule 2).

    Raises:
        RuleViolation: it ends before it starts, or an instant has no offset.
    """

    uuid: str
    started_at: datetime
    ended_at: datetime
    person: str | None = None
    project: str | None = None
    ticket: str | None = None
    work_type: str | None = None
    is_billable: bool = True
    status: EntryStatus = EntryStatus.APPROVED
    own_rate: Decimal | None = None
    is_typed_duration: bool = False
    chain: str | None = None
    fixed_seconds: int | None = None
    fixed_rate: RateHit | None = None
    settle_in: Month | None = None
    reversed_in: Month | None = None

    def __post_init__(self) -> None:
        for name in ("started_at", "ended_at"):
            given = getattr(self, name)
            if (instant := require_utc(given)) is not given:
                object.__setattr__(self, name, instant)
        if self.ended_at < self.started_at:
            message = "time does not end before it starts"
            raise RuleViolation(message)

    @property
    def raw_seconds(self) -> int:
        """The seconds worked, which no rounding ever alters."""
        return int((self.ended_at - self.started_at).total_seconds())

    @property
    def counts(self) -> bool:
        """Whether it is drawn and billed: billable and approved."""
        return self.is_billable and self.status in COUNTING

    @property
    def is_pending(self) -> bool:
        """Whether it would count once it is approved."""
        return self.is_billable and self.status in WAITING

    @property
    def order(self) -> tuple[datetime, str]:
        """The place among other entries: by work instant, then uuid by code point. Never by arrival (rule 10)."""
        return self.started_at, self.uuid


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Burn that closed periods drew for an entry and that its reversal gives back: a grant of ``month`` (rule 2).

    What the entry itself still owes is paid from it first, whatever the draw order.
    """

    entry_uuid: str
    seconds: int
    month: Month
    reason: str


def billable_seconds(entries: Iterable[WorkEntry], policy: RoundingPolicy, zone: ZoneInfo) -> dict[str, int]:
    """Return the billable seconds of each entry that counts, by uuid.

    A group (entry, a person's local day, or a ticket's local month) is rounded once; its entries share the result
    by largest remainder of their raw seconds. 7, 12 and 22 minutes, up to 15: 60 each on its own, 45 as a day.
    """
    groups: dict[Hashable, list[WorkEntry]] = defaultdict(list)
    result = {}
    for entry in sorted((each for each in entries if each.counts), key=lambda each: each.order):
        if entry.fixed_seconds is not None:
            result[entry.uuid] = entry.fixed_seconds
        else:
            groups[_group_of(entry, policy.scope, zone)].append(entry)
    for group in groups.values():
        raw = [entry.raw_seconds for entry in group]
        shares = largest_remainder(policy.billable_seconds(sum(raw)), raw)
        result.update(zip((entry.uuid for entry in group), shares, strict=True))
    return result


def _group_of(entry: WorkEntry, scope: RoundingScope, zone: ZoneInfo) -> Hashable:
    if scope is RoundingScope.DAY:
        return ("day", entry.person, local_day(entry.started_at, zone))
    if scope is RoundingScope.TICKET and entry.ticket is not None:
        return ("ticket", entry.ticket, local_month(entry.started_at, zone))
    return ("entry", entry.chain or entry.uuid)
