"""Calls and visits with the time that they took, each in one act (docs/desk.md rules 37 to 39)."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.desk.closing import refuse_open_parts
from helpdesk.desk.service import set_status
from helpdesk.desk.talk_letters import note_of
from helpdesk.desk.worked_time import NO_TIME, WorkedTime
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import HelpdeskError, RuleViolation
from helpdesk.kernel.periods import local_day, zone_named
from helpdesk.projects import queries as projects
from helpdesk.projects.models import WorkItem
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import NewAttachment, entry_uuid, travel_uuid
from helpdesk.tickets.models import Message
from helpdesk.tickets.service import Spoken
from helpdesk.tickets.service.writing import lock
from helpdesk.timekeeping import service as timekeeping
from helpdesk.timekeeping.domain.worked import Worked, read_length
from helpdesk.timekeeping.queries import entries

TO_COME = "That is still to come; calls and visits are logged afterwards."


def log_talk(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    spoken: Spoken,
    at: datetime | None = None,
    time: WorkedTime = NO_TIME,
    travel: WorkedTime = NO_TIME,
    status: str = "",
    files: Sequence[NewAttachment] = (),
) -> Message:
    """Write a call or visit with its time, that of the way there, and the status afterwards: all of it, or nothing.

    ``at`` is when it began; without that it has just ended.

    Raises:
        NotFound: no such item, or not for this actor.
        Conflict: it was merged into another ticket, or it would be done while parts of it are open.
        RuleViolation: nothing said, nobody named, time that cannot be read or logged, or it is still to come.
    """
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    tickets.refuse_merged(session, item)
    message = write_with_time(
        session,
        actor=actor,
        now=now,
        item=item,
        spoken=spoken,
        at=at,
        time=time,
        travel=travel,
        opens=False,
        files=files,
    )
    if status:
        refuse_open_parts(session, actor=actor, item=item, status=status)
        set_status(session, actor=actor, now=now, number=number, status=status)
    return message


def write_with_time(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    spoken: Spoken,
    at: datetime | None,
    time: WorkedTime,
    travel: WorkedTime = NO_TIME,
    opens: bool,
    files: Sequence[NewAttachment] = (),
) -> Message:
    """Write a call or visit on a locked item, and log its time; see `log_talk`."""
    if at is not None and at > now:
        raise RuleViolation(TO_COME, field="at")
    worked = _worked(item, time, at=at, now=now, field="worked")
    began = worked.started_at if worked is not None else at or now
    until = worked.ended_at if worked is not None else began
    message = tickets.write_talk(
        session,
        actor=actor,
        now=now,
        item=item,
        spoken=spoken,
        at=began,
        until=until,
        opens=opens,
        attachments=files,
    )
    whom = message.talk.whom if message.talk is not None else ""
    client = item.project.client
    if worked is not None:
        note = note_of(spoken.channel, whom=whom, client=client)
        _log(session, actor, now, item, time, worked, note=note, uuid=entry_uuid(message.id), field="worked")
    way = _worked(item, travel, at=None, now=began, field="travel")  # it ends as the visit begins
    if way is not None:
        note = note_of("travel", whom=whom, client=client)
        _log(session, actor, now, item, travel, way, note=note, uuid=travel_uuid(message.id), field="travel")
    return message


def correct_talk(
    session: Session,
    *,
    actor: Actor,
    now: datetime,
    number: int,
    message_id: int,
    spoken: Spoken,
    at: datetime | None,
) -> Message:
    """Say of a call or visit what was so; its time goes along where it began at another moment.

    Raises:
        NotFound: no such item, or not for this actor; somebody else's call.
        Conflict: it was merged, or its time is billed already.
        RuleViolation: nothing said, nobody named, it is still to come, or its time is approved.
    """
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    tickets.refuse_merged(session, item)
    message = tickets.own_talk(session, actor=actor, item_id=item.id, message_id=message_id)
    began = at or message.posted_at
    if began > now:
        raise RuleViolation(TO_COME, field="at")
    moved_by = began - message.posted_at
    entry = entries.of_uuid(session, person_id=message.person_id, uuid=entry_uuid(message.id))
    until = entry.ended_at + moved_by if entry is not None and entry.ended_at is not None else began
    tickets.correct_talk(session, actor=actor, now=now, message=message, spoken=spoken, at=began, until=until)
    if moved_by:
        _move_time(session, actor, now, item, message, moved_by)
    return message


def remove_talk(session: Session, *, actor: Actor, now: datetime, number: int, message_id: int) -> str:
    """Delete a call or visit with its time; return in words why some of that stays, or "".

    Raises:
        NotFound: no such item, or not for this actor; somebody else's call.
    """
    item = lock(session, projects.get_item(session, actor=actor, number=number).id)
    message = tickets.own_talk(session, actor=actor, item_id=item.id, message_id=message_id)
    person_id, stays = message.person_id, ""
    tickets.remove_talk(session, actor=actor, now=now, message=message)
    for uuid in (entry_uuid(message_id), travel_uuid(message_id)):
        entry = entries.of_uuid(session, person_id=person_id, uuid=uuid)
        if entry is None:
            continue
        try:
            with session.begin_nested():
                timekeeping.delete_entry(session, actor=actor, now=now, entry_id=entry.id)
        except HelpdeskError as refusal:
            stays = str(refusal)
    return stays


def _worked(item: WorkItem, time: WorkedTime, *, at: datetime | None, now: datetime, field: str) -> Worked | None:
    """Return when the time was worked that somebody typed; None where none was."""
    if not time.worked.strip():
        return None
    zone = zone_named(item.project.client.time_zone)
    try:
        read = read_length(time.worked, day=local_day(at or now, zone), zone=zone)
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field) from refusal
    if not read.duration_only:
        return read
    length = timedelta(seconds=read.seconds)
    began = at or now.replace(second=0, microsecond=0) - length
    return Worked(began, began + length, duration_only=False)


def _log(
    session: Session,
    actor: Actor,
    now: datetime,
    item: WorkItem,
    time: WorkedTime,
    worked: Worked,
    *,
    note: str,
    uuid: str,
    field: str,
) -> None:
    day = local_day(worked.started_at, zone_named(item.project.client.time_zone))
    try:
        timekeeping.add_entry(
            session,
            actor=actor,
            now=now,
            item_id=item.id,
            day=day,
            worked=worked,
            note=note,
            billable=time.billable,
            work_type_id=time.work_type_id,
            uuid=uuid,
        )
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field) from refusal


def _move_time(
    session: Session, actor: Actor, now: datetime, item: WorkItem, message: Message, moved_by: timedelta
) -> None:
    zone = zone_named(item.project.client.time_zone)
    for uuid in (entry_uuid(message.id), travel_uuid(message.id)):
        entry = entries.of_uuid(session, person_id=message.person_id, uuid=uuid)
        if entry is None or entry.ended_at is None:
            continue
        worked = Worked(entry.started_at + moved_by, entry.ended_at + moved_by, duration_only=False)
        try:
            timekeeping.edit_entry(
                session,
                actor=actor,
                now=now,
                entry_id=entry.id,
                day=local_day(worked.started_at, zone),
                worked=worked,
                note=entry.note,
                billable=entry.billable,
                work_type_id=entry.work_type_id,
            )
        except RuleViolation as refusal:
            raise RuleViolation(str(refusal), field="at") from refusal
