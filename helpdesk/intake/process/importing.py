"""Importing mail from files through the very way that fetched mail goes (docs/mail.md rules 1, 4, 7 and 42).

First all files are looked through for where their mails begin; then the mails are stored in the order of their dates,
so that an answer never comes before what it answers; then each is handled here. Every step can be killed and repeated:
what is there already is recognised.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from helpdesk.infra import leases
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.intake.domain.identity import content_hash, derived_message_id
from helpdesk.intake.parser.archive import Place, Unusable, mail_files, places_in, read
from helpdesk.intake.process.drain import drain
from helpdesk.intake.process.fetch import peek
from helpdesk.intake.process.reader import Reader
from helpdesk.intake.service import importing, limits
from helpdesk.intake.service.importing import Imported
from helpdesk.kernel.errors import Conflict

BATCH_MAILS = 50
BATCH_BYTES = 8 * 1024 * 1024
LEASE_SECONDS = 120
SLICE_SECONDS = 3.0
PAUSE_SECONDS = 1.0
COUNTED_AT_ONCE = 500
SUBJECT_CHARACTERS = 1_000


@dataclass(kw_only=True)
class Import:
    """One run: into which mailbox, with what, and what came of it so far.

    ``failures`` are files and mails that could not be taken in or handled, each with its reason.
    """

    mailbox_id: int
    unit_of_work: UnitOfWork
    store: BlobStore
    clock: Clock
    holder: str
    largest_bytes: int
    new: int = 0
    already_there: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)


def start(address: str, unit_of_work: UnitOfWork, *, store: BlobStore, clock: Clock, holder: str) -> Import:
    """Return a run that imports into the mailbox with this address; :func:`end` it.

    Raises:
        NotFound: no such mailbox.
        Conflict: another import into it is under way.
    """
    with unit_of_work() as session:
        mailbox = importing.mailbox_named(session, address)
        largest_bytes = limits.current(session).largest_mail_mb * limits.BYTES_IN_A_MEGABYTE
    run = Import(
        mailbox_id=mailbox.id,
        unit_of_work=unit_of_work,
        store=store,
        clock=clock,
        holder=holder,
        largest_bytes=largest_bytes,
    )
    _keep_lease(run)
    return run


def end(run: Import) -> None:
    """Let others import into the mailbox."""
    with run.unit_of_work() as session:
        leases.release(session, name=_lease(run), holder=run.holder)


def survey(run: Import, paths: Iterable[Path]) -> list[Place]:
    """Return where the mails lie, in the order of their dates; those without one come last."""
    places: list[Place] = []
    for path in mail_files(paths):
        for found in places_in(path, now=run.clock()):
            if isinstance(found, Unusable):
                run.failures.append(str(found))
            elif found.size_bytes > run.largest_bytes:
                run.failures.append(f"{found}: is larger than {run.largest_bytes // limits.BYTES_IN_A_MEGABYTE} MB")
            else:
                places.append(found)
    latest = datetime.max.replace(tzinfo=UTC)
    places.sort(key=lambda place: place.sent_at or latest)
    return places


def store_all(run: Import, places: Iterable[Place]) -> Iterator[int]:
    """Store the mails and commit their lines, batch by batch; yield how many files each batch took."""
    for batch in _batches(places):
        _keep_lease(run)
        described = [pair for place in batch if (pair := _described(run, place)) is not None]
        with run.unit_of_work() as session:
            known = importing.already_there(session, run.mailbox_id, [_identity(mail) for mail, _ in described])
        fresh: dict[importing.Identity, tuple[Imported, bytes]] = {}
        for mail, content in described:
            if _identity(mail) not in known:
                fresh.setdefault(_identity(mail), (mail, content))
        digests = run.store.put_all(content for _, content in fresh.values())
        stored = [(mail, digest) for (mail, _), digest in zip(fresh.values(), digests, strict=True)]
        with run.unit_of_work() as session:
            importing.keep(session, mailbox_id=run.mailbox_id, mails=stored, now=run.clock())
        run.new += len(stored)
        run.already_there += len(described) - len(stored)
        yield len(batch)


def waiting(run: Import) -> list[int]:
    """Return the messages to be handled: those of this run, and what an earlier one that was killed left."""
    with run.unit_of_work() as session:
        return importing.waiting(session, run.mailbox_id)


def handle_all(run: Import, inbound_ids: Iterable[int]) -> Iterator[int]:
    """Handle the messages, whether or not a worker runs; yield how many are through, every few seconds.

    They are handled as workers handle them; mail that was fetched meanwhile is handled along with them.
    """
    wanted = list(inbound_ids)
    ids = set(wanted)
    left, reader = len(wanted), Reader(run.store.root)
    try:
        while left:
            _keep_lease(run)
            until = time.monotonic() + SLICE_SECONDS
            drain(
                run.unit_of_work,
                reader=reader,
                store=run.store,
                holder=run.holder,
                clock=run.clock,
                is_over=lambda until=until: time.monotonic() > until,  # type: ignore[misc]
            )
            before, left = left, _still_waiting(run, ids)
            if left == before:
                time.sleep(PAUSE_SECONDS)  # a worker has the mailbox's turn, and is at it
            yield before - left
    finally:
        reader.close()
    for start in range(0, len(wanted), COUNTED_AT_ONCE):
        _count(run, wanted[start : start + COUNTED_AT_ONCE])


def _still_waiting(run: Import, wanted: set[int]) -> int:
    """Return how many have no outcome yet; what failed is tried again at once."""
    with run.unit_of_work() as session:
        left = wanted.intersection(importing.waiting(session, run.mailbox_id))
        importing.try_again(session, run.mailbox_id)
    return len(left)


def _count(run: Import, inbound_ids: Iterable[int]) -> None:
    with run.unit_of_work() as session:
        for line in importing.outcomes(session, list(inbound_ids)):
            run.outcomes[line.outcome or line.state] += 1
            if line.state == "quarantined":
                run.failures.append(f"message {line.id} of the inbound log is in quarantine: {line.error}")


def _batches(places: Iterable[Place]) -> Iterator[list[Place]]:
    batch: list[Place] = []
    size_bytes = 0
    for place in places:
        if batch and (len(batch) >= BATCH_MAILS or size_bytes + place.size_bytes > BATCH_BYTES):
            yield batch
            batch, size_bytes = [], 0
        batch.append(place)
        size_bytes += place.size_bytes
    if batch:
        yield batch


def _described(run: Import, place: Place) -> tuple[Imported, bytes] | None:
    """Return what the line of a mail will say, and its bytes; None where the file is gone."""
    try:
        content = read(place)
    except OSError as error:
        run.failures.append(f"{place}: cannot be read: {error.strerror}")
        return None
    digest, head = content_hash(content), peek(content)
    return Imported(
        message_id=head.message_id or derived_message_id(digest),
        content_hash=digest,
        size_bytes=len(content),
        received_at=place.sent_at or run.clock(),
        from_address=head.sender.address,
        from_name=head.sender.name,
        subject=head.subject[:SUBJECT_CHARACTERS],
    ), content


def _identity(mail: Imported) -> importing.Identity:
    return mail.message_id, mail.content_hash


def _keep_lease(run: Import) -> None:
    with run.unit_of_work() as session:
        mine = leases.take(session, name=_lease(run), holder=run.holder, now=run.clock(), seconds=LEASE_SECONDS)
    if not mine:
        message = "Another import into this mailbox is under way, or was killed less than two minutes ago."
        raise Conflict(message)


def _lease(run: Import) -> str:
    return f"import:{run.mailbox_id}"
