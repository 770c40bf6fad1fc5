"""The command ``helpdesk import``: the same file, preview and run as in the page, in a terminal."""

from collections.abc import Iterator
from dataclasses import replace

from helpdesk.imports import process, queries, service
from helpdesk.imports.domain.columns import missing
from helpdesk.imports.domain.plans import Preview
from helpdesk.imports.domain.settings import Order
from helpdesk.imports.domain.sheet import Problem, Sheet, read_sheet
from helpdesk.imports.models import Import
from helpdesk.imports.service.uploading import kind_named
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import RuleViolation


def prepare(
    unit_of_work: UnitOfWork, content: bytes, file_name: str, *, kind: str, order: Order, store: BlobStore, clock: Clock
) -> tuple[Import, Preview]:
    """Upload a file and return its import with what would come of it.

    Raises:
        RuleViolation: it is no table, its columns are not found, or its days can be read in two ways.
    """
    import_id = process.upload(
        unit_of_work, content=content, file_name=file_name, kind=kind, actor=SYSTEM, store=store, clock=clock
    )
    with unit_of_work() as session:
        row = queries.get(session, import_id)
        settings = replace(service.settings_of(row), order=order)
        row = service.choose(session, import_id=import_id, kind=row.kind, settings=settings)
    try:
        return row, _look(unit_of_work, row, read_sheet(content), clock=clock)
    except RuleViolation:
        drop(unit_of_work, import_id, clock=clock)
        raise


def _look(unit_of_work: UnitOfWork, row: Import, sheet: Sheet, *, clock: Clock) -> Preview:
    lacks = missing(kind_named(row.kind), service.settings_of(row).columns)
    if lacks:
        message = f"Not found in the header: {', '.join(lacks)}. Choose the columns in the page Settings > Import."
        raise RuleViolation(message)
    with unit_of_work() as session:
        return process.look(session, row, sheet, actor=SYSTEM, clock=clock)


def drop(unit_of_work: UnitOfWork, import_id: int, *, clock: Clock) -> None:
    """Forget an import of which nothing was written."""
    with unit_of_work() as session:
        service.drop(session, actor=SYSTEM, now=clock(), import_id=import_id)


def carry_out(
    unit_of_work: UnitOfWork, import_id: int, *, store: BlobStore, clock: Clock, holder: str
) -> Iterator[int]:
    """Start an import and write its lines here; yield how many at a time."""
    with unit_of_work() as session:
        service.start(session, actor=SYSTEM, now=clock(), import_id=import_id)
    yield from process.run(import_id, unit_of_work, store=store, clock=clock, holder=holder, is_over=lambda: False)


def outcome(unit_of_work: UnitOfWork, import_id: int) -> tuple[dict[str, int], list[tuple[int, str]]]:
    """Return how many lines had each outcome, and why each refused one was, as (line, why)."""
    with unit_of_work() as session:
        wrong = [
            (line.line, str(Problem(line.line, line.column, line.message)))
            for line in queries.refused(session, import_id)
        ]
        return queries.counts(session, import_id), wrong
