"""Reads of acts, of time beside them, and of what was decided: a constant number of queries a person."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CTE, func, select
from sqlalchemy.orm import Session, contains_eager, joinedload

from helpdesk.accounts.models import Person
from helpdesk.company.models import Company
from helpdesk.infra.ahead import Question, rows_of
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import Actor
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects.models import Project, WorkItem
from helpdesk.projects.queries import visible_items
from helpdesk.proposals.domain.acts import Activity, Proposal, Timed, writing_seconds
from helpdesk.proposals.domain.reading import Interval, Reading
from helpdesk.proposals.models import ProposalDecision, ReadingSpan
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Attachment, Message, TicketDetails
from helpdesk.tickets.queries import merged_among
from helpdesk.timekeeping.models import TimeEntry, TimeReversal
from helpdesk.timekeeping.queries import entries as time

ITEM_KINDS = ("work_item", "ticket", "task")
WRITTEN = {"reply": "answered", "note": "wrote a note", "mail": "wrote a mail"}
IN_MESSAGES = frozenset({"replied", "noted"})
NO_WORK = frozenset({"pushed", "marked as spam", "called not spam", "asked for pictures from elsewhere"})
ACT_SECONDS = {"opened": 180, "edited plan": 120}
SHORT_ACT_SECONDS = 60
READING = "reading"


@dataclass(frozen=True)
class Proposed:
    """A proposal with the item that it is about."""

    item: WorkItem
    proposal: Proposal


@dataclass(frozen=True)
class Recovered:
    """Worked seconds that would have been lost, whose they are, and when they were accepted."""

    person_id: int
    person_name: str
    accepted_at: datetime
    seconds: int


@dataclass(frozen=True)
class Settled:
    """What a person decided already: acts by their keys, and reading by its time."""

    keys: set[str]
    reading: list[Interval]


def traces(
    session: Session, *, actor: Actor, since: datetime
) -> tuple[list[Activity], list[Reading], dict[int, WorkItem]]:
    """Return what the actor did since then on work items that they may see: what they wrote and changed, and read.

    These items, which still take time, come along by their ids.

    What was done on a ticket that is merged counts for the one that it is part of (docs/desk.md rule 23).
    """
    acts = [*_messages(session, actor, since), *_changes(session, actor, since)]
    spans = _reading(session, actor, since)
    leads = merged_among(session, {act[1] for act in acts} | {span[1] for span in spans})
    acts = [(key, leads.get(item_id, item_id), at, says, seconds) for key, item_id, at, says, seconds in acts]
    spans = [(key, leads.get(item_id, item_id), start, end) for key, item_id, start, end in spans]
    items = items_of(session, actor=actor, item_ids={act[1] for act in acts} | {span[1] for span in spans})
    zones = {item_id: zone_named(item.project.client.time_zone) for item_id, item in items.items()}
    return (
        [
            Activity(key, item_id, at, local_day(at, zones[item_id]), says, seconds, entry_uuid=_entry_uuid(key))
            for key, item_id, at, says, seconds in acts
            if item_id in zones
        ],
        [
            Reading(key, item_id, start, end, local_day(start, zones[item_id]))
            for key, item_id, start, end in spans
            if item_id in zones
        ],
        items,
    )


def reading_is_noted(session: Session, *, person_id: int | None) -> bool:
    """Return whether both the company and the person want reading to be noted."""
    query = (
        select(Company.notes_reading, Person.notes_reading)
        .select_from(Person)
        .join(Company, Company.id == 1)
        .where(Person.id == person_id)
    )
    found = session.execute(query).one_or_none()
    return found is not None and all(found)


def items_of(session: Session, *, actor: Actor, item_ids: Collection[int]) -> dict[int, WorkItem]:
    """Return those of the work items that the actor may see and that still take time, with project and client."""
    if not item_ids:
        return {}
    query = (
        visible_items(actor)
        .where(WorkItem.id.in_(item_ids), Project.status != "done", Project.is_triage.is_(False))
        .options(contains_eager(WorkItem.project).contains_eager(Project.client))
    )
    return {item.id: item for item in session.scalars(query) if item.project.client.archived_at is None}


def timed(session: Session, *, person_id: int, since: datetime, now: datetime) -> list[Timed]:
    """Return the person's time since then, and what runs up to now; that of a merged ticket where this one goes on."""
    merged = TicketDetails.work_item_id == TimeEntry.work_item_id
    query = (
        time.with_work()
        .outerjoin(TicketDetails, merged)
        .add_columns(TicketDetails.merged_into_id)
        .where(
            TimeEntry.person_id == person_id,
            TimeEntry.status != "reversed",
            (TimeEntry.ended_at.is_(None)) | (TimeEntry.ended_at >= since - timedelta(days=1)),
        )
    )
    return [
        Timed(
            into_id or entry.work_item_id,
            entry.started_at,
            entry.ended_at or now,
            time.day_of(entry),
            entry.duration_only,
            entry.uuid,
        )
        for entry, into_id in session.execute(query)
    ]


def settled(session: Session, *, person_id: int, since: datetime) -> Settled:
    """Return the acts and the reading that decisions of the person settle, of what can be proposed still."""
    acts = [act for row in rows_of(session, _decided(person_id, since)) for act in row.evidence]
    return Settled(
        {str(act["key"]) for act in acts}, [_read(act) for act in acts if str(act["key"]).startswith(f"{READING}:")]
    )


def questions(*, person_id: int, since: datetime) -> list[Question]:
    """Return what `settled` and `traces` ask first, to be asked ahead."""
    return [_decided(person_id, since), *_acts_asked(person_id, since)]


def _decided(person_id: int, since: datetime) -> Question:
    return select(ProposalDecision.evidence).where(
        ProposalDecision.person_id == person_id,
        ProposalDecision.decided_at >= since,
        ProposalDecision.undone_at.is_(None),
    )


def _acts_asked(person_id: int | None, since: datetime) -> list[Question]:
    return [_messages_asked(person_id, since), _changes_asked(person_id, since), _reading_asked(person_id, since)]


def dismissed(session: Session, *, person_id: int, since: datetime) -> list[ProposalDecision]:
    """Return what the person dismissed since then and did not take back, the last one first."""
    query = (
        select(ProposalDecision)
        .where(
            ProposalDecision.person_id == person_id,
            ProposalDecision.decision == "dismissed",
            ProposalDecision.undone_at.is_(None),
            ProposalDecision.decided_at >= since,
        )
        .options(joinedload(ProposalDecision.work_item))
        .order_by(ProposalDecision.decided_at.desc(), ProposalDecision.id.desc())
    )
    return list(session.scalars(query))


def recovered(session: Session, *, since: datetime, person_id: int | None = None) -> list[Recovered]:
    """Return what came of proposals accepted since then, also where it was corrected; everybody's without a person."""
    became = _became(since)
    query = (
        select(
            ProposalDecision.person_id,
            Person.name,
            ProposalDecision.decided_at,
            TimeEntry.started_at,
            TimeEntry.ended_at,
        )
        .join(became, became.c.decision_id == ProposalDecision.id)
        .join(TimeEntry, TimeEntry.id == became.c.entry_id)
        .join(Person, Person.id == ProposalDecision.person_id)
        .where(TimeEntry.status != "reversed", TimeEntry.ended_at.is_not(None))
        .order_by(ProposalDecision.decided_at)
    )
    if person_id is not None:
        query = query.where(ProposalDecision.person_id == person_id)
    return [
        Recovered(row.person_id, row.name, row.decided_at, int((row.ended_at - row.started_at).total_seconds()))
        for row in session.execute(query)
    ]


def _became(since: datetime) -> CTE:
    """Return the entries that decisions since then led to: the one that was made, and what stands in its place now."""
    made = (
        select(ProposalDecision.id.label("decision_id"), TimeEntry.id.label("entry_id"))
        .join(TimeEntry, TimeEntry.uuid == ProposalDecision.entry_uuid)
        .where(ProposalDecision.decided_at >= since)
        .cte("became", recursive=True)
    )
    return made.union_all(
        select(made.c.decision_id, TimeReversal.replacement_id)
        .join(TimeReversal, TimeReversal.time_entry_id == made.c.entry_id)
        .where(TimeReversal.replacement_id.is_not(None))
    )


def _reading(session: Session, actor: Actor, since: datetime) -> list[tuple[str, int, datetime, datetime]]:
    rows = rows_of(session, _reading_asked(actor.person_id, since))
    return [(f"{READING}:{row.id}", row.work_item_id, row.started_at, row.ended_at) for row in rows]


def _reading_asked(person_id: int | None, since: datetime) -> Question:
    return (
        select(ReadingSpan.id, ReadingSpan.work_item_id, ReadingSpan.started_at, ReadingSpan.ended_at)
        .join(Company, Company.id == 1)
        .where(ReadingSpan.person_id == person_id, ReadingSpan.ended_at >= since, Company.notes_reading.is_(True))
    )


def _entry_uuid(key: str) -> str:
    """Return the uuid of the entry that was written with a message; empty for other acts."""
    kind, _colon, message_id = key.partition(":")
    return entry_uuid(int(message_id)) if kind == "message" else ""


def _read(act: Mapping[str, Any]) -> Interval:
    end = datetime.fromisoformat(act["at"])
    return end - timedelta(seconds=act["seconds"]), end


def _messages(session: Session, actor: Actor, since: datetime) -> list[tuple[str, int, datetime, str, int]]:
    return [
        (f"message:{row.id}", row.work_item_id, row.posted_at, *_writing(row.kind, row.reply_text, row.files or 0))
        for row in rows_of(session, _messages_asked(actor.person_id, since))
    ]


def _messages_asked(person_id: int | None, since: datetime) -> Question:
    files = (
        select(Attachment.message_id, func.count().label("files"))
        .join(Message, Message.id == Attachment.message_id)
        .where(Message.person_id == person_id, Message.posted_at >= since)
        .group_by(Attachment.message_id)
        .subquery()
    )
    return (
        select(Message.id, Message.work_item_id, Message.posted_at, Message.kind, Message.reply_text, files.c.files)
        .outerjoin(files, files.c.message_id == Message.id)
        .where(
            Message.person_id == person_id,
            Message.posted_at >= since,
            Message.kind.in_(WRITTEN),
            Message.automatic.is_(False),
        )
    )


def _writing(kind: str, text: str, files: int) -> tuple[str, int]:
    words = len(text.split())
    said = f"{WRITTEN[kind]}, {words} words" if words != 1 else f"{WRITTEN[kind]}, 1 word"
    if files:
        said += f", {files} {'file' if files == 1 else 'files'}"
    return said, writing_seconds(words=words, files=files)


def _changes(session: Session, actor: Actor, since: datetime) -> list[tuple[str, int, datetime, str, int]]:
    return [
        (
            f"audit:{row.id}",
            row.object_id or 0,
            row.at,
            _change(row.action, row.data),
            ACT_SECONDS.get(row.action, SHORT_ACT_SECONDS),
        )
        for row in rows_of(session, _changes_asked(actor.person_id, since))
    ]


def _changes_asked(person_id: int | None, since: datetime) -> Question:
    return select(AuditRow.id, AuditRow.object_id, AuditRow.at, AuditRow.action, AuditRow.data).where(
        AuditRow.actor_id == person_id,
        AuditRow.at >= since,
        AuditRow.object_kind.in_(ITEM_KINDS),
        AuditRow.object_id.is_not(None),
        AuditRow.action.not_in(sorted(IN_MESSAGES | NO_WORK)),
    )


def _change(action: str, data: Mapping[str, object]) -> str:
    after = data.get("after")
    return f"{action} to {after}".replace("_", " ") if action == "set status" and after else action
