"""Proposed time as the page shows it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from helpdesk.kernel.durations import format_hm
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.proposals.domain.acts import Proposal
from helpdesk.proposals.queries import Proposed, Recovered
from helpdesk.timekeeping.domain.worked import Worked, write_worked
from helpdesk.timekeeping.service.ground import is_internal


@dataclass(frozen=True)
class Act:
    """One act of the evidence."""

    at: datetime
    says: str


@dataclass(frozen=True)
class Line:
    """One proposal. ``worked`` and ``note`` stand in its form; ``problem`` is why it was not accepted just now."""

    key: str
    number: int
    title: str
    client_name: str
    worked: str
    seconds: int
    note: str
    billable: str
    acts: list[Act]
    problem: str = ""


@dataclass(frozen=True)
class Day:
    """What is proposed of one day."""

    date: date
    seconds: int
    lines: list[Line]


@dataclass(frozen=True)
class RecoveredWeek:
    """What was recovered in a week from ``monday`` on: one's own, everybody's, and that of each (name, seconds)."""

    monday: date
    own_seconds: int
    seconds: int
    people: list[tuple[str, int]]


def recovered_weeks(
    found: Iterable[Recovered], *, person_id: int | None, zone: ZoneInfo, today: date
) -> list[RecoveredWeek]:
    """Return this week, and those before in which something was recovered, the newest first.

    A week is the one in which time was accepted, on the clock of the reader's zone, whenever it was worked.
    """
    weeks: dict[date, Counter[tuple[str, int]]] = {_monday(today): Counter()}
    for one in found:
        week = weeks.setdefault(_monday(local_day(one.accepted_at, zone)), Counter())
        week[one.person_name, one.person_id] += one.seconds
    return [
        RecoveredWeek(
            monday,
            sum(seconds for (_name, who), seconds in week.items() if who == person_id),
            week.total(),
            [(name, seconds) for (name, _who), seconds in sorted(week.items())],
        )
        for monday, week in sorted(weeks.items(), reverse=True)
    ]


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())


def days(found: Sequence[Proposed], *, typed: Mapping[str, str], problem: str = "") -> list[Day]:
    """Return the proposals by day, the newest day first; ``typed`` is what was sent for the one that it names."""
    newest_first = sorted(found, key=lambda one: one.proposal.day, reverse=True)
    return [
        Day(day, sum(one.proposal.seconds for one in group), [_line(one, typed, problem) for one in group])
        for day, group in ((day, list(group)) for day, group in groupby(newest_first, lambda one: one.proposal.day))
    ]


def _line(one: Proposed, typed: Mapping[str, str], problem: str) -> Line:
    sent = typed if typed.get("key") == one.proposal.key else {}
    zone = one.item.project.client.time_zone
    usual = "not_billable" if is_internal(one.item) else "billable"
    return Line(
        key=one.proposal.key,
        number=one.item.number,
        title=one.item.title,
        client_name=one.item.project.client.name,
        worked=sent.get("worked", suggestion(one.proposal, zone)),
        seconds=one.proposal.seconds,
        note=sent.get("note", ""),
        billable=sent.get("billable", usual),
        acts=[Act(act.at, act.says) for act in one.proposal.acts],
        problem=problem if sent else "",
    )


def suggestion(proposal: Proposal, zone: str) -> str:
    """Return the proposal's time as people type it: a range of the contract's zone, a length where it ends next day."""
    contract = zone_named(zone)
    if {local_day(instant, contract) for instant in (proposal.started_at, proposal.ended_at)} != {proposal.day}:
        return format_hm(proposal.seconds)
    return write_worked(Worked(proposal.started_at, proposal.ended_at, duration_only=False), contract)[1]
