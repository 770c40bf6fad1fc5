"""Files on their way into the house, as the job brings them there."""

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice

import pytest

from helpdesk.imports import process, queries, service
from helpdesk.imports.domain.plans import Preview
from helpdesk.imports.domain.sheet import read_sheet
from helpdesk.imports.models import ImportLine
from helpdesk.infra import blobs
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import Actor
from tests.builders import Office
from tests.conftest import NOW

COLUMNS = "User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration"


class Importer:
    """Uploads, previews and imports files as one of our people."""

    def __init__(self, actor: Actor) -> None:
        self.actor = actor
        self.turns: list[Iterator[int]] = []
        self.now: Callable[[], datetime] = lambda: NOW

    def upload(self, text: str, *, kind: str = "", **choices: object) -> int:
        import_id = process.upload(
            unit_of_work,
            content=text.encode(),
            file_name="table.csv",
            kind=kind,
            actor=self.actor,
            store=blobs.store(),
            clock=self.now,
        )
        with unit_of_work() as session:
            row = queries.get(session, import_id)
            settings = service.settings_of(row)
            chosen = type(settings)(**{**vars(settings), **choices})
            service.choose(session, import_id=import_id, kind=row.kind, settings=chosen)
        return import_id

    def look(self, import_id: int) -> Preview:
        with unit_of_work() as session:
            row = queries.get(session, import_id)
            sheet = read_sheet(blobs.store().get(row.blob_sha256))
            return process.look(session, row, sheet, actor=self.actor, clock=self.now)

    def start(self, import_id: int) -> None:
        with unit_of_work() as session:
            service.start(session, actor=self.actor, now=NOW, import_id=import_id)

    def run(self, import_id: int, *, batches: int = 999, holder: str = "worker") -> list[int]:
        """Work as a process does, and let go of it after so many batches; return how many lines each had."""
        turn = process.run(
            import_id, unit_of_work, store=blobs.store(), clock=self.now, holder=holder, is_over=lambda: False
        )
        self.turns.append(turn)  # a process that is killed lets go of no lease
        return list(islice(turn, batches))

    def imported(self, text: str, *, kind: str = "", **choices: object) -> dict[str, int]:
        """Bring a file in from end to end; return how many lines had each outcome."""
        import_id = self.upload(text, kind=kind, **choices)
        self.start(import_id)
        self.run(import_id)
        return self.counts(import_id)

    def counts(self, import_id: int) -> dict[str, int]:
        with unit_of_work() as session:
            return queries.counts(session, import_id)

    def refused(self, import_id: int) -> list[ImportLine]:
        with unit_of_work() as session:
            return queries.refused(session, import_id)


@pytest.fixture
def importer(office: Office) -> Iterator[Importer]:
    """The manager with files in hand."""
    found = Importer(office.actor("manager"))
    yield found
    for turn in found.turns:
        turn.close()  # type: ignore[attr-defined] # what the process runs is a generator
