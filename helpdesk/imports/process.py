"""Imports of several transactions: a file read, previewed, and written some lines at a time (docs/import.md rule 13).

Lines stand in one transaction with their effect and their outcome. Killed anywhere, the next run goes on behind the
last line that stands; keys keep lines that were imported before, in this file or another, from being made twice.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

from sqlalchemy.exc import DataError, IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from helpdesk.accounts import service as accounts
from helpdesk.imports import known as house
from helpdesk.imports import queries, service
from helpdesk.imports.domain.lines import Form, Line, order_of_sheet, read_lines
from helpdesk.imports.domain.plans import Planned, Preview
from helpdesk.imports.domain.settings import Settings
from helpdesk.imports.domain.sheet import Problem, Sheet, read_sheet
from helpdesk.imports.known import KeyRef
from helpdesk.imports.models import Import
from helpdesk.imports.planning import Planner, preview
from helpdesk.imports.planning.draft import Draft
from helpdesk.imports.service.uploading import kind_named
from helpdesk.infra import leases
from helpdesk.infra.blobs import BlobStore
from helpdesk.infra.clock import Clock
from helpdesk.infra.db import UnitOfWork, alone
from helpdesk.infra.policy import CLIENTS_EDIT, SYSTEM, Actor
from helpdesk.kernel.errors import HelpdeskError, RuleViolation

BATCH = 25
LEASE_SECONDS = 120


class AmbiguousDaysError(RuleViolation):
    """The days of a file can be read in two ways; somebody has to say which."""


def upload(
    unit_of_work: UnitOfWork, *, content: bytes, file_name: str, kind: str, actor: Actor, store: BlobStore, clock: Clock
) -> int:
    """Keep a file that can be read, and return the id of its import.

    Raises:
        RuleViolation: it is no table, or too large.
    """
    sheet = read_sheet(content)
    digest = store.put(content)
    with unit_of_work() as session:
        row = service.add_import(
            session,
            actor=actor,
            now=clock(),
            file_name=file_name,
            digest=digest,
            size_bytes=len(content),
            sheet=sheet,
            kind=kind,
        )
    return row.id


def lines_of(row: Import, sheet: Sheet, settings: Settings) -> list[Line]:
    """Return the lines of a file as they are read with these settings.

    Raises:
        AmbiguousDaysError: its days can be read in two ways, and nobody has said which.
        RuleViolation: some of its days have the day first and some the month.
    """
    kind = kind_named(row.kind)
    order = settings.order or order_of_sheet(sheet, kind, settings.columns)
    if order is None:
        message = "The days of this file can be read in two ways. Say whether the day or the month comes first."
        raise AmbiguousDaysError(message, field="order")
    return read_lines(sheet, Form(kind, settings.columns, order, row.source))


def look(session: Session, row: Import, sheet: Sheet, *, actor: Actor, clock: Clock) -> Preview:
    """Return what importing the file would do; nothing is written.

    Raises:
        RuleViolation: as :func:`lines_of`.
    """
    settings = service.settings_of(row)
    lines = lines_of(row, sheet, settings)
    known = house.load(session, actor=actor, now=clock())
    return preview(session, kind=kind_named(row.kind), header=sheet.header, lines=lines, settings=settings, known=known)


def run(
    import_id: int,
    unit_of_work: UnitOfWork,
    *,
    store: BlobStore,
    clock: Clock,
    holder: str,
    is_over: Callable[[], bool],
) -> Iterator[int]:
    """Write the lines that are not written yet; yield how many after each batch. Safe to run again at any time.

    It ends when all are written, when somebody stops the import, when ``is_over``, and at once where another process
    is at it. It rests where whoever started it has left or may import no more.
    """
    with unit_of_work() as session:
        if not leases.take(session, name=_lease(import_id), holder=holder, now=clock(), seconds=LEASE_SECONDS):
            return
        may = _may_import(session, queries.get(session, import_id))
        if not may:
            service.stop(session, actor=SYSTEM, now=clock(), import_id=import_id)
    try:
        if may:
            yield from _Run(import_id, unit_of_work, store, clock, holder).batches(is_over)
    finally:
        with unit_of_work() as session:
            leases.release(session, name=_lease(import_id), holder=holder)


def run_for_a_while(
    import_id: int,
    unit_of_work: UnitOfWork,
    *,
    store: BlobStore,
    clock: Clock,
    holder: str,
    is_over: Callable[[], bool],
) -> None:
    """Write lines until ``is_over``; where some are left, ring for the next turn."""
    for _count in run(import_id, unit_of_work, store=store, clock=clock, holder=holder, is_over=is_over):
        pass
    if is_over():
        sweep(unit_of_work)


def sweep(unit_of_work: UnitOfWork) -> None:
    """Ring for imports that nobody has brought to their end."""
    with unit_of_work() as session:
        service.ring_unfinished(session)


class _Run:
    """One turn of an import."""

    def __init__(self, import_id: int, unit_of_work: UnitOfWork, store: BlobStore, clock: Clock, holder: str) -> None:
        self.import_id, self.unit_of_work, self.clock, self.holder = import_id, unit_of_work, clock, holder
        with unit_of_work() as session:
            row = queries.get(session, import_id)
        settings = service.settings_of(row)
        sheet = read_sheet(store.get(row.blob_sha256))  # it may be long: nobody waits for it
        self.lines, self.reason = lines_of(row, sheet, settings), settings.reason
        with unit_of_work() as session:
            self.actor = _actor(session, row)
            self.known = house.load(session, actor=self.actor, now=clock())
            self.done = queries.done_lines(session, import_id)
            self.planner = Planner(kind_named(row.kind), sheet.header, settings, self.known)
            self.planner.prepare(session, self.lines)

    def batches(self, is_over: Callable[[], bool]) -> Iterator[int]:
        """Write batch after batch; yield how many lines each had."""
        drafts = (self.planner.draft(line) for line in self.lines)
        left = (draft for draft in drafts if draft.line.number not in self.done)
        while not is_over():
            batch = list(islice(left, BATCH))
            if not self._write(batch):
                return
            yield len(batch)

    def _write(self, batch: Sequence[Draft]) -> bool:
        """Write some lines in one transaction; return whether there may be more to do."""
        with self.unit_of_work() as session:
            now = self.clock()
            if not leases.take(
                session, name=_lease(self.import_id), holder=self.holder, now=now, seconds=LEASE_SECONDS
            ):
                return False
            row = queries.get(session, self.import_id)
            if row.state != "running":
                return False
            if not batch:
                service.finish(session, actor=self.actor, now=now, import_id=self.import_id)
                return False
            alone(session, "imports")  # two files may hold the same line
            self._forget([draft.key for draft in batch])
            house.learn_keys(session, self.known, row.kind, {draft.key for draft in batch if draft.key})
            refused = [planned for draft in batch if (planned := self._do(session, row, draft)) is not None]
            service.record_refusals(session, row=row, refused=refused)
        return True

    def _forget(self, keys: Sequence[str]) -> None:
        """Let keys be looked up anew: another import may have written them meanwhile."""
        for key in keys:
            self.known.by_key.pop(key, None)

    def _do(self, session: Session, row: Import, draft: Draft) -> Planned | None:
        """Do one line, wholly or not at all; return it where it is refused."""
        planned = self.planner.plan(draft)
        if planned.outcome == "refused":
            return planned
        try:
            with session.begin_nested():
                lessons: Sequence[Callable[[], None]] = ()
                object_id = planned.object_id
                if planned.outcome != "same":
                    object_id, lessons = service.apply(
                        session,
                        planned,
                        known=self.known,
                        actor=self.actor,
                        now=self.clock(),
                        reason=self.reason,
                    )
                service.record_line(session, row=row, planned=planned, object_id=object_id)
        except HelpdeskError as refusal:
            return _refused(planned, str(refusal))
        except (DataError, IntegrityError, StaleDataError):
            return _refused(planned, "It clashes with what somebody else wrote at the same moment; import it again.")
        for learn in lessons:
            learn()
        if object_id is not None:
            self.known.by_key[planned.key] = KeyRef(object_id, planned.content)
        return None


def _refused(planned: Planned, why: str) -> Planned:
    return replace(planned, outcome="refused", problems=(Problem(planned.line, "", why or "It was refused."),))


def _may_import(session: Session, row: Import) -> bool:
    """Return whether whoever started the import is here and may still import."""
    is_here = row.started_by_id is None or accounts.get_person(session, row.started_by_id).active
    return is_here and _actor(session, row).is_one_of(CLIENTS_EDIT)


def _actor(session: Session, row: Import) -> Actor:
    """Return who imports: whoever started it, as they may now; the command line is the system itself."""
    if row.started_by_id is None:
        return SYSTEM
    person = accounts.get_person(session, row.started_by_id)
    return accounts.actor_of(person)


def _lease(import_id: int) -> str:
    return f"imports:{import_id}"
