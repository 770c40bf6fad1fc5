"""Erasing in two steps: the rows in a transaction, then the files; a kill between leaves files that a sweep removes."""

from collections.abc import Collection

from helpdesk.infra import blobs
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.infra.policy import Actor
from helpdesk.intake.service import erasing


def erase_old(unit_of_work: UnitOfWork, *, store: BlobStore, clock: Clock) -> None:
    """Erase all raw mail beyond the time that it is kept for, a batch a transaction."""
    last_id: int | None = 0
    while last_id is not None:
        with unit_of_work() as session:
            last_id, spent = erasing.erase_older(session, now=clock(), beyond_id=last_id)
        _discard(spent, unit_of_work, store, clock)


def erase_one(
    inbound_id: int, unit_of_work: UnitOfWork, *, actor: Actor, why: str, store: BlobStore, clock: Clock
) -> None:
    """Erase one message by hand.

    Raises:
        NotFound: no such message.
        Conflict: it waits for somebody still, or is erased already.
        RuleViolation: no reason.
    """
    with unit_of_work() as session:
        spent = erasing.erase_one(session, actor=actor, inbound_id=inbound_id, why=why, now=clock())
    _discard(spent, unit_of_work, store, clock)


def _discard(spent: Collection[str], unit_of_work: UnitOfWork, store: BlobStore, clock: Clock) -> None:
    def known(digests: Collection[str]) -> set[str]:
        with unit_of_work() as session:
            return blobs.known(session, digests)

    if spent:
        store.discard(spent, known, now=clock())
