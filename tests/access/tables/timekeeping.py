"""Who gets what from the timekeeping slice: one's own time, and everybody's for those who approve it."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.timekeeping.models import TimeEntry
from tests.access.rows import Row, expect
from tests.builders import Office

WORKERS = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200)
WRITERS = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303)
OWNER = expect(anonymous=302, technician=200, account_manager=404, rival=404, bookkeeper=403, manager=200, admin=200)
OWNER_WRITES = expect(
    anonymous=302, technician=303, account_manager=404, rival=404, bookkeeper=403, manager=303, admin=303
)
RIVAL_ONLY = expect(
    anonymous=302, technician=404, account_manager=404, rival=200, bookkeeper=403, manager=200, admin=200
)
NOT_THERE = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)
APPROVERS = expect(
    anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=200, admin=200
)
APPROVERS_WRITE = expect(
    anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=303, admin=303
)
APPROVERS_MISS = expect(
    anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=404, admin=404
)

MONTH_END = expect(
    anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=200, manager=200, admin=200
)
MONTH_END_WRITES = expect(
    anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=303, manager=303, admin=303
)

SOMEBODY_ELSES = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=303, admin=303
)

CELL = {"week": "2026-W47", "{acme_ticket}.0.2026-11-16": "0:15"}
ROW = {"week": "2026-W47", "row_type_id": ""}
TYPED = {"day": "2026-11-16", "worked": "1.5", "note": "", "work_type_id": "", "billable": "billable"}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Add a draft and a submitted entry of the technician, and one of the rival on Globex."""
    rows = {
        "technicians_draft": (office.technician, office.acme_ticket, "draft"),
        "technicians_submitted": (office.technician, office.acme_ticket, "submitted"),
        "rivals_draft": (office.rival, office.globex_ticket, "draft"),
    }
    ids: dict[str, int | str] = {}
    for name, (person, item, status) in rows.items():
        entry = TimeEntry(
            uuid=name,
            work_item_id=item.id,
            person_id=person.id,
            started_at=now - timedelta(hours=2),
            ended_at=now - timedelta(hours=1),
            source="typed",
            status=status,
            created_at=now,
        )
        session.add(entry)
        session.flush()
        ids[name] = entry.id
    return ids


ROWS = [
    Row("timekeeping.pause_timer", "POST", "/timer/pause", WRITERS),
    Row("timekeeping.resume_paused", "POST", "/timer/resume", WRITERS),
    Row(
        "timekeeping.change_timer",
        "POST",
        "/timer/change",
        WRITERS,
        form={"note": "labels", "work_type_id": "{remote}", "billable": "billable"},
    ),
    Row("timekeeping.asking", "GET", "/time/asking", WORKERS),
    Row(
        "timekeeping.answer",
        "POST",
        "/time/asking",
        expect(anonymous=302, technician=303, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404),
        form={"uuid": "technicians_draft", "answer": "keep"},
    ),
    Row("timekeeping.timer", "GET", "/timer", WORKERS),
    Row(
        "timekeeping.timer_events",
        "POST",
        "/timer/events",
        expect(anonymous=302, technician=422, account_manager=422, rival=422, bookkeeper=403, manager=422, admin=422),
    ),
    Row("timekeeping.week", "GET", "/time", WORKERS),
    Row("timekeeping.week", "GET", "/time", OWNER, query="person={technician}"),
    Row("timekeeping.week", "GET", "/time", NOT_THERE, query="person={missing}"),
    Row("timekeeping.add_entry", "POST", "/time/entries", WRITERS, form={"number": "{acme_ticket}", **TYPED}),
    Row(
        "timekeeping.add_entry",
        "POST",
        "/time/entries",
        expect(anonymous=302, technician=422, account_manager=422, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"number": "{globex_ticket}", **TYPED},
    ),
    Row(
        "timekeeping.add_entry",
        "POST",
        "/time/entries",
        expect(anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=303, admin=303),
        form={"number": "{acme_ticket}", "person_id": "{manager}", **TYPED},
    ),
    Row("timekeeping.edit_entry", "GET", "/time/entries/{technicians_draft}", OWNER),
    Row("timekeeping.edit_entry", "GET", "/time/entries/{rivals_draft}", RIVAL_ONLY),
    Row("timekeeping.edit_entry", "GET", "/time/entries/{missing}", NOT_THERE),
    Row("timekeeping.change_entry", "POST", "/time/entries/{technicians_draft}", OWNER_WRITES, form=TYPED),
    Row("timekeeping.change_entry", "POST", "/time/entries/{missing}", NOT_THERE, form=TYPED),
    Row("timekeeping.delete_entry", "POST", "/time/entries/{technicians_draft}/delete", OWNER_WRITES),
    Row("timekeeping.delete_entry", "POST", "/time/entries/{missing}/delete", NOT_THERE),
    Row("timekeeping.resume", "POST", "/time/entries/{technicians_draft}/resume", OWNER_WRITES),
    Row("timekeeping.resume", "POST", "/time/entries/{missing}/resume", NOT_THERE),
    Row(
        "timekeeping.reopen",
        "POST",
        "/time/entries/{technicians_submitted}/reopen",
        APPROVERS_WRITE,
        form={"reason": "Wrong type", "to": "draft"},
    ),
    Row("timekeeping.reopen", "POST", "/time/entries/{missing}/reopen", APPROVERS_MISS, form={"reason": "x"}),
    Row(
        "timekeeping.reverse",
        "POST",
        "/time/entries/{technicians_submitted}/reverse",
        APPROVERS_WRITE,
        form={"reason": "Never done"},
    ),
    Row("timekeeping.reverse", "POST", "/time/entries/{missing}/reverse", APPROVERS_MISS, form={"reason": "x"}),
    Row("timekeeping.locks", "GET", "/time/locks", MONTH_END),
    Row("timekeeping.set_lock", "POST", "/time/locks", MONTH_END_WRITES, form={"client_id": "", "through": ""}),
    Row("timekeeping.submit", "POST", "/time/submit", WRITERS, form={"week": "2026-W47"}),
    Row("timekeeping.save_week", "POST", "/time/week", WRITERS, form=CELL),
    Row("timekeeping.save_week", "POST", "/time/week", SOMEBODY_ELSES, form={**CELL, "person_id": "{manager}"}),
    Row(
        "timekeeping.save_week",
        "POST",
        "/time/week",
        expect(anonymous=302, technician=422, account_manager=422, rival=303, bookkeeper=403, manager=303, admin=303),
        form={"week": "2026-W47", "{globex_ticket}.0.2026-11-16": "0:15"},
    ),
    Row("timekeeping.cell", "GET", "/time/cell", WORKERS, query="row={acme_ticket}.0&day=2026-11-17"),
    Row("timekeeping.cell", "GET", "/time/cell", RIVAL_ONLY, query="row={globex_ticket}.0&day=2026-11-17"),
    Row("timekeeping.cell", "GET", "/time/cell", NOT_THERE, query="row=1.0&day=2026-11-17&person={missing}"),
    Row("timekeeping.add_row", "POST", "/time/rows", WRITERS, form={**ROW, "item": "{acme_ticket}"}),
    Row(
        "timekeeping.add_row",
        "POST",
        "/time/rows",
        expect(anonymous=302, technician=422, account_manager=422, rival=303, bookkeeper=403, manager=303, admin=303),
        form={**ROW, "item": "{globex_ticket}"},
    ),
    Row(
        "timekeeping.add_row",
        "POST",
        "/time/rows",
        SOMEBODY_ELSES,
        form={**ROW, "item": "{acme_ticket}", "person_id": "{manager}"},
    ),
    Row("timekeeping.remove_row", "POST", "/time/rows/remove", WRITERS, form={"week": "2026-W47", "row": "1.0"}),
    Row(
        "timekeeping.remove_row",
        "POST",
        "/time/rows/remove",
        SOMEBODY_ELSES,
        form={"week": "2026-W47", "row": "1.0", "person_id": "{manager}"},
    ),
    Row("timekeeping.copy_week", "POST", "/time/copy", WRITERS, form={"week": "2026-W47", "what": "hours"}),
    Row(
        "timekeeping.copy_week",
        "POST",
        "/time/copy",
        SOMEBODY_ELSES,
        form={"week": "2026-W47", "what": "rows", "person_id": "{manager}"},
    ),
    Row("timekeeping.approvals", "GET", "/time/approvals", APPROVERS),
    Row("timekeeping.approve", "POST", "/time/approve", APPROVERS_WRITE, form={"ids": ["{technicians_submitted}"]}),
    Row("timekeeping.approve", "POST", "/time/approve", APPROVERS_MISS, form={"ids": ["{missing}"]}),
    Row("timekeeping.approve_plain", "POST", "/time/approve/plain", APPROVERS_WRITE, form={"client": "{acme}"}),
    Row(
        "timekeeping.reject_many",
        "POST",
        "/time/reject",
        APPROVERS_WRITE,
        form={"ids": ["{technicians_submitted}"], "reason": "Wrong client"},
    ),
    Row(
        "timekeeping.reject_many",
        "POST",
        "/time/reject",
        APPROVERS_MISS,
        form={"ids": ["{missing}"], "reason": "Wrong client"},
    ),
    Row(
        "timekeeping.reject",
        "POST",
        "/time/entries/{technicians_submitted}/reject",
        APPROVERS_WRITE,
        form={"reason": "Wrong client"},
    ),
    Row(
        "timekeeping.reject", "POST", "/time/entries/{missing}/reject", APPROVERS_MISS, form={"reason": "Wrong client"}
    ),
]
