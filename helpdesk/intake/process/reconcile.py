"""Comparing the server's mail with our rows, once an hour: what lacks is fetched, what cannot be is shown (rule 5)."""

from collections.abc import Sequence
from datetime import timedelta

import structlog

from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.intake import queries
from helpdesk.intake.gateway import Folder, Listed
from helpdesk.intake.models import IntakeSource
from helpdesk.intake.process.fetch import largest_mail_bytes, take
from helpdesk.intake.service import cursor, health
from helpdesk.kernel.errors import ExternalFailure

log = structlog.get_logger()

EVERY = timedelta(hours=1)
AT_ONCE = 50


def reconcile(source_id: int, folder: Folder, unit_of_work: UnitOfWork, *, store: BlobStore, clock: Clock) -> int:
    """Compare if an hour has passed since the last time, and return how many messages were fetched thereby.

    The caller holds the lease and has just read the folder to its end. Only what lies between the beginning of the
    reading and the cursor counts: not what was there before, and not what is still to come. Messages that were moved
    or deleted on the server are no gap; we have them.

    Raises:
        ExternalFailure: the server's list cannot be had.
    """
    with unit_of_work() as session:
        source = queries.get_source(session, source_id)
        if source.reconciled_at is not None and clock() - source.reconciled_at < EVERY:
            return 0
    lacking = _lacking(source, folder, unit_of_work)
    fetched = sum(
        _try(source, lacking[at : at + AT_ONCE], folder, unit_of_work, store, clock) for at in _steps(lacking)
    )
    left = _without_row(source, [one.uid for one in lacking], unit_of_work)
    if lacking:
        log.warning("reconcile.gap", source=source_id, fetched=fetched, left=len(left))
    with unit_of_work() as session:
        health.record_reconciliation(session, source_id=source_id, missing_uids=left, now=clock())
    return fetched


def _lacking(source: IntakeSource, folder: Folder, unit_of_work: UnitOfWork) -> list[Listed]:
    on_server = folder.uids_between(source.floor_uid, source.last_uid)
    missing = _without_row(source, on_server, unit_of_work)
    return [one for one in folder.list_known(missing) if not cursor.is_too_old(source, one)]


def _without_row(source: IntakeSource, uids: Sequence[int], unit_of_work: UnitOfWork) -> list[int]:
    if not uids:
        return []
    with unit_of_work() as session:
        known = queries.known_uids(session, source)
    return [uid for uid in uids if uid not in known]


def _try(
    source: IntakeSource,
    some: Sequence[Listed],
    folder: Folder,
    unit_of_work: UnitOfWork,
    store: BlobStore,
    clock: Clock,
) -> int:
    """Fetch these messages, one by one where together they fail: one that cannot be had stops no other."""
    try:
        largest_bytes = largest_mail_bytes(unit_of_work)
        return take(source, some, folder, unit_of_work, store=store, clock=clock, largest_bytes=largest_bytes)
    except ExternalFailure:
        if len(some) == 1:
            return 0
        return sum(_try(source, [one], folder, unit_of_work, store, clock) for one in some)


def _steps(found: Sequence[Listed]) -> range:
    return range(0, len(found), AT_ONCE)
