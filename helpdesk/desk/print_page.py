"""A ticket or a task on paper: its conversation in order, with what somebody ticked (docs/desk.md rules 93 to 95)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.desk import render
from helpdesk.infra.policy import Actor
from helpdesk.tickets import queries as tickets
from helpdesk.timekeeping.queries import timer_state
from helpdesk.timekeeping.render import EntryLine


@dataclass(frozen=True)
class Choices:
    """What of a conversation goes on paper besides mails and answers."""

    notes: bool = False
    time: bool = False
    quotes: bool = False


@dataclass(frozen=True)
class Printed:
    """What stands on the paper."""

    item: render.ItemFacts
    requester: str
    messages: Sequence[render.MessageLine]
    entries: Sequence[EntryLine]
    worked_seconds: int
    left_out: int


def printed(session: Session, *, actor: Actor, number: int, now: datetime, choices: Choices) -> Printed:
    """Return a conversation as it is printed; changes of status and the like, held and refused mail are no part of it.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    item, details = tickets.get_item_with_details(session, actor=actor, number=number)
    asks = details.requester if details is not None else None
    said = [
        message
        for message in tickets.conversation(session, item.id)
        if message.kind != "event" and not message.held and message.discarded_at is None
    ]
    shown = [message for message in said if choices.notes or message.kind != "note"]
    entries, _timer = timer_state.of_item(session, item.id, person_id=actor.person_id)
    lines = [line for entry, line in render.with_lines(entries, actor=actor, now=now) if entry.ended_at is not None]
    return Printed(
        item=render.item_facts(item),
        requester=" ".join(filter(None, (asks.name, f"<{asks.email}>" if asks.email else ""))) if asks else "",
        messages=[render.message_line(one, actor=actor, now=now, worked_seconds=0) for one in shown],
        entries=lines if choices.time else [],
        worked_seconds=sum(line.worked_seconds for line in lines),
        left_out=len(said) - len(shown),
    )
