"""The history of a ticket as clocks read it, made of its messages and the moves of its status (rules 11 to 15)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from helpdesk.sla.domain.clocks import History, Pause

DONE = ("solved", "closed")
STANDING = ("waiting", *DONE)


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


def history_of(*, created_at: datetime, status: str, moves: Sequence[Move], said: Iterable[Said]) -> History:
    """Return the history of a ticket that has ``status`` now; ``moves`` are in the order in which they were made.

    It began when its first mail was received, where that is earlier than the ticket.
    """
    spoken = sorted(said, key=lambda one: one.at)
    asked = tuple(one.at for one in spoken if not one.ours)
    opened_at = min((created_at, *asked))
    pauses = _pauses(opened_at, status, moves)
    return History(
        opened_at=opened_at,
        asked=asked,
        answered=tuple(one.at for one in spoken if one.ours),
        pauses=pauses,
        done_at=_done_at(pauses) if status in DONE else None,
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


def _done_at(pauses: Sequence[Pause]) -> datetime | None:
    """Return since when it has been done without a break: what is solved and then closed was done when solved."""
    done_at: datetime | None = None
    for pause in reversed(pauses):
        if pause.why not in DONE or (done_at is not None and pause.end != done_at):
            break
        done_at = pause.start
    return done_at
