"""What a run of faults cost: counted from the rows, the files and what the world outside received."""

import hashlib
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, fields

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.models import Blob
from helpdesk.intake.models import InboundEffect, InboundMessage
from helpdesk.outbox.models import OutgoingMessage
from helpdesk.projects.models import WorkItem
from helpdesk.tickets.models import TicketDetails
from tests.faults.load import OUTCOMES, TICKETS, Sent
from tests.smtp_sink import Taken

FINISHED = ("done", "ignored", "held", "quarantined")


@dataclass(frozen=True)
class Toll:
    """What must be nothing: each field lists what went wrong; ``repeats`` alone may be there, within its bounds."""

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()
    surprises: tuple[str, ...] = ()
    orphans: tuple[str, ...] = ()
    missing_files: tuple[str, ...] = ()
    unsent: tuple[str, ...] = ()
    bad_repeats: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()

    def faults(self) -> dict[str, tuple[str, ...]]:
        """Return what must not be there, by name."""
        found = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "repeats"}
        return {name: rows for name, rows in found.items() if rows}


def unfinished(session: Session, *, copies: int) -> int:
    """Return how many of the delivered copies have no outcome yet, and how much mail of ours is still to leave."""
    finished = select(func.count()).select_from(InboundMessage).where(InboundMessage.state.in_(FINISHED))
    leaving = select(func.count()).where(OutgoingMessage.state.in_(("queued", "claimed")))
    return max(0, copies - (session.scalar(finished) or 0)) + (session.scalar(leaving) or 0)


def suspects(session: Session) -> int:
    """Return how many messages wait whose handling broke off before: they are being handled once more."""
    query = select(func.count()).select_from(InboundMessage)
    again = InboundMessage.attempts > 1, InboundMessage.state.in_(("received", "processing"))
    return session.scalar(query.where(*again)) or 0


def count(session: Session, *, store: BlobStore, delivered: Iterable[Sent], taken: Sequence[Taken]) -> Toll:
    """Return the toll of a run that is over."""
    delivered = list(delivered)
    lines: dict[str, list[InboundMessage]] = {}
    for line in session.scalars(select(InboundMessage)):
        lines.setdefault(line.message_id, []).append(line)
    effects = Counter(session.scalars(select(InboundEffect.inbound_message_id)))
    return Toll(
        lost=_lost(delivered, lines),
        doubled=(*_doubled(delivered, lines, effects), *_tickets_without_mail(session)),
        surprises=_surprises(delivered, lines),
        orphans=_orphans(session, store),
        missing_files=_missing(session, store),
        unsent=_unsent(session, taken),
        bad_repeats=_bad_repeats(session, taken),
        repeats=_repeated(taken),
    )


def _lost(delivered: Iterable[Sent], lines: dict[str, list[InboundMessage]]) -> tuple[str, ...]:
    """Return mails that have fewer outcomes than copies."""
    return tuple(
        sent.message_id
        for sent in delivered
        if sum(line.state in FINISHED for line in lines.get(sent.message_id, [])) < sent.copies
    )


def _doubled(delivered: Iterable[Sent], lines: dict[str, list[InboundMessage]], effects: Counter[int]) -> Iterable[str]:
    """Yield mails with more rows than copies, more than one effect, or other than one ticket where one is due."""
    for sent in delivered:
        rows = lines.get(sent.message_id, [])
        opened = sum(line.outcome == "ticket" for line in rows)
        wanted = 1 if sent.kind in TICKETS else 0
        if len(rows) > sent.copies or opened > wanted or any(effects[line.id] > 1 for line in rows):
            yield sent.message_id


def _tickets_without_mail(session: Session) -> Iterable[str]:
    """Yield tickets of the load that no effect points at: half of a transaction."""
    caused = select(InboundEffect.work_item_id)
    query = select(WorkItem.title).join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
    for title in session.scalars(query.where(WorkItem.title.startswith("Load "), WorkItem.id.not_in(caused))):
        yield f"ticket “{title}” without its mail"


def _surprises(delivered: Iterable[Sent], lines: dict[str, list[InboundMessage]]) -> tuple[str, ...]:
    """Return mails whose outcome is another than their kind allows, with that outcome and its error."""
    return tuple(
        f"{sent.message_id}: {line.state} {line.outcome} {line.error}".strip()
        for sent in delivered
        for line in lines.get(sent.message_id, [])
        if line.state in FINISHED and line.outcome not in OUTCOMES[sent.kind]
    )


def _orphans(session: Session, store: BlobStore) -> tuple[str, ...]:
    known = set(session.scalars(select(Blob.sha256)))
    return tuple(path.name for path in store.root.glob("??/*") if path.name not in known)


def _missing(session: Session, store: BlobStore) -> tuple[str, ...]:
    """Return rows whose file is not there, or holds other bytes than its name says."""
    return tuple(
        digest
        for digest in session.scalars(select(Blob.sha256))
        if not store.path_of(digest).exists() or _hash(store, digest) != digest
    )


def _hash(store: BlobStore, digest: str) -> str:
    return hashlib.sha256(store.get(digest)).hexdigest()


def _unsent(session: Session, taken: Sequence[Taken]) -> tuple[str, ...]:
    """Return messages that are not sent, or that say so and never arrived."""
    arrived = set(_ids(taken))
    rows = session.execute(select(OutgoingMessage.message_id, OutgoingMessage.state, OutgoingMessage.last_error))
    return tuple(
        f"{row.message_id}: {row.state} {row.last_error}"
        for row in rows
        if row.state != "sent" or row.message_id not in arrived
    )


def _bad_repeats(session: Session, taken: Sequence[Taken]) -> tuple[str, ...]:
    """Return what arrived more often than it was claimed, with other bytes than before, or from no row of ours."""
    attempts = {
        row.message_id: row.attempts
        for row in session.execute(select(OutgoingMessage.message_id, OutgoingMessage.attempts))
    }
    contents: dict[str, set[bytes]] = {}
    for message_id, one in zip(_ids(taken), taken, strict=True):
        contents.setdefault(message_id, set()).add(one.content)
    too_often = [each for each, times in Counter(_ids(taken)).items() if times > attempts.get(each, 0)]
    changed = [each for each, bodies in contents.items() if len(bodies) > 1]
    return (*too_often, *changed)


def _repeated(taken: Sequence[Taken]) -> tuple[str, ...]:
    return tuple(each for each, times in Counter(_ids(taken)).items() if times > 1)


def _ids(taken: Sequence[Taken]) -> list[str]:
    return [str(one.message["Message-ID"]) for one in taken]


def copies_of(delivered: Collection[Sent]) -> int:
    """Return how many messages were put into the mailbox."""
    return sum(sent.copies for sent in delivered)
