"""The timer as a fold: all of a person's events in, their entries out. Pure (docs/billing.md rule 1).

Devices say what happened and when; they may say it late, twice, and in any order. What counts is the order in which
things happened, so that the same events give the same entries whatever way they came.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

ACTS = ("start", "stop", "pause", "resume", "change")
ANSWERS = ("keep", "trim", "discard", "restore")
KINDS = (*ACTS, "ask", *ANSWERS)
BIRTHS = ("start", "resume")
REASONS = ("idle", "long", "late")
FACTS = ("note", "work_type_id", "billable")

Order = tuple[datetime, datetime, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimerEvent:
    """One thing that happened to a person's timer.

    ``at`` is the instant that counts, ``said_at`` the one that the device named; they differ where that lay in the
    future. ``entry`` is the uuid of the entry that an event is about; an entry has the uuid of the start or resume
    that began it. ``facts`` holds those of ``note``, ``work_type_id`` and ``billable`` that the event sets.
    ``until`` is the instant of the last activity (ask), or the one to which an entry is cut (trim).
    """

    uuid: str
    kind: str
    at: datetime
    said_at: datetime
    item_id: int | None = None
    entry: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    reason: str = ""

    @property
    def order(self) -> Order:
        """What events are sorted by: instant, then the device's own word where that was clamped, then uuid."""
        return self.at, self.said_at, self.uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedEntry:
    """What the events say about one stretch of work, in whole seconds; one without an end still runs.

    ``resumes`` is the uuid of the stretch before, ``asks`` why the person has to decide about it (empty: nothing
    to decide), ``trims_to`` where it would be cut, ``kept_at`` when its person last said that it is right.
    """

    uuid: str
    item_id: int
    started_at: datetime
    ended_at: datetime | None
    note: str
    work_type_id: int | None
    billable: str
    resumes: str | None
    asks: str
    trims_to: datetime | None
    kept_at: datetime | None
    discarded: bool

    @property
    def seconds(self) -> int:
        """The length in whole seconds; 0 while it runs."""
        return int((self.ended_at - self.started_at).total_seconds()) if self.ended_at else 0


@dataclass(frozen=True, slots=True)
class Timer:
    """The outcome: every entry by its beginning, and the uuid of the one that is paused."""

    entries: tuple[TimedEntry, ...]
    paused: str | None

    @property
    def running(self) -> TimedEntry | None:
        """The entry that runs, if one does; there is never a second."""
        return next((entry for entry in self.entries if entry.ended_at is None and not entry.discarded), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEvent:
    """What a device says: ``said_at`` is its own clock's word, the item is named by number or id."""

    uuid: str
    kind: str
    said_at: datetime
    number: int | None = None
    item_id: int | None = None
    entry: str | None = None
    facts: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    device: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one event: accepted, repeated (known already, nothing changed) or refused with a reason."""

    uuid: str
    outcome: str
    reason: str = ""
    flags: tuple[str, ...] = ()


def clamp(said_at: datetime, received_at: datetime) -> tuple[datetime, list[str]]:
    """Return the instant that counts and the flags of an event: nothing happens later than we hear of it."""
    return (said_at, []) if said_at <= received_at else (received_at, ["clamped"])


@dataclass(frozen=True, slots=True)
class Question:
    """Why an entry asks its person (``idle``, ``long``), and where it would be cut."""

    reason: str
    until: datetime


def question(
    started_at: datetime,
    ended_at: datetime | None,
    *,
    kept_at: datetime | None,
    last_seen_at: datetime | None,
    now: datetime,
    idle: timedelta,
    limit: timedelta,
) -> Question | None:
    """Return what to ask about an entry of the timer, or None: one past the limit, one whose person is gone.

    ``kept_at`` is when the person last said that it is right; from then on it counts anew. An ``idle`` or ``limit``
    of zero asks nothing. Where nobody knows when the person was there last, it was at the start.
    """
    since, end = max(started_at, kept_at or started_at), ended_at or now
    active_at = min(max(last_seen_at or started_at, started_at), end)
    if limit and end - since > limit:
        return Question("long", active_at)
    if idle and ended_at is None and now - max(active_at, since) >= idle:
        return Question("idle", active_at)
    return None


def fold(events: Iterable[TimerEvent]) -> Timer:
    """Return what ``events`` of one person come to; the same for every order of ``events``, repeats count once.

    A start ends what runs, and so does a resume; both begin an entry. A stop or a pause ends what runs, a resume goes
    on with the entry it names, else with what runs or is paused, else with the last one. A change without a name is
    about what runs or is paused. Cutting or discarding what runs stops it.
    """
    ordered = sorted({event.uuid: event for event in events}.values(), key=lambda event: event.order)
    walk = _Walk()
    for event in ordered:
        if event.entry and event.kind not in BIRTHS:
            walk.about[event.entry].append(event)
    for event in ordered:
        walk.take(event)
    return walk.outcome()


@dataclass(slots=True)
class _Stretch:
    birth: TimerEvent
    item_id: int
    facts: dict[str, Any]
    resumes: str | None = None
    ended_at: datetime | None = None


@dataclass(slots=True)
class _Walk:
    """Where the walk over the events stands: what runs, what is paused, what was last."""

    about: dict[str, list[TimerEvent]] = field(default_factory=lambda: defaultdict(list))
    stretches: dict[str, _Stretch] = field(default_factory=dict)
    current: str | None = None
    paused: str | None = None
    last: str | None = None

    def take(self, event: TimerEvent) -> None:
        if event.kind == "start" and event.item_id is not None:
            same = self._runs_on(event.item_id)
            self._begin(event, event.item_id, {}, resumes=same)
        elif event.kind == "resume":
            self._resume(event)
        elif event.kind in {"stop", "pause"}:
            stopped = self._end(event)
            self.paused = (stopped or self.paused) if event.kind == "pause" else None
        elif event.kind == "change" and event.entry is None:
            if target := self.current or self.paused:
                self.about[target].append(event)
        elif event.kind in {"trim", "discard"}:
            if event.entry == self.current:
                self._end(event)
            if event.entry == self.paused:
                self.paused = None

    def _runs_on(self, item_id: int) -> str | None:
        return self.current if self.current and self.stretches[self.current].item_id == item_id else None

    def _begin(self, event: TimerEvent, item_id: int, facts: Mapping[str, Any], resumes: str | None) -> None:
        self._end(event)
        self.stretches[event.uuid] = _Stretch(event, item_id, {**facts, **event.facts}, resumes)
        self.current = self.last = event.uuid
        self.paused = None

    def _end(self, event: TimerEvent) -> str | None:
        stopped, self.current = self.current, None
        if stopped:
            self.stretches[stopped].ended_at = event.at
        return stopped

    def _resume(self, event: TimerEvent) -> None:
        before = event.entry or self.current or self.paused or self.last
        known = self.stretches.get(before or "")
        item_id = event.item_id if event.item_id is not None else known.item_id if known else None
        if before is None or item_id is None:
            return
        self._begin(event, item_id, self._facts(before, known, event.order) if known else {}, resumes=before)

    def _facts(self, uuid: str, stretch: _Stretch, until: Order | None = None) -> dict[str, Any]:
        changes = sorted(self.about[uuid], key=lambda event: event.order)
        facts = dict(stretch.facts)
        for event in changes:
            if event.kind == "change" and (until is None or event.order < until):
                facts.update(event.facts)
        return facts

    def outcome(self) -> Timer:
        answered = {uuid: self._answers(uuid) for uuid in self.stretches}
        entries = [self._entry(uuid, stretch, answered) for uuid, stretch in self.stretches.items()]
        return Timer(tuple(entries), self.paused)

    def _answers(self, uuid: str) -> "_Answers":
        answers = _Answers()
        for event in sorted(self.about[uuid], key=lambda event: event.order):
            answers.take(event)
        return answers

    def _entry(self, uuid: str, stretch: _Stretch, answered: Mapping[str, "_Answers"]) -> TimedEntry:
        answers, facts = answered[uuid], self._facts(uuid, stretch)
        started_at = _whole(stretch.birth.at)
        ends = [end for end in (stretch.ended_at, answers.cut_at) if end is not None]
        return TimedEntry(
            uuid=uuid,
            item_id=stretch.item_id,
            started_at=started_at,
            ended_at=max(started_at, _whole(min(ends))) if ends else None,
            note=facts.get("note") or "",
            work_type_id=facts.get("work_type_id"),
            billable=facts.get("billable") or "billable",
            resumes=self._not_discarded(stretch.resumes, answered),
            asks=answers.asks,
            trims_to=answers.trims_to,
            kept_at=answers.kept_at,
            discarded=answers.discarded,
        )

    def _not_discarded(self, uuid: str | None, answered: Mapping[str, "_Answers"]) -> str | None:
        while uuid is not None and uuid in answered and answered[uuid].discarded:
            uuid = self.stretches[uuid].resumes
        return uuid


@dataclass(slots=True)
class _Answers:
    """What was asked about an entry, and what its person answered last."""

    asks: str = ""
    trims_to: datetime | None = None
    kept_at: datetime | None = None
    cut_at: datetime | None = None
    discarded: bool = False

    def take(self, event: TimerEvent) -> None:
        if event.kind == "ask":
            self.asks, self.trims_to = event.reason, event.until
        elif event.kind in {"keep", "trim"}:
            self.asks, self.kept_at = "", event.at
            self.cut_at = event.until if event.kind == "trim" else None
        elif event.kind in {"discard", "restore"}:
            self.discarded = event.kind == "discard"


def _whole(instant: datetime) -> datetime:
    return instant.replace(microsecond=0)
