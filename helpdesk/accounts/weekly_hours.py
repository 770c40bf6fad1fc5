"""How long people mean to work in a week: from a Monday on, for one person or for all who have no own figure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Person, WeeklyTarget
from helpdesk.infra import audit
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.policy import APPROVERS, Actor
from helpdesk.kernel.durations import HOUR, format_hm, parse_typed_duration
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation

WEEK_SECONDS = 168 * HOUR


@dataclass(frozen=True)
class TargetLine:
    """One figure: whose (None: everybody without an own one), from which week on, and how long."""

    id: int
    person_id: int | None
    person_name: str | None
    effective_on: date
    target_seconds: int


def target_seconds(session: Session, *, person_id: int, monday: date) -> int | None:
    """Return how long a person means to work in the week of ``monday``; None where nobody ever said.

    The newest figure of the person's own that was in force counts, however old; else the newest for everybody.
    """
    found = rows_of(session, target_asked(person_id, monday))
    return found[0].target_seconds if found else None


def target_asked(person_id: int, monday: date) -> Select[int]:
    """Return the question of `target_seconds`, to be asked together with others."""
    return (
        select(WeeklyTarget.target_seconds)
        .where(
            WeeklyTarget.effective_on <= monday,
            (WeeklyTarget.person_id == person_id) | WeeklyTarget.person_id.is_(None),
        )
        .order_by(WeeklyTarget.person_id.is_(None), WeeklyTarget.effective_on.desc())
        .limit(1)
    )


class Targets:
    """All figures at once, for pages of many people and weeks: :meth:`of` says what :func:`target_seconds` would."""

    def __init__(self, lines: Iterable[TargetLine]) -> None:
        self._of: dict[int | None, list[TargetLine]] = {}
        for line in sorted(lines, key=lambda line: line.effective_on, reverse=True):
            self._of.setdefault(line.person_id, []).append(line)

    def of(self, person_id: int, monday: date) -> int | None:
        """Return how long a person means to work in the week of ``monday``; None where nobody ever said."""
        known = (*self._of.get(person_id, ()), *self._of.get(None, ()))
        return next((line.target_seconds for line in known if line.effective_on <= monday), None)


def targets(session: Session) -> Targets:
    """Return all figures, in one query."""
    return Targets(lines(session))


def lines(session: Session) -> list[TargetLine]:
    """Return all figures, everybody's first, then by person, the newest first: one query."""
    return [TargetLine(*row) for row in rows_of(session, lines_asked())]


def lines_asked() -> Question:
    """Return the question of `lines`, to be asked together with others."""
    return (
        select(
            WeeklyTarget.id, WeeklyTarget.person_id, Person.name, WeeklyTarget.effective_on, WeeklyTarget.target_seconds
        )
        .outerjoin(Person, Person.id == WeeklyTarget.person_id)
        .order_by(WeeklyTarget.person_id.is_not(None), func.lower(Person.name), WeeklyTarget.effective_on.desc())
    )


def states(found: Sequence[TargetLine], *, today: date) -> dict[int, str]:
    """Return for each figure, by id, whether it is planned, in force in the week of ``today``, or ended."""
    monday = today - timedelta(days=today.weekday())
    newest: dict[int | None, date] = {}
    for line in found:
        if line.effective_on <= monday:
            newest[line.person_id] = max(line.effective_on, newest.get(line.person_id, line.effective_on))

    def state(line: TargetLine) -> str:
        if line.effective_on > monday:
            return "planned"
        return "in_force" if line.effective_on == newest[line.person_id] else "ended"

    return {line.id: state(line) for line in found}


def read_hours(typed: str) -> int:
    """Return the seconds a week that somebody typed; a number alone is hours: ``40``, ``38.5``, ``38:30``.

    Raises:
        RuleViolation: it is no duration.
    """
    number = typed.strip()
    if re.fullmatch("[0-9]{1,4}", number):
        return int(number) * HOUR
    return parse_typed_duration(number)


def lines_of(session: Session, *, person_id: int | None) -> list[TargetLine]:
    """Return the figures of one person and of everybody, or all of them where no person is asked for."""
    return [line for line in lines(session) if person_id is None or line.person_id in (person_id, None)]


def set_target(
    session: Session, *, actor: Actor, now: datetime, person_id: int | None, effective_on: date, seconds: int
) -> WeeklyTarget:
    """Say how long somebody means to work in a week from a day on, and return it; the same day twice replaces it.

    It counts from the first whole week: a Wednesday is the Monday after it.

    Raises:
        Denied: the actor is neither manager nor administrator.
        NotFound: no such person.
        RuleViolation: more than a week has.
    """
    if not actor.is_one_of(APPROVERS):
        message = "Your role does not change the hours of people."
        raise Denied(message)
    if person_id is not None and session.get(Person, person_id) is None:
        message = "There is no such person."
        raise NotFound(message)
    if not 0 <= seconds <= WEEK_SECONDS:
        message = f"A week has {format_hm(WEEK_SECONDS)} at most."
        raise RuleViolation(message)
    monday = effective_on + timedelta(days=-effective_on.weekday() % 7)
    target = _target(session, person_id, monday, now)
    before, target.target_seconds = target.target_seconds, seconds
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="set",
        kind="weekly_target",
        object_id=target.id,
        now=now,
        person_id=person_id,
        effective_on=str(monday),
        before=before,
        after=seconds,
    )
    return target


def _target(session: Session, person_id: int | None, monday: date, now: datetime) -> WeeklyTarget:
    whose = WeeklyTarget.person_id.is_(None) if person_id is None else WeeklyTarget.person_id == person_id
    found = session.scalar(select(WeeklyTarget).where(whose, WeeklyTarget.effective_on == monday).with_for_update())
    if found is None:
        found = WeeklyTarget(person_id=person_id, effective_on=monday, created_at=now)
        session.add(found)
    return found
