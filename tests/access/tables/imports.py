"""Who gets what of imports: administrators and managers, who may make all that a file can hold."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.imports import service
from helpdesk.imports.domain.plans import Planned
from helpdesk.imports.domain.sheet import Problem, read_sheet
from helpdesk.imports.models import Import
from helpdesk.infra import blobs
from tests.access.rows import Row, expect
from tests.builders import Office

READERS = expect(anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=200, admin=200)
WRITERS = expect(anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=303, admin=303)
STARTED = expect(anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=409, admin=409)
UNREADABLE = expect(
    anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=422, admin=422
)
NOT_THERE = expect(
    anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=404, admin=404
)
FILE = """User,Email,Client,Project,Task,Description,Billable,Start date,Start time,End date,End time,Duration
T,technician@halden-okoye.example,Acme,Support,Move the mail server,Cables,Yes,2026-11-16,09:00:00,2026-11-16,10:30:00,01:30:00
T,technician@halden-okoye.example,Northwind,Website,,Kick-off,Yes,2026-11-16,11:00:00,2026-11-16,12:00:00,01:00:00
T,technician@halden-okoye.example,Northwind,Website,,Kick-off,Yes,2026-11-16,11:00:00,2026-11-16,12:00:00,01:00:00
N,nobody@halden-okoye.example,Acme,Support,,Who was that?,Yes,2026-11-16,13:00:00,2026-11-16,14:00:00,01:00:00
T,technician@halden-okoye.example,Acme,Support,,"Never closed,Yes,2026-11-16,13:00:00,2026-11-16,14:00:00,01:00:00
"""  # noqa: E501 - a table as it comes
UNKNOWN = "Thing,Days\nA lamp,03/04/2026\n"
CHOICES = {"kind": "time", "order": "", "unknown": "make", "zone": "Europe/Berlin", "fallback_task": "Imported time"}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Add an export that nobody has imported yet, one on its way, one that is done, and a table that nobody knows."""
    draft, running, done, unknown = (
        _upload(session, office, now, name, content)
        for name, content in (
            ("toggl november.csv", FILE),
            ("running.csv", FILE),
            ("done.csv", FILE),
            ("unknown.csv", UNKNOWN),
        )
    )
    actor = accounts.actor_of(office.admin)
    for row in (running, done):
        service.start(session, actor=actor, now=now, import_id=row.id)
        refused = Planned(
            5, "refused", problems=(Problem(5, "Email", "Nobody here is N <nobody@halden-okoye.example>"),)
        )
        service.record_refusals(session, row=row, refused=[refused])
    service.finish(session, actor=actor, now=now, import_id=done.id)
    return {
        "draft_import": draft.id,
        "running_import": running.id,
        "done_import": done.id,
        "unknown_import": unknown.id,
    }


def _upload(session: Session, office: Office, now: datetime, name: str, text: str) -> Import:
    content = text.encode()
    return service.add_import(
        session,
        actor=accounts.actor_of(office.admin),
        now=now,
        file_name=name,
        digest=blobs.store().put(content),
        size_bytes=len(content),
        sheet=read_sheet(content),
    )


ROWS = [
    Row("imports.index", "GET", "/imports", READERS),
    Row("imports.upload", "POST", "/imports", UNREADABLE, form={"kind": ""}),
    Row("imports.show", "GET", "/imports/{draft_import}", READERS),
    Row("imports.show", "GET", "/imports/{running_import}", READERS),
    Row("imports.show", "GET", "/imports/{missing}", NOT_THERE),
    Row("imports.refused", "GET", "/imports/{draft_import}/refused.csv", READERS),
    Row("imports.refused", "GET", "/imports/{done_import}/refused.csv", READERS),
    Row("imports.refused", "GET", "/imports/{missing}/refused.csv", NOT_THERE),
    Row("imports.choose", "POST", "/imports/{draft_import}/columns", WRITERS, form=CHOICES),
    Row("imports.choose", "POST", "/imports/{draft_import}/columns", UNREADABLE, form={**CHOICES, "zone": "Nowhere"}),
    Row("imports.choose", "POST", "/imports/{done_import}/columns", STARTED, form=CHOICES),
    Row("imports.choose", "POST", "/imports/{missing}/columns", NOT_THERE, form=CHOICES),
    Row("imports.start", "POST", "/imports/{draft_import}/start", WRITERS),
    Row("imports.start", "POST", "/imports/{done_import}/start", STARTED),
    Row("imports.start", "POST", "/imports/{missing}/start", NOT_THERE),
    Row("imports.stop", "POST", "/imports/{running_import}/stop", WRITERS),
    Row("imports.stop", "POST", "/imports/{missing}/stop", NOT_THERE),
    Row("imports.drop", "POST", "/imports/{unknown_import}/drop", WRITERS),
    Row("imports.drop", "POST", "/imports/{running_import}/drop", STARTED),
    Row("imports.drop", "POST", "/imports/{missing}/drop", NOT_THERE),
]
