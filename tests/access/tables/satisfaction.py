"""Who reads what clients answered, who switches the question on, and that anybody with the link may answer it."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from helpdesk.satisfaction.models import SatisfactionQuestion
from helpdesk.satisfaction.service import hash_of
from tests.access.rows import ACTORS, Ids, Row, expect
from tests.builders import Office

TOKEN = "0123456789abcdefghijkl"
MANAGERS = expect(anonymous=302, technician=403, account_manager=403, rival=403, bookkeeper=403, manager=200, admin=200)
ADMIN = {**MANAGERS, "manager": 403}
SETTING = {"is_on": "y", "after_hours": "24", "every_days": "30"}


def furnish(session: Session, office: Office, now: datetime) -> Ids:
    """A question about a ticket of each client, one of them answered."""
    for name in ("acme", "globex"):
        session.add(
            SatisfactionQuestion(
                work_item_id=getattr(office, f"{name}_ticket").id,
                closed_at=now,
                contact_id=getattr(office, f"{name}_contact").id,
                person_id=office.technician.id,
                token_hash=hash_of(f"{name}-{TOKEN}"),
                language="en",
                asked_at=now,
                expires_at=now + timedelta(days=30),
                answer="bad" if name == "acme" else "",
                comment="Took long." if name == "acme" else "",
                answered_at=now if name == "acme" else None,
            )
        )
    session.flush()
    return {}


ROWS = [
    *(
        Row("satisfaction.rate", "GET", f"/rate/{token}", dict.fromkeys(ACTORS, answer))
        for token, answer in ((f"acme-{TOKEN}", 200), (TOKEN, 404), ("x" * 300, 404))
    ),
    *(
        Row("satisfaction.answer", "POST", f"/rate/{token}", dict.fromkeys(ACTORS, answer), form={"answer": "good"})
        for token, answer in ((f"globex-{TOKEN}", 303), (TOKEN, 404))
    ),
    Row("satisfaction.report", "GET", "/satisfaction", MANAGERS),
    Row("satisfaction.report", "GET", "/satisfaction", MANAGERS, query="client={acme}&person={technician}"),
    Row("satisfaction.settings", "GET", "/settings/satisfaction", ADMIN),
    Row("satisfaction.set_asking", "POST", "/settings/satisfaction", {**ADMIN, "admin": 303}, form=SETTING),
]
