"""From acts without time to proposed entries. Pure (docs/billing.md, "Nothing slips")."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from helpdesk.proposals.domain.reading import Interval, Reading, pieces, says

GAP = timedelta(minutes=20)
"""Acts on one item that follow each other sooner than this are one piece of work."""
READING_GAP = timedelta(minutes=5)
"""Reading belongs to what ended or began less than this away."""
LEAST_READING_SECONDS = 3 * 60
"""Less reading than this, all in all, is a glance and proposes nothing."""
STILL_READING = timedelta(minutes=3)
"""A page that was heard of so lately may be before its reader still."""
BEFORE = timedelta(minutes=2)
AFTER = timedelta(minutes=5)
"""An act so soon before a timer started, or after it stopped, belongs to what was timed."""
MINUTE = timedelta(minutes=1)
WORDS_A_MINUTE = 40
LONGEST_WRITING_SECONDS = 20 * 60
A_FILE_SECONDS = 60
READING_SECONDS = 60
"""Whoever answers has read what they answer."""


@dataclass(frozen=True, slots=True)
class Activity:
    """One act of a person on a work item that left a trace. ``key`` names the trace, and no other has it.

    ``day`` is that of the contract's zone; ``seconds`` is what the act itself took, up to ``at``: a guess, and for
    reading what was measured.
    """

    key: str
    item_id: int
    at: datetime
    day: date
    says: str
    seconds: int
    is_reading: bool = False
    entry_uuid: str = ""  # of the entry that was written with it, if one was

    @property
    def began_at(self) -> datetime:
        """When it began: ``seconds`` before ``at``."""
        return self.at - timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class Timed:
    """Time that is written already. One with ``duration_only`` tells the day, and no time of it."""

    item_id: int
    started_at: datetime
    ended_at: datetime
    day: date
    duration_only: bool = False
    uuid: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """An entry that could be written for acts without time, whole minutes from ``started_at`` to ``ended_at``."""

    item_id: int
    day: date
    started_at: datetime
    ended_at: datetime
    acts: tuple[Activity, ...]

    @property
    def key(self) -> str:
        """The name by which it is accepted or dismissed: that of its first act."""
        return self.acts[0].key

    @property
    def seconds(self) -> int:
        """The suggested length in whole seconds, always a multiple of 60."""
        return int((self.ended_at - self.started_at).total_seconds())


def writing_seconds(*, words: int, files: int) -> int:
    """Return what it takes to read, to write so many words, and to add files; long texts were pasted."""
    return READING_SECONDS + min(60 * words // WORDS_A_MINUTE, LONGEST_WRITING_SECONDS) + A_FILE_SECONDS * files


def propose(
    activities: Iterable[Activity],
    timed: Iterable[Timed],
    *,
    now: datetime,
    readings: Iterable[Reading] = (),
    settled: Iterable[Interval] = (),
) -> list[Proposal]:
    """Return the entries that one person's acts and reading without time suggest, oldest first.

    Acts within timed work are covered, whatever item was timed: nobody does two things at once. A typed duration
    covers all acts on its item on its day, and a message with which time was written is covered wherever it is now.
    Acts on one item, on one day, less than 20 minutes apart and with neither another item's act nor timed work between
    them are one proposal. It begins as long before the first act as that one took, but never within timed work or
    within the proposal before it, and ends with the last act.

    Reading is covered in the same way, for as long as timed work lasted, and so is what was ``settled`` of it. It joins
    what is less than five minutes away; a proposal of reading alone is as long as was read, and at least three minutes.
    """
    written = list(timed)
    spans = sorted((one for one in written if not one.duration_only), key=lambda one: (one.started_at, one.ended_at))
    whole_days = {(one.item_id, one.day) for one in written if one.duration_only}
    with_time = {one.uuid for one in written} - {""}
    acts = [act for act in activities if not (act.entry_uuid in with_time or _is_within(act.at, spans))]
    acts += _read(readings, taken=[*((one.started_at - BEFORE, one.ended_at + AFTER) for one in spans), *settled])
    open_acts = sorted(
        (act for act in acts if (act.item_id, act.day) not in whole_days), key=lambda act: (act.at, act.key)
    )
    return _proposals(_without_glances(open_acts, spans), spans, now)


def _read(readings: Iterable[Reading], *, taken: Iterable[Interval]) -> Iterable[Activity]:
    for piece in pieces(readings, taken=taken):
        seconds = int((piece.ended_at - piece.started_at).total_seconds())
        yield Activity(piece.key, piece.item_id, piece.ended_at, piece.day, says(seconds), seconds, is_reading=True)


def _without_glances(acts: Sequence[Activity], spans: Sequence[Timed]) -> list[Activity]:
    """Return the acts without reading that is too short to propose anything, so that it parts nothing either."""
    return [act for run in _runs(acts, spans) if not _is_glance(run) for act in run]


def _is_glance(run: Sequence[Activity]) -> bool:
    return all(act.is_reading for act in run) and sum(act.seconds for act in run) < LEAST_READING_SECONDS


def _proposals(acts: Sequence[Activity], spans: Sequence[Timed], now: datetime) -> list[Proposal]:
    found: list[Proposal] = []
    for run in _runs(acts, spans):
        earliest = max((*(one.ended_at for one in spans if one.started_at < run[0].at), *_end_of(found)), default=None)
        proposal = _proposal(run, earliest, now)
        if proposal is not None:
            found.append(proposal)
    return found


def _end_of(found: Sequence[Proposal]) -> Iterable[datetime]:
    return (one.ended_at for one in found[-1:])


def _is_within(at: datetime, spans: Sequence[Timed]) -> bool:
    return any(span.started_at - BEFORE <= at <= span.ended_at + AFTER for span in spans)


def _runs(acts: Sequence[Activity], spans: Sequence[Timed]) -> Iterable[tuple[Activity, ...]]:
    starts = [span.started_at for span in spans]
    run: list[Activity] = []
    for act in acts:
        if run and not _follows(run, act, starts):
            yield tuple(run)
            run = []
        run.append(act)
    if run:
        yield tuple(run)


def _follows(run: Sequence[Activity], act: Activity, starts: Sequence[datetime]) -> bool:
    before = run[-1]
    is_same = (before.item_id, before.day) == (act.item_id, act.day)
    return is_same and _is_near(run, act) and bisect_left(starts, before.at) == bisect_left(starts, act.at)


def _is_near(run: Sequence[Activity], act: Activity) -> bool:
    before = next((one.at for one in reversed(run) if not one.is_reading), None)
    if not act.is_reading and before is not None and act.at - before < GAP:
        return True
    return (act.is_reading or run[-1].is_reading) and act.began_at - run[-1].at < READING_GAP


def _proposal(run: tuple[Activity, ...], earliest: datetime | None, now: datetime) -> Proposal | None:
    """Return the proposal, in whole minutes; None where its last minute is not over yet, or it is read still."""
    started = _this_minute(min((run[0].began_at, *(act.began_at for act in run if act.is_reading))))
    if earliest is not None:
        started = max(started, _next_minute(earliest))
    ended = max(_next_minute(run[-1].at), started + MINUTE)
    if ended > now or (run[-1].is_reading and now - run[-1].at < STILL_READING):
        return None
    if all(act.is_reading for act in run):
        read = timedelta(seconds=sum(act.seconds for act in run))
        ended = min(ended, _next_minute(started + read))
    return Proposal(run[0].item_id, run[0].day, started, ended, run)


def _this_minute(instant: datetime) -> datetime:
    return instant.replace(second=0, microsecond=0)


def _next_minute(instant: datetime) -> datetime:
    down = _this_minute(instant)
    return down if down == instant else down + MINUTE
