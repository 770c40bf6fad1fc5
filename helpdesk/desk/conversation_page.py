"""What of a conversation stands on the page: a short one whole, of a long one the newest part or that around a message.

docs/desk.md rules 68 and 69.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.desk import render
from helpdesk.infra.policy import Actor
from helpdesk.intake import queries as intake
from helpdesk.tickets import queries as tickets
from helpdesk.tickets.domain import entry_uuid
from helpdesk.tickets.models import Message
from helpdesk.timekeeping.models import TimeEntry
from helpdesk.timekeeping.queries import timer_state
from helpdesk.timekeeping.render import EntryLine

WHOLE = 60
"""A conversation of at most so many messages is shown whole."""
NEWEST, AROUND, STEP = 40, 40, 60
CONTEXT = 5
"""So many messages stand before the one that somebody came for."""
RUN = 3
"""So many events in a row are folded together."""


@dataclass(frozen=True)
class TimeLine:
    """An entry that was not logged with a message, where it was worked."""

    entry: EntryLine
    posted_at: datetime
    kind: str = "time"


@dataclass(frozen=True)
class EventRun:
    """Several events in a row; the last one tells where they led."""

    events: list[render.MessageLine]
    kind: str = "events"

    @property
    def last(self) -> render.MessageLine:
        """Return the newest of them."""
        return self.events[-1]


@dataclass(frozen=True)
class Conversation:
    """The part that is shown, in its order; ``earlier`` and ``later`` count the messages that are not.

    ``earlier_id`` and ``later_id`` are the messages at which those parts are asked for; a page that comes for
    ``earlier_at`` shows, without a script, what is earlier.
    """

    pieces: Sequence[Any]
    lines: list[render.MessageLine]
    earlier: int
    later: int
    earlier_id: int | None
    later_id: int | None
    earlier_at: int | None


@dataclass(frozen=True)
class Window:
    """What of a conversation stands on a page that is open: from a message on, up to another one or to the newest."""

    first: int
    last: int | None = None


def still_shown(messages: Sequence[Message], window: Window | None) -> range:
    """Return the places of what an open page shows, with what came at its end since; where it began nowhere, anew."""
    places = {one.id: place for place, one in enumerate(messages)}
    if window is None or window.first not in places:
        return shown(messages)
    end = len(messages) if window.last is None else places.get(window.last, len(messages) - 1) + 1
    return range(places[window.first], max(end, places[window.first] + 1))


def shown(messages: Sequence[Message], *, at: int | None = None) -> range:
    """Return the places of the messages to show: the newest ones, or those around the message ``at``."""
    count = len(messages)
    if count <= WHOLE:
        return range(count)
    newest = count - NEWEST
    place = next((place for place, one in enumerate(messages) if one.id == at), newest)
    if place >= newest:
        return range(newest, count)
    first, last = max(0, place - CONTEXT), place + AROUND
    return range(first, count if last >= newest else last)


def beside(messages: Sequence[Message], *, before: int | None, after: int | None) -> range:
    """Return the places of what comes before a message, or after one, in steps; nothing where there is no such one."""
    places = {one.id: place for place, one in enumerate(messages)}
    if before in places:
        return range(max(0, places[before] - STEP), places[before])
    if after in places:
        return range(places[after] + 1, min(len(messages), places[after] + 1 + STEP))
    return range(0)


def conversation(
    messages: Sequence[Message],
    place: range,
    *,
    actor: Actor,
    now: datetime,
    came_as: Mapping[int, int],
    time: Collection[tuple[TimeEntry, EntryLine]],
) -> Conversation:
    """Return the part of a conversation in these places, with the time that was worked meanwhile."""
    worked = render.seconds_by_uuid([entry for entry, _line in time], now=now)
    lines = [
        render.message_line(
            message,
            actor=actor,
            now=now,
            worked_seconds=worked.get(entry_uuid(message.id), 0),
            inbound_id=came_as.get(message.id),
        )
        for message in messages[place.start : place.stop]
    ]
    rest, first = len(messages) - place.stop, place.start
    return Conversation(
        pieces=_folded(_with_time(messages, place, lines, time)),
        lines=lines,
        earlier=first,
        later=rest,
        earlier_id=messages[first].id if first and lines else None,
        later_id=messages[place.stop - 1].id if rest and lines else None,
        earlier_at=messages[max(0, first - AROUND)].id if first else None,
    )


def part(
    session: Session, *, actor: Actor, number: int, now: datetime, before: int | None, after: int | None
) -> tuple[render.ItemFacts, Conversation, bool]:
    """Return an item, what of its conversation comes before or after a message, and whether it is merged.

    Raises:
        NotFound: no such item, or not for this actor.
    """
    item, details = tickets.get_item_with_details(session, actor=actor, number=number)
    messages = tickets.conversation(session, item.id)
    entries, _timer = timer_state.of_item(session, item.id, person_id=actor.person_id)
    found = conversation(
        messages,
        beside(messages, before=before, after=after),
        actor=actor,
        now=now,
        came_as=intake.came_as(session, item.id),
        time=render.with_lines(entries, actor=actor, now=now),
    )
    return render.item_facts(item), found, details is not None and details.merged_into_id is not None


def _with_time(
    messages: Sequence[Message],
    place: range,
    lines: Sequence[render.MessageLine],
    time: Collection[tuple[TimeEntry, EntryLine]],
) -> list[Any]:
    """Return the lines with entries between them that no message carries; one that runs stands in the panel alone."""
    carried = {entry_uuid(message.id) for message in messages}
    first = messages[place.start].posted_at if place.start and lines else None
    last = messages[place.stop].posted_at if place.stop < len(messages) else None
    ends = [
        TimeLine(line, entry.ended_at)
        for entry, line in time
        if entry.ended_at is not None
        and entry.uuid not in carried
        and (first is None or entry.ended_at >= first)
        and (last is None or entry.ended_at < last)
    ]
    return sorted([*lines, *ends], key=lambda piece: piece.posted_at)


def _folded(pieces: Sequence[Any]) -> list[Any]:
    """Return the pieces with three and more events in a row as one."""
    found: list[Any] = []
    for is_event, group in groupby(pieces, key=lambda piece: piece.kind == "event"):
        run = list(group)
        found.extend([EventRun(run)] if is_event and len(run) >= RUN else run)
    return found
