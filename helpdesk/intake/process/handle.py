"""Handling one fetched message here and now: claim, parse outside of any transaction, one effect (rules 7 to 9).

Workers handle mail as `drain` does: many messages at a time, each read in a process that may be killed.
"""

from collections.abc import Callable

import structlog

from helpdesk.infra import failpoints
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.intake.domain.decisions import BY_HEADERS
from helpdesk.intake.parser.child import stored
from helpdesk.intake.parser.parsed import ParsedMail
from helpdesk.intake.parser.read import parse, parse_headers
from helpdesk.intake.service import effect, log

logger = structlog.get_logger()


def handle(
    inbound_id: int,
    unit_of_work: UnitOfWork,
    *,
    store: BlobStore,
    clock: Clock,
    parser: Callable[[bytes], ParsedMail] = parse,
) -> None:
    """Bring one message to its outcome. Safe to run again: what is done, or being done, is left alone.

    Whatever fails is tried again after a pause, and after three attempts waits in quarantine with its error: one bad
    mail never stops the next (rule 9).
    """
    with unit_of_work() as session:
        claimed = log.claim(session, inbound_id=inbound_id, now=clock())
    if claimed is None:
        return
    failpoints.passing("claimed")
    try:
        raw = store.get(claimed.blob_sha256)
        mail = parse_headers(raw) if BY_HEADERS in claimed.decisions else parser(raw)
        failpoints.passing("parsed")
        files = tuple(stored(file, store) for file in mail.attachments)
        with unit_of_work() as session:
            effect.apply(session, claimed=claimed, mail=mail, files=files, now=clock())
            failpoints.passing("applied")
        failpoints.passing("done")
    except Exception as error:  # the mail quarantine
        logger.warning("inbound.failed", inbound_id=inbound_id, attempt=claimed.attempt, exc_info=True)
        with unit_of_work() as session:
            log.give_back(
                session,
                claimed=claimed,
                error=f"{type(error).__name__}: {error}",
                now=clock(),
                is_blameless=log.is_blameless(error),
            )


def sweep(unit_of_work: UnitOfWork, *, clock: Clock) -> None:
    """Ring again for every message that waits and that nobody handles."""
    with unit_of_work() as session:
        log.ring_unfinished(session, now=clock())
