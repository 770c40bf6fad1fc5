"""Passing on with the time that it took, and taking that back, each in one act (docs/desk.md rules 70 to 72)."""

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.company import service as company
from helpdesk.desk.taking_back import state_of, take_back_time
from helpdesk.desk.worked_time import NO_TIME, WorkedTime, log_time
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import queries as projects
from helpdesk.tickets import service as tickets
from helpdesk.tickets.domain import is_forward
from helpdesk.tickets.models import Message, Takeback
from helpdesk.tickets.service import Onward, Typed
from helpdesk.tickets.service.writing import lock


def forward(
    session: Session, *, actor: Actor, now: datetime, number: int, onward: Onward, time: WorkedTime = NO_TIME
) -> Message:
    """Pass messages on and log the time; the mail waits as long as answers do (docs/answering.md rule 8).

    Raises:
        NotFound: no such item, message or file, or not for this actor.
        Conflict: it was merged into another ticket.
        RuleViolation: see `tickets.forward`; time that cannot be read.
    """
    item = projects.get_item(session, actor=actor, number=number)
    item = lock(session, item.id)
    tickets.refuse_merged(session, item)
    held_seconds = company.get_company(session).undo_seconds
    hold_until = now + timedelta(seconds=held_seconds) if held_seconds else None
    before = state_of(session, item)
    message = tickets.forward(session, actor=actor, now=now, item_id=item.id, onward=onward, hold_until=hold_until)
    log_time(session, actor=actor, now=now, item=item, message=message, time=time)
    if hold_until is not None:
        typed = Typed(body="", worked=time.worked, work_type_id=time.work_type_id, billable=time.billable)
        after = state_of(session, item)
        tickets.hold(session, message=message, until=hold_until, typed=typed, before=before, after=after)
        held = session.get_one(Takeback, message.id)
        held.typed = {**held.typed, "onward": _kept(onward)}
    return message


def take_back(
    session: Session, *, actor: Actor, now: datetime, number: int, message_id: int
) -> tuple[Onward, WorkedTime, str]:
    """Keep from leaving what was passed on; return what had been typed, and in words what stays, or "".

    Raises:
        NotFound: no such message of the actor's.
        Conflict: it has left.
    """
    item = projects.get_item(session, actor=actor, number=number)
    item = lock(session, item.id)
    held = tickets.held_answer(session, actor=actor, item_id=item.id, message_id=message_id)
    if not is_forward(held.message.kind, held.message.outgoing_message_id):
        message = "There is no such answer of yours."
        raise NotFound(message)
    typed: dict[str, Any] = held.typed
    tickets.withdraw_forward(session, actor=actor, now=now, held=held)
    stays = take_back_time(session, actor, now, message_id)
    time = WorkedTime(typed["worked"], typed["work_type_id"], typed["billable"])
    return Onward(**typed["onward"]), time, stays


def _kept(onward: Onward) -> dict[str, Any]:
    return {**asdict(onward), "message_ids": list(onward.message_ids), "file_ids": list(onward.file_ids)}
