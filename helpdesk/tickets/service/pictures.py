"""Pictures from elsewhere in a mail: asked for by a person, claimed, and recorded one by one (docs/mail.md rule 33)."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from helpdesk.infra import audit, blobs, jobs
from helpdesk.infra.policy import Actor
from helpdesk.kernel.errors import NotFound, RuleViolation
from helpdesk.projects import queries as project_queries
from helpdesk.tickets import queries
from helpdesk.tickets.domain import place_of_picture
from helpdesk.tickets.models import Message, RemotePicture
from helpdesk.tickets.service.writing import lock

PICTURES_LIMIT = 50
ATTEMPTS = 3
CLAIM_LIFETIME = timedelta(minutes=5)
"""After this long whoever fetched has died: a mail's pictures take a minute at most."""
SWEEP_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """One picture to fetch."""

    id: int
    url: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """A stored picture."""

    digest: str
    size_bytes: int
    content_type: str


def ask_for_pictures(session: Session, *, actor: Actor, now: datetime, item_id: int, message_id: int) -> int:
    """Have the pictures from elsewhere of a mail fetched that are not there yet, and return how many those are.

    Raises:
        NotFound: no such message on this item, or not for this actor.
        RuleViolation: it has none, or all are there.
    """
    project_queries.get_item(session, actor=actor, item_id=item_id)
    lock(session, item_id)
    message = queries.get_message(session, actor=actor, message_id=message_id)
    if message.work_item_id != item_id:
        text = "There is no such message."
        raise NotFound(text)
    wanted = _wanted_of(session, message, actor, now)
    if not wanted:
        text = "There is no picture from elsewhere in this mail that is not shown already."
        raise RuleViolation(text)
    audit.record(
        session,
        actor=actor,
        action="asked for pictures from elsewhere",
        kind="work_item",
        object_id=item_id,
        now=now,
        message_id=message_id,
    )
    session.flush()
    jobs.ring(session, "fetch_pictures", message_id)
    return len(wanted)


def claim_pictures(session: Session, *, message_id: int, now: datetime) -> list[Wanted]:
    """Return the pictures that are ours to fetch now; one that was claimed three times in vain is missing for good."""
    left = (RemotePicture.message_id == message_id) & (RemotePicture.state == "wanted")
    free = left & or_(RemotePicture.claimed_at.is_(None), RemotePicture.claimed_at <= now - CLAIM_LIFETIME)
    session.execute(
        update(RemotePicture)
        .where(free, RemotePicture.attempts >= ATTEMPTS)
        .values(state="missing", why="it broke off whoever drew it", fetched_at=now)
    )
    claimed = session.execute(
        update(RemotePicture)
        .where(free)
        .values(claimed_at=now, attempts=RemotePicture.attempts + 1)
        .returning(RemotePicture.id, RemotePicture.url, RemotePicture.position)
    ).all()
    return [Wanted(row.id, row.url) for row in sorted(claimed, key=lambda row: row.position)]


def record_picture(session: Session, *, picture_id: int, got: Drawn | str, now: datetime) -> None:
    """Note what came of one picture: it is drawn and stored, or missing, and why."""
    if isinstance(got, Drawn):
        blobs.record(session, digest=got.digest, size_bytes=got.size_bytes, now=now)
        values = {"state": "shown", "why": "", "blob_sha256": got.digest, "content_type": got.content_type}
    else:
        values = {"state": "missing", "why": got}
    query = update(RemotePicture).where(RemotePicture.id == picture_id, RemotePicture.state == "wanted")
    session.execute(query.values(fetched_at=now, **values))


def ring_wanted(session: Session, *, now: datetime) -> Collection[int]:
    """Ring again for mails whose pictures nobody fetches, and return them."""
    query = (
        select(RemotePicture.message_id)
        .where(
            RemotePicture.state == "wanted",
            or_(RemotePicture.claimed_at.is_(None), RemotePicture.claimed_at <= now - CLAIM_LIFETIME),
        )
        .distinct()
        .limit(SWEEP_LIMIT)
    )
    left = list(session.scalars(query))
    for message_id in left:
        jobs.ring(session, "fetch_pictures", message_id)
    return left


def _wanted_of(session: Session, message: Message, actor: Actor, now: datetime) -> list[RemotePicture]:
    """Return the rows of the pictures to fetch, made where they are not there; a fetched one is left alone."""
    query = select(RemotePicture).where(RemotePicture.message_id == message.id)
    known = {row.place: row for row in session.scalars(query.execution_options(populate_existing=True))}
    wanted = []
    for position, url in enumerate(message.blocked_images):
        row = known.get(place_of_picture(url)) or RemotePicture(
            message_id=message.id, position=position, url=url, place=place_of_picture(url), state="missing"
        )
        if row.state != "missing":
            continue
        row.asked_at, row.asked_by_id, row.claimed_at, row.attempts = now, actor.person_id, None, 0
        if position >= PICTURES_LIMIT:
            row.why = f"more than {PICTURES_LIMIT} pictures of one mail are not fetched"
        else:
            row.state, row.why = "wanted", ""
            wanted.append(row)
        session.add(row)
    return wanted
