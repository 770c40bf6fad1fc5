"""The history of a ticket as clocks read it, made of its messages and the moves of its status (rules 11 to 15)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.sla.domain.clocks import History, Pause

DONE = ("solved", "closed")
STANDING = ("waiting", *DONE)
SNOOZED = "snoozed"


@dataclass(frozen=True, slots=True)
class Move:
    """One change of a status."""

    at: datetime
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Said:
    """A mail of a client (``ours`` false) or a reply of ours."""

    at: datetime
    ours: bool


@dataclass(frozen=True, slots=True)
class Snoozed:
    """A ticket was put to sleep, or to sleep longer."""

    at: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Woke:
    """A ticket that slept was woken."""

    at: datetime


Change = Move | Snoozed | Woke


def history_of(*, created_at: datetime, status: str, changes: Sequence[Change], said: Iterable[Said]) -> History:
    """Return the history of a ticket that has ``status`` now; ``changes`` are in the order in which they were made.

    It began when its first mail was received, where that is earlier than the ticket.
    """
    spoken = sorted(said, key=lambda one: one.at)
    asked = tuple(one.at for one in spoken if not one.ours)
    opened_at = min((created_at, *asked))
    stood = _pauses(opened_at, status, [one for one in changes if isinstance(one, Move)])
    return History(
        opened_at=opened_at,
        asked=asked,
        answered=tuple(one.at for one in spoken if one.ours),
        pauses=_with_sleep(stood, changes),
        done_at=_done_at(stood) if status in DONE else None,
    )


def _pauses(opened_at: datetime, status: str, moves: Sequence[Move]) -> tuple[Pause, ...]:
    since, current = opened_at, moves[0].before if moves else status
    found = []
    for move in moves:
        if current in STANDING and since < move.at:
            found.append(Pause(since, move.at, current))
        since, current = max(since, move.at), move.after
    if current in STANDING:
        found.append(Pause(since, None, current))
    return tuple(found)


def _with_sleep(stood: Sequence[Pause], changes: Iterable[Change]) -> tuple[Pause, ...]:
    """Return the pauses with those of sleep between them: of what is both, its status is the reason (rule 14)."""
    asleep = [part for sleep in _sleeps(changes) for part in _apart(sleep, stood)]
    return tuple(sorted((*stood, *asleep), key=lambda pause: pause.start))


def _sleeps(changes: Iterable[Change]) -> Iterator[Pause]:
    """Yield when it slept. It wakes at the instant that was said, however late that is noted, and when it is done."""
    since: datetime | None = None
    until: datetime | None = None
    for change in changes:
        if isinstance(change, Snoozed):
            if since is not None and until is not None and until <= change.at:
                yield Pause(since, until, SNOOZED)
                since = None
            since, until = since or change.at, change.until
        elif since is not None and until is not None and (isinstance(change, Woke) or change.after in DONE):
            yield Pause(since, min(change.at, until), SNOOZED)
            since = until = None
    if since is not None:
        yield Pause(since, None, SNOOZED)


def _apart(sleep: Pause, stood: Iterable[Pause]) -> Iterator[Pause]:
    """Yield the parts of a sleep in which nothing else stopped the clocks."""
    reached = sleep.start
    for pause in stood:
        if sleep.end is not None and pause.start >= sleep.end:
            break
        if pause.start > reached:
            yield Pause(reached, pause.start, SNOOZED)
        if pause.end is None:
            return
        reached = max(reached, pause.end)
    if sleep.end is None or reached < sleep.end:
        yield Pause(reached, sleep.end, SNOOZED)


def _done_at(pauses: Sequence[Pause]) -> datetime | None:
    """Return since when it has been done without a break: what is solved and then closed was done when solved."""
    done_at: datetime | None = None
    for pause in reversed(pauses):
        if pause.why not in DONE or (done_at is not None and pause.end != done_at):
            break
        done_at = pause.start
    return done_at
