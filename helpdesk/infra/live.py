"""Live events: short rows that tell open pages what to look at again, written with the change that they tell of.

An event says that something changed and where, never what it says: whoever hears it asks the page again, by that page's
own rules. Rows are the truth; the broker only tells the event process to look (``jobs.knock_later``).
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, func, insert, select
from sqlalchemy.orm import Session

from helpdesk.infra import jobs
from helpdesk.infra.db import alone, at_the_end
from helpdesk.infra.models import LiveEvent

KEPT = timedelta(days=1)


@dataclass(frozen=True)
class Audience:
    """Who hears an event: one person, everybody on the desk, or all who may see one work item."""

    kind: str
    id: int | None = None


DESK = Audience("desk")
SHOWN = "item"
"""The topic of what only the page of an item shows, and no list: its time, or what became of its mail."""
LISTED = "queue"
"""The topic of what lists show, too."""


def to_person(person_id: int) -> Audience:
    """Return the audience of one person."""
    return Audience("person", person_id)


def to_item(item_id: int) -> Audience:
    """Return the audience of all on the desk who may see the work item when the event is handed out."""
    return Audience("item", item_id)


@dataclass(frozen=True)
class _Noted:
    audience: Audience
    topic: str
    now: datetime = field(compare=False)
    data: tuple[tuple[str, Any], ...]


def publish(session: Session, *, audience: Audience, topic: str, now: datetime, **data: str | int | None) -> None:
    """Note an event of this transaction; it is written where the transaction ends, and undone with it.

    ``data`` is a handful of numbers and short words: ids, never texts of clients, never a secret. What is told twice in
    one transaction is written once.
    """
    noted: dict[_Noted, None] = session.info.setdefault("live events", {})
    noted.setdefault(_Noted(audience, topic, now, tuple(sorted(data.items()))))
    at_the_end(session, _write)


def newest_id(session: Session) -> int:
    """Return the id of the newest event, 0 where there is none: from here on a page wants to hear."""
    return session.scalar(newest()) or 0


def newest() -> Select[int]:
    """Return the question for the newest event, to be asked together with others; NULL where there is none."""
    return select(func.max(LiveEvent.id))


def forget_old(session: Session, *, now: datetime) -> None:
    """Delete events that nobody resumes from any more. The newest stays, so that ids never begin anew."""
    session.execute(delete(LiveEvent).where(LiveEvent.created_at < now - KEPT, LiveEvent.id < newest_id(session)))


def _write(session: Session) -> None:
    """Write what was noted, in the order of commits: a reader that has seen an id has seen all smaller ones.

    Sequences count in the order of asking. So the number is asked for behind a lock that ends with the commit, after
    all other work of the transaction: it is held for as long as a commit takes.
    """
    session.flush()
    alone(session, "live events")
    noted = session.info.pop("live events")
    listed = {event.audience for event in noted if event.topic == LISTED}
    rows = [
        {
            "created_at": event.now,
            "audience": event.audience.kind,
            "audience_id": event.audience.id,
            "topic": event.topic,
            "data": dict(event.data),
        }
        for event in noted
        if event.topic != SHOWN or event.audience not in listed
    ]
    session.connection().execute(insert(LiveEvent), rows)
    jobs.knock_later(session)
