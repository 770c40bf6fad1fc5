"""The clocks of one ticket, derived from what happened on it (docs/sla.md rules 11 to 20)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from helpdesk.kernel.business_time import Calendar, add_business_seconds, business_seconds_between

Target = Literal["first_answer", "next_answer", "resolution"]
State = Literal["running", "paused", "stopped"]

TARGETS: tuple[Target, ...] = ("first_answer", "next_answer", "resolution")


@dataclass(frozen=True, slots=True)
class Pause:
    """A time in which no clock of the ticket runs, and why; without ``end`` it lasts."""

    start: datetime
    end: datetime | None
    why: str


@dataclass(frozen=True, slots=True)
class History:
    """What happened on a ticket, each in the order of time.

    ``asked`` are mails of the client, ``answered`` replies of ours. ``pauses`` do not overlap. ``done_at`` is when it
    was solved or closed, as long as it is.
    """

    opened_at: datetime
    asked: tuple[datetime, ...] = ()
    answered: tuple[datetime, ...] = ()
    pauses: tuple[Pause, ...] = ()
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Budgets:
    """The working seconds for each target of a ticket's priority; None: no such promise."""

    first_answer: int | None = None
    next_answer: int | None = None
    resolution: int | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in which a clock ran: ``seconds`` of working time, and why it ended (empty where it runs on)."""

    start: datetime
    end: datetime | None
    seconds: int
    why: str


@dataclass(frozen=True, slots=True)
class Clock:
    """One promise on one ticket.

    ``due_at`` is when its seconds are, or were, used up; None while it pauses with some left. ``at_risk_at`` is the
    same for the share from which it is at risk. ``stopped_at`` is when it was kept or, too late, done.
    """

    target: Target
    started_at: datetime
    budget_seconds: int
    state: State
    due_at: datetime | None
    at_risk_at: datetime | None
    stopped_at: datetime | None
    stretches: tuple[Stretch, ...]

    @property
    def used_seconds(self) -> int:
        """The working seconds of the stretches that have ended."""
        return sum(stretch.seconds for stretch in self.stretches)

    @property
    def was_missed(self) -> bool:
        """Whether its seconds were used up before it was done, or before it paused; of one that runs nobody knows."""
        return self.due_at is not None and (self.state == "paused" or self.due_at < (self.stopped_at or self.due_at))

    def is_missed(self, now: datetime) -> bool:
        """Return whether its seconds were used up before it was done (rule 17)."""
        return self.due_at is not None and self.due_at < (self.stopped_at or now)


def clocks(history: History, budgets: Budgets, calendar: Calendar, *, at_risk_percent: int) -> list[Clock]:
    """Return the clocks of a ticket: the first answer, each next one, and the resolution, as far as promised.

    Nothing in it depends on the present moment; whether one is missed by now, its instants say.
    """
    found = []
    for target, start, stop in _promises(history):
        budget = getattr(budgets, target)
        if budget is not None:
            found.append(_clock(target, start, stop, budget, history.pauses, calendar, at_risk_percent))
    return found


def _promises(history: History) -> Iterator[tuple[Target, datetime, datetime | None]]:
    """Yield each target with its beginning and, where it has come, its end (rules 11 to 13)."""
    first = history.answered[0] if history.answered else None
    yield "first_answer", history.opened_at, first
    answers = iter(history.answered)
    answer = next(answers, None)
    open_since: datetime | None = None
    for asked in history.asked:
        while answer is not None and answer < asked:
            if open_since is not None:
                yield "next_answer", open_since, answer
                open_since = None
            answer = next(answers, None)
        if open_since is None and first is not None and asked > first:
            open_since = asked
    if open_since is not None:
        yield "next_answer", open_since, answer
    yield "resolution", history.opened_at, history.done_at


def _clock(
    target: Target,
    start: datetime,
    stop: datetime | None,
    budget: int,
    pauses: Sequence[Pause],
    calendar: Calendar,
    at_risk_percent: int,
) -> Clock:
    stretches = tuple(_stretches(start, stop, pauses, calendar))
    runs = stop is None and bool(stretches) and stretches[-1].end is None
    return Clock(
        target=target,
        started_at=start,
        budget_seconds=budget,
        state="stopped" if stop is not None else "running" if runs else "paused",
        due_at=_used_up_at(stretches, budget, calendar),
        at_risk_at=_used_up_at(stretches, budget * at_risk_percent // 100, calendar),
        stopped_at=stop,
        stretches=stretches,
    )


def _stretches(
    start: datetime, stop: datetime | None, pauses: Sequence[Pause], calendar: Calendar
) -> Iterator[Stretch]:
    """Yield the times between the pauses from ``start`` to ``stop``; what runs on has no end and no seconds yet."""
    reached: datetime | None = start
    for pause in pauses:
        if reached is None or (stop is not None and pause.start >= stop):
            break
        if pause.end is not None and pause.end <= reached:
            continue
        if pause.start > reached:
            yield Stretch(reached, pause.start, business_seconds_between(calendar, reached, pause.start), pause.why)
        reached = pause.end
    if reached is None or (stop is not None and reached >= stop):
        return
    used = business_seconds_between(calendar, reached, stop) if stop is not None else 0
    yield Stretch(reached, stop, used, "")


def _used_up_at(stretches: Sequence[Stretch], seconds: int, calendar: Calendar) -> datetime | None:
    """Return when so many working seconds were or will be used up; None where the clock stands before that.

    A clock that was stopped in time would have been due as if its last stretch had gone on.
    """
    left = seconds
    for stretch in stretches:
        is_last_run = stretch is stretches[-1] and not stretch.why
        if is_last_run or stretch.seconds >= left:
            return add_business_seconds(calendar, stretch.start, left)
        left -= stretch.seconds
    return None
