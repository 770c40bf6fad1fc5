"""Who gets what from service levels: administrators alone say what is promised."""

from datetime import datetime

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.sla.service import policies
from tests.access.rows import Row, expect
from tests.builders import Office

OTHERS = {
    "anonymous": 302,
    "technician": 403,
    "account_manager": 403,
    "rival": 403,
    "bookkeeper": 403,
    "manager": 403,
}
ADMIN_SEES = expect(**OTHERS, admin=200)
ADMIN_DOES = expect(**OTHERS, admin=303)
NOT_THERE = expect(**OTHERS, admin=404)
TOO_LATE = expect(**OTHERS, admin=409)

CALENDAR = {"name": "Nights", "time_zone": "", "hours": "Mon-Fri 22:00-6:00", "holidays": "2026-12-25 Christmas Day"}
POLICY = {
    "name": "Gold",
    "is_on": "y",
    "calendar_id": "{sla_calendar}",
    "at_risk_percent": "75",
    "urgent_first_answer": "30 min",
}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    policy = policies.furnish(session, actor=SYSTEM, now=now)
    scope = policies.cover(
        session, actor=SYSTEM, now=now, policy_id=policy.id, client_id=office.globex.id, project_id=None
    )
    return {"sla_policy": policy.id, "sla_calendar": policy.calendar_id, "sla_scope": scope.id}


ROWS = [
    Row("sla.levels", "GET", "/settings/sla", ADMIN_SEES),
    Row("sla.begin", "POST", "/settings/sla/begin", ADMIN_DOES),
    Row("sla.add_policy", "POST", "/settings/sla/policies", ADMIN_DOES, form={"name": "Gold"}),
    Row("sla.add_calendar", "POST", "/settings/sla/calendars", ADMIN_DOES, form=CALENDAR),
    Row("sla.change_calendar", "POST", "/settings/sla/calendars/{sla_calendar}", ADMIN_DOES, form=CALENDAR),
    Row("sla.change_calendar", "POST", "/settings/sla/calendars/{missing}", NOT_THERE, form=CALENDAR),
    Row("sla.level", "GET", "/settings/sla/policies/{sla_policy}", ADMIN_SEES),
    Row("sla.level", "GET", "/settings/sla/policies/{missing}", NOT_THERE),
    Row("sla.change_policy", "POST", "/settings/sla/policies/{sla_policy}", ADMIN_DOES, form=POLICY),
    Row("sla.change_policy", "POST", "/settings/sla/policies/{missing}", NOT_THERE, form=POLICY),
    Row(
        "sla.cover",
        "POST",
        "/settings/sla/policies/{sla_policy}/cover",
        ADMIN_DOES,
        form={"client_id": "{acme}", "project_id": ""},
    ),
    Row(
        "sla.cover",
        "POST",
        "/settings/sla/policies/{missing}/cover",
        NOT_THERE,
        form={"client_id": "{acme}", "project_id": ""},
    ),
    Row("sla.uncover", "POST", "/settings/sla/policies/{sla_policy}/uncover/{sla_scope}", ADMIN_DOES),
    Row("sla.uncover", "POST", "/settings/sla/policies/{sla_policy}/uncover/{missing}", TOO_LATE),
    Row("sla.uncover", "POST", "/settings/sla/policies/{missing}/uncover/{sla_scope}", NOT_THERE),
]
