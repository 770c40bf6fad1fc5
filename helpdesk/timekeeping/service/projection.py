"""From events to entries: the rows of a person's timer follow what the events say (docs/billing.md rule 1).

What a person settled (submitted, approved, edited by hand) stays as it is; where the events come to say something
else, the row says so (``differs``), and what is new beside it asks its person (``asks`` = late).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from helpdesk.accounts import queries as accounts
from helpdesk.company import service as company
from helpdesk.infra import live
from helpdesk.kernel.errors import Conflict, RuleViolation
from helpdesk.projects.models import Project, WorkItem
from helpdesk.timekeeping import claims
from helpdesk.timekeeping.domain.timer import BIRTHS, FACTS, TimedEntry, Timer, TimerEvent, fold, question
from helpdesk.timekeeping.models import TimeEntry, TimerEventRow, TimerState
from helpdesk.timekeeping.service.ground import is_internal

INTERVAL = ("started_at", "ended_at")
SAID = ("work_item_id", *INTERVAL, *FACTS)


def project(session: Session, *, person_id: int, now: datetime, fresh: Sequence[TimerEventRow]) -> None:
    """Bring the entries of a person up to date with the events, of which ``fresh`` are new; count the revision.

    The person's row is locked. Only what can have changed is folded anew: from the last start before the earliest
    of the fresh events to the first one after the latest, which begins with a clean slate.
    """
    if not fresh:
        return
    told, until = _told_around(session, person_id, fresh)
    timer = fold(event_of(row) for row in told)
    births = [row.uuid for row in told if row.kind in BIRTHS and (until is None or row.at < until)]
    _Rows(session, person_id, now, timer, births).follow()
    state = session.get(TimerState, person_id, with_for_update=True)
    if state is None:
        state = TimerState(person_id=person_id, revision=0)
        session.add(state)
    state.revision, state.changed_at = state.revision + 1, now
    if until is None:
        state.paused_uuid = timer.paused
    session.flush()
    live.publish(session, audience=live.to_person(person_id), topic="timer", now=now)
    for item_id in sorted({row.work_item_id for row in told if row.kind in BIRTHS and row.work_item_id is not None}):
        live.publish(session, audience=live.to_item(item_id), topic=live.SHOWN, now=now)


def event_of(row: TimerEventRow) -> TimerEvent:
    """Return the event that a row keeps, as the fold takes it."""
    return TimerEvent(
        uuid=row.uuid,
        kind=row.kind,
        at=row.at,
        said_at=row.said_at,
        item_id=row.work_item_id,
        entry=row.entry_uuid,
        facts=row.facts,
        until=row.until,
        reason=row.reason,
    )


def written(entry: TimeEntry) -> dict[str, Any]:
    """Return what an entry says, in the words in which ``timer_says`` keeps what the events said."""
    return {
        "work_item_id": entry.work_item_id,
        "started_at": entry.started_at.isoformat(),
        "ended_at": entry.ended_at.isoformat() if entry.ended_at else None,
        "note": entry.note,
        "work_type_id": entry.work_type_id,
        "billable": entry.billable,
    }


def take_timers_word(session: Session, entry: TimeEntry) -> None:
    """Give an entry what the timer came to say about it: a draft again, which follows from now on.

    Raises:
        Conflict: it is approved; whoever approves reopens it first.
        RuleViolation: the timer says nothing about it.
    """
    if entry.status not in {"draft", "submitted", "rejected"}:
        message = f"The time on #{entry.work_item.number} is {entry.status}; whoever approved it reopens it first."
        raise Conflict(message)
    if not entry.timer_says:
        message = f"The timer says nothing about this time on #{entry.work_item.number}; edit or delete it."
        raise RuleViolation(message)
    entry.status, entry.submitted_at, entry.differs, entry.duration_only = "draft", None, False, False
    for name in SAID:
        value = entry.timer_says[name]
        setattr(entry, name, datetime.fromisoformat(value) if name in INTERVAL and value else value)
    session.flush()


def is_settled(entry: TimeEntry) -> bool:
    """Whether a person has said about the entry what counts: submitted or approved it, or edited it by hand."""
    if entry.ended_at is None or entry.timer_says is None:
        return entry.status != "draft"
    return entry.status != "draft" or written(entry) != entry.timer_says


def _told_around(
    session: Session, person_id: int, fresh: Sequence[TimerEventRow]
) -> tuple[list[TimerEventRow], datetime | None]:
    """Return the events from which everything that the fresh ones can change follows, and where they end, if they do.

    What begins at the end or later is not changed by them.
    """
    mine = select(TimerEventRow).where(TimerEventRow.person_id == person_id)
    known = [*fresh, *_births(session, person_id, {row.entry_uuid for row in fresh})]
    first, until = min(row.at for row in known), _next_start(session, person_id, max(row.at for row in known))
    if until is not None:
        mine = mine.where(TimerEventRow.at <= until)
    while True:
        starts = mine.where(TimerEventRow.kind == "start", TimerEventRow.at < first)
        since = session.scalar(starts.order_by(TimerEventRow.at.desc()).limit(1))
        rows = list(session.scalars(mine.where(TimerEventRow.at >= since.at) if since else mine))
        born = {row.uuid for row in rows if row.kind in BIRTHS}
        open_ends = {row.entry_uuid for row in rows if row.kind == "resume" and row.work_item_id is None} - born
        earlier = [row.at for row in _births(session, person_id, open_ends) if since and row.at < since.at]
        if not earlier:
            break
        first = min(earlier)
    every = select(TimerEventRow).where(TimerEventRow.person_id == person_id)
    about = every.where(TimerEventRow.entry_uuid.in_(born), TimerEventRow.id.not_in([row.id for row in rows]))
    return [*rows, *session.scalars(about)], until


def _next_start(session: Session, person_id: int, after: datetime) -> datetime | None:
    """Return when the person first started anything afterwards; None, too, where a later resume looks further back."""
    later = select(TimerEventRow.at).where(TimerEventRow.person_id == person_id, TimerEventRow.at > after)
    open_ended = later.where(TimerEventRow.kind == "resume", TimerEventRow.work_item_id.is_(None))
    if session.scalar(open_ended.limit(1)) is not None:
        return None
    return session.scalar(later.where(TimerEventRow.kind == "start").order_by(TimerEventRow.at).limit(1))


def _births(session: Session, person_id: int, uuids: set[str | None]) -> list[TimerEventRow]:
    wanted = [uuid for uuid in uuids if uuid]
    query = select(TimerEventRow).where(TimerEventRow.person_id == person_id, TimerEventRow.uuid.in_(wanted))
    return list(session.scalars(query)) if wanted else []


@dataclass
class _Rows:
    """The rows of the entries that were folded anew, while they are made to follow."""

    session: Session
    person_id: int
    now: datetime
    timer: Timer
    births: Sequence[str]

    def follow(self) -> None:
        query = select(TimeEntry).where(TimeEntry.uuid.in_(self.births), TimeEntry.person_id == self.person_id)
        rows = self.session.scalars(query.with_for_update(), execution_options={"populate_existing": True})
        self.rows = {row.uuid: row for row in rows}
        self.settled = {uuid for uuid, row in self.rows.items() if is_settled(row)}
        inside = set(self.births)
        self.wanted = {e.uuid: e for e in self.timer.entries if not e.discarded and e.uuid in inside}
        self.internal = self._internal_items()
        self._drop()
        changed = self._write()
        self._link()
        self._ask(changed)
        self.session.flush()

    def _internal_items(self) -> set[int]:
        ids = {entry.item_id for entry in self.wanted.values()}
        query = select(WorkItem).where(WorkItem.id.in_(ids))
        items = self.session.scalars(query.options(joinedload(WorkItem.project).joinedload(Project.client)))
        return {item.id for item in items if is_internal(item)}

    def _drop(self) -> None:
        """Take away rows of which no event tells any more; one that is settled, or in books, stays and differs."""
        for uuid in set(self.rows) - set(self.wanted):
            row = self.rows[uuid]
            if uuid in self.settled or row.charges or claims.is_remembered(self.session, row.id):
                row.differs = row.differs or row.timer_says is not None
                row.timer_says = None
                continue
            for later in self.session.scalars(select(TimeEntry).where(TimeEntry.resumes_id == row.id)):
                later.resumes_id = row.resumes_id
            self.session.flush()
            self.session.delete(self.rows.pop(uuid))
        self.session.flush()

    def _write(self) -> list[TimedEntry]:
        """Write what ended before what runs, as only one may; return what has another interval than before."""
        changed = []
        for entry in sorted(self.wanted.values(), key=lambda entry: entry.ended_at is None):
            says = self._says(entry)
            row = self.rows.get(entry.uuid)
            if row is None:
                row = self.rows[entry.uuid] = self._new(entry)
                self.session.add(row)
            elif entry.uuid in self.settled:
                self._compare(row, says)
                continue
            if _set(row, says):
                changed.append(entry)
            row.asks = entry.asks
            self.session.flush()
        return changed

    def _says(self, entry: TimedEntry) -> dict[str, Any]:
        return {
            "work_item_id": entry.item_id,
            "started_at": entry.started_at.isoformat(),
            "ended_at": entry.ended_at.isoformat() if entry.ended_at else None,
            "note": entry.note,
            "work_type_id": entry.work_type_id,
            "billable": "not_billable" if entry.item_id in self.internal else entry.billable,
        }

    def _new(self, entry: TimedEntry) -> TimeEntry:
        return TimeEntry(uuid=entry.uuid, person_id=self.person_id, source="timer", created_at=self.now)

    def _compare(self, row: TimeEntry, says: dict[str, Any]) -> None:
        row.asks = self.wanted[row.uuid].asks if row.status == "draft" else ""
        if row.timer_says != says:
            row.timer_says, row.differs = says, written(row) != says
            self.session.flush()

    def _link(self) -> None:
        names = {entry.resumes for entry in self.wanted.values() if entry.resumes} - set(self.rows)
        query = select(TimeEntry.uuid, TimeEntry.id).where(TimeEntry.uuid.in_(names))
        ids = {row.uuid: row.id for row in self.session.execute(query)} if names else {}
        ids |= {uuid: row.id for uuid, row in self.rows.items()}
        for uuid in set(self.wanted) - self.settled:
            self.rows[uuid].resumes_id = ids.get(self.wanted[uuid].resumes or "")

    def _ask(self, changed: Sequence[TimedEntry]) -> None:
        """Let what is new or moved ask its person: where it is too long, or crosses what a person settled otherwise."""
        for entry in changed:
            if entry.ended_at is not None and not entry.asks:
                self._ask_long(entry)
        fixed = [row for uuid, row in self.rows.items() if uuid in self.settled and row.differs]
        for entry in changed:
            for row in fixed:
                if _cross(entry, row):
                    self._ask_late(entry, row)

    def _ask_long(self, entry: TimedEntry) -> None:
        house = company.find_company(self.session)
        limit = timedelta(hours=house.timer_limit_hours if house else 0)
        if not limit or entry.ended_at is None or entry.ended_at - entry.started_at <= limit:
            return
        seen = accounts.last_seen(self.session, self.person_id)
        found = question(
            entry.started_at,
            entry.ended_at,
            kept_at=entry.kept_at,
            last_seen_at=seen,
            now=self.now,
            idle=timedelta(),
            limit=limit,
        )
        if found:
            self._ask_once(entry, found.reason, entry.ended_at.isoformat(), found.until)

    def _ask_late(self, entry: TimedEntry, fixed: TimeEntry) -> None:
        self._ask_once(entry, "late", fixed.uuid, entry.started_at)

    def _ask_once(self, entry: TimedEntry, reason: str, about: str, until: datetime) -> None:
        uuid = str(uuid5(NAMESPACE_OID, f"helpdesk {reason} {entry.uuid} {about}"))
        if self.session.scalar(select(TimerEventRow.id).where(TimerEventRow.uuid == uuid)) is not None:
            return
        self.rows[entry.uuid].asks = reason
        self.session.add(
            TimerEventRow(
                uuid=uuid,
                person_id=self.person_id,
                kind="ask",
                at=self.now,
                said_at=self.now,
                received_at=self.now,
                entry_uuid=entry.uuid,
                reason=reason,
                until=until,
            )
        )
        self.session.flush()


def _set(row: TimeEntry, says: dict[str, Any]) -> bool:
    """Write what the events say; what a person changed meanwhile on a running entry stays. Tell if the span moved."""
    before, said = written(row) if row.started_at else {}, row.timer_says or {}
    kept = {name for name in before if name not in INTERVAL and said and before[name] != said.get(name)}
    kept = {name for name in kept if says[name] == said.get(name)}
    for name in SAID:
        if name not in kept and before.get(name, ...) != says[name]:
            setattr(row, name, datetime.fromisoformat(says[name]) if name in INTERVAL and says[name] else says[name])
    row.timer_says = says
    return any(before.get(name) != says[name] for name in INTERVAL)


def _cross(entry: TimedEntry, row: TimeEntry) -> bool:
    ends_after = entry.ended_at is None or entry.ended_at > row.started_at
    return ends_after and (row.ended_at is None or entry.started_at < row.ended_at)
