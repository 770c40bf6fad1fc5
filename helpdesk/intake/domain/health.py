"""How a mailbox fares, from plain values: what it does now, and what an administrator must hear of (rules 5, 40)."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

POLL_PATIENCE = timedelta(minutes=15)
REFRESHES_PATIENCE = 2
PROBE_PATIENCE = timedelta(minutes=10)


class State(StrEnum):
    """What a mailbox does now."""

    PAUSED = "paused"
    WAITING = "waiting"
    """Not read yet."""
    TROUBLE = "trouble"
    """The last attempt failed, or something on the side did; it is tried again."""
    LIVE = "live"
    """The server tells us of new mail by itself."""
    POLLING = "polling"


class AlarmKind(StrEnum):
    """What an administrator must hear of."""

    TOKEN = "token"  # noqa: S105 - no secret
    SILENT = "silent"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm; ``since`` is the last time that all was well, ``count`` how many mails are missing."""

    kind: AlarmKind
    since: datetime | None = None
    count: int = 0
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Vitals:
    """What is known of a mailbox; ``begun_at`` is when its reading was last begun, by connecting or changing it."""

    active: bool
    begun_at: datetime
    last_poll_at: datetime | None = None
    failing_since: datetime | None = None
    idle_since: datetime | None = None
    last_error: str = ""
    missing: int = 0
    failed_refreshes: int = 0
    token_error: str = ""


class Probe(StrEnum):
    """What became of the mail to a plus address (rule 15)."""

    NEVER = "never"
    WAITING = "waiting"
    ARRIVED = "arrived"
    LOST = "lost"


def state_of(vitals: Vitals) -> State:
    """Return what the mailbox does now."""
    if not vitals.active:
        return State.PAUSED
    if vitals.last_error:
        return State.TROUBLE
    if vitals.idle_since is not None:
        return State.LIVE
    return State.WAITING if vitals.last_poll_at is None else State.POLLING


def alarms_of(vitals: Vitals, now: datetime) -> tuple[Alarm, ...]:
    """Return the alarms of a mailbox; one that people paused has none.

    Two refusals to renew the sign-in, fifteen minutes without a good poll, mail on the server that we could not get.
    """
    if not vitals.active:
        return ()
    found = []
    if vitals.failed_refreshes >= REFRESHES_PATIENCE:
        found.append(Alarm(AlarmKind.TOKEN, count=vitals.failed_refreshes, detail=vitals.token_error))
    well_at = vitals.failing_since or max(vitals.last_poll_at or vitals.begun_at, vitals.begun_at)
    if now - well_at > POLL_PATIENCE:
        # The token's refusal is the reason, and is told already.
        detail = "" if found else vitals.last_error
        found.append(Alarm(AlarmKind.SILENT, since=vitals.last_poll_at, detail=detail))
    if vitals.missing:
        found.append(Alarm(AlarmKind.GAP, count=vitals.missing))
    return tuple(found)


def probe_of(*, sent_at: datetime | None, arrived_at: datetime | None, now: datetime) -> Probe:
    """Return what became of the mail to a plus address; after ten minutes it counts as lost until it comes."""
    if sent_at is None:
        return Probe.NEVER
    if arrived_at is not None:
        return Probe.ARRIVED
    return Probe.WAITING if now - sent_at <= PROBE_PATIENCE else Probe.LOST
