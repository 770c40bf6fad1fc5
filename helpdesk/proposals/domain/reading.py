"""What was read for how long: one reader reads one thing at a time. Pure (docs/billing.md, "Nothing slips")."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

MOST_AT_ONCE = timedelta(seconds=150)
"""What one message of a page can add: the minute since the last one, a minute without a hand, and its way here."""
SECOND = timedelta(seconds=1)

Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Reading:
    """A span of time in which a person had an item before them and was there. ``day`` is that of its beginning."""

    key: str
    item_id: int
    started_at: datetime
    ended_at: datetime
    day: date


def told(seconds: int, *, at: datetime, known: Interval | None = None) -> Interval:
    """Return the span after a page told at ``at``, by our clock, that it has been read for so many seconds.

    The clock of the device counts for nothing: a first message ends now, later ones lengthen what is ``known``. A span
    never reaches beyond now, never shrinks, and grows by two and a half minutes a message at most. So a message that
    is repeated, late or out of order adds nothing twice, and hours of a closed laptop cannot come in at once.
    """
    length = timedelta(seconds=max(seconds, 0))
    if known is None:
        return at - min(length, MOST_AT_ONCE), at
    started_at, ended_at = known
    return started_at, max(ended_at, min(started_at + length, ended_at + MOST_AT_ONCE, at))


def pieces(readings: Iterable[Reading], *, taken: Iterable[Interval]) -> list[Reading]:
    """Return what is left of the readings outside of ``taken``, with no two at once; by their ends.

    Of two at once the one that was opened later is read, and the other one goes on after it. The key of a piece names
    its span and the second of it at which the piece begins.
    """
    spans = sorted(readings, key=lambda one: (one.started_at, one.key))
    away = _united(taken)
    left = []
    for position, span in enumerate(spans):
        covered = _united((*_near(away, span), *_opened_later(spans, position)))
        left += [_piece(span, *free) for free in _outside(span, covered) if free[1] - free[0] >= SECOND]
    return sorted(left, key=lambda one: (one.ended_at, one.key))


def says(seconds: int) -> str:
    """Return the evidence of so much reading, as people say it: whole minutes, or seconds below one."""
    count, unit = (seconds, "second") if seconds < 60 else (seconds // 60, "minute")  # noqa: PLR2004 - seconds of a minute
    return f"read for {count} {unit}{'' if count == 1 else 's'}"


def _opened_later(spans: Sequence[Reading], position: int) -> Iterator[Interval]:
    for other in spans[position + 1 :]:
        if other.started_at >= spans[position].ended_at:
            return
        yield other.started_at, other.ended_at


def _near(away: Sequence[Interval], span: Reading) -> Iterator[Interval]:
    first = max(bisect_right(away, span.started_at, key=lambda one: one[0]) - 1, 0)
    for start, end in away[first:]:
        if start >= span.ended_at:
            return
        yield start, end


def _united(intervals: Iterable[Interval]) -> list[Interval]:
    """Return the same time as intervals that neither touch nor overlap, by their beginnings."""
    united: list[Interval] = []
    for start, end in sorted(intervals):
        if united and start <= united[-1][1]:
            united[-1] = (united[-1][0], max(united[-1][1], end))
        else:
            united.append((start, end))
    return united


def _outside(span: Reading, covered: Iterable[Interval]) -> Iterator[Interval]:
    at = span.started_at
    for start, end in covered:
        if at < min(start, span.ended_at):
            yield at, min(start, span.ended_at)
        at = max(at, end)
    if at < span.ended_at:
        yield at, span.ended_at


def _piece(span: Reading, start: datetime, end: datetime) -> Reading:
    offset = int((start - span.started_at).total_seconds())
    return Reading(f"{span.key}:{offset}", span.item_id, start, end, span.day)
