"""Who gets what of proposed time: everybody who works, and only their own."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.proposals.models import ProposalDecision
from helpdesk.tickets.models import Message
from tests.access.rows import Row, expect
from tests.builders import Office

WORKERS = expect(anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=403, manager=200, admin=200)
WRITERS = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=403, manager=303, admin=303)
READERS = expect(anonymous=302, technician=204, account_manager=204, rival=204, bookkeeper=403, manager=204, admin=204)
NOT_MINE = expect(anonymous=302, technician=404, account_manager=404, rival=422, bookkeeper=403, manager=422, admin=422)
OWNER_ALONE = expect(
    anonymous=302, technician=303, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)
NOT_THERE = expect(
    anonymous=302, technician=404, account_manager=404, rival=404, bookkeeper=403, manager=404, admin=404
)


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Add what the technician did without time, and a proposal that they dismissed and one that they accepted."""
    for minutes in (50, 95, 100):
        session.add(
            Message(
                work_item_id=office.acme_ticket.id,
                kind="note",
                person_id=office.technician.id,
                posted_at=now - timedelta(days=5, minutes=minutes),
                text="The roll is on its way.",
                reply_text="The roll is on its way.",
                recipients=[],
                blocked_images=[],
                reasons=[],
            )
        )
    decision = ProposalDecision(
        person_id=office.technician.id,
        work_item_id=office.acme_ticket.id,
        first_key="message:0",
        evidence=[],
        proposed_seconds=300,
        decision="dismissed",
        decided_at=now,
    )
    accepted = ProposalDecision(
        person_id=office.technician.id,
        work_item_id=office.acme_ticket.id,
        first_key="message:00",
        evidence=[],
        proposed_seconds=300,
        decision="accepted",
        entry_uuid="technicians_submitted",
        decided_at=now,
    )
    session.add_all((decision, accepted))
    session.flush()
    return {"technicians_dismissal": decision.id}


ROWS = [
    Row("proposals.index", "GET", "/time/slipped", WORKERS),
    Row(
        "proposals.accept",
        "POST",
        "/time/slipped/accept",
        WRITERS,
        form={"key": "message:999", "worked": "15", "note": "", "work_type_id": "", "billable": "billable"},
    ),
    Row(
        "proposals.note_reading",
        "POST",
        "/items/{acme_ticket}/reading",
        READERS,
        form={"span": "6f1c1f7e-4a52-4a0e-9d6b-0c8a35a1b1d2", "seconds": "60"},
    ),
    Row("proposals.note_reading", "POST", "/items/{globex_ticket}/reading", NOT_MINE, form={"seconds": "60"}),
    Row("proposals.note_reading", "POST", "/items/{missing}/reading", NOT_THERE, form={"seconds": "60"}),
    Row("proposals.switch_reading", "POST", "/time/slipped/reading", WRITERS),
    Row("proposals.dismiss", "POST", "/time/slipped/dismiss", WRITERS, form={"key": "message:999"}),
    Row("proposals.take_back", "POST", "/time/slipped/{technicians_dismissal}/back", OWNER_ALONE),
    Row("proposals.take_back", "POST", "/time/slipped/{missing}/back", NOT_THERE),
]
