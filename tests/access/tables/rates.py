"""Who gets what from rates: account managers those of their own clients, costs only those who approve."""

from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from helpdesk.infra.policy import SYSTEM
from helpdesk.rates import service
from helpdesk.rates.models import WorkType
from tests.access.rows import Row, expect
from tests.builders import Office

NO_DESK_MONEY = {"anonymous": 302, "technician": 403, "bookkeeper": 403}
SEEN = expect(**NO_DESK_MONEY, account_manager=200, rival=200, manager=200, admin=200)
OF_ACME = expect(**NO_DESK_MONEY, account_manager=303, rival=422, manager=303, admin=303)
OF_GLOBEX = expect(**NO_DESK_MONEY, account_manager=422, rival=303, manager=303, admin=303)
OF_ALL = expect(**NO_DESK_MONEY, account_manager=403, rival=403, manager=303, admin=303)
APPROVERS_SEE = expect(**NO_DESK_MONEY, account_manager=403, rival=403, manager=200, admin=200)
APPROVERS_DO = OF_ALL

RATE = {
    "amount": "120.00",
    "currency": "EUR",
    "effective_on": "2026-11-01",
    "client_id": "",
    "project_id": "",
    "person_id": "{technician}",
    "work_type_id": "",
}
ROUNDING = {
    "client_id": "",
    "mode": "up",
    "step_minutes": "15",
    "minimum_minutes": "0",
    "grace_seconds": "0",
    "scope": "entry",
    "effective_on": "2026-11-01",
}

NOT_THERE = expect(**NO_DESK_MONEY, account_manager=404, rival=404, manager=404, admin=404)
APPROVERS_MISS = expect(**NO_DESK_MONEY, account_manager=403, rival=403, manager=404, admin=404)
GLOBEX_SEEN = expect(**NO_DESK_MONEY, account_manager=404, rival=200, manager=200, admin=200)
GLOBEX_DONE = expect(**NO_DESK_MONEY, account_manager=404, rival=303, manager=303, admin=303)
PLANNED, ENDS = date(2027, 1, 1), {"ends_on": "2027-06-30"}


def furnish(session: Session, office: Office, now: datetime) -> dict[str, int | str]:
    """Plan a rate for everybody, one for Globex, a cost, and keep a second kind of work."""
    said: dict[str, Any] = {"session": session, "actor": SYSTEM, "now": now, "currency": "EUR", "effective_on": PLANNED}
    on_site = WorkType(name="On-site")
    session.add(on_site)
    session.flush()
    return {
        "company_rate": service.set_rate(amount="100", **said).id,
        "globex_rate": service.set_rate(amount="90", client_id=office.globex.id, **said).id,
        "planned_cost": service.set_cost(amount="50", person_id=office.manager.id, **said).id,
        "on_site": on_site.id,
    }


ROWS = [
    Row("rates.index", "GET", "/rates", SEEN),
    Row("rates.add", "POST", "/rates", OF_ALL, form=RATE),
    Row("rates.add", "POST", "/rates", OF_ACME, form=RATE | {"client_id": "{acme}"}),
    Row("rates.add", "POST", "/rates", OF_GLOBEX, form=RATE | {"client_id": "{globex}"}),
    Row("rates.add", "POST", "/rates", OF_ACME, form=RATE | {"project_id": "{acme_project}"}),
    Row("rates.add", "POST", "/rates", OF_GLOBEX, form=RATE | {"project_id": "{globex_project}"}),
    Row("rates.index", "GET", "/rates", SEEN, query="client={acme}&person={technician}&from=2026-03-01&ended=1"),
    Row("rates.show", "GET", "/rates/{company_rate}", SEEN),
    Row("rates.show", "GET", "/rates/{globex_rate}", GLOBEX_SEEN),
    Row("rates.show", "GET", "/rates/{missing}", NOT_THERE),
    Row("rates.end", "POST", "/rates/{company_rate}/end", OF_ALL, form=ENDS),
    Row("rates.end", "POST", "/rates/{globex_rate}/end", GLOBEX_DONE, form=ENDS),
    Row("rates.remove", "POST", "/rates/{company_rate}/remove", OF_ALL),
    Row("rates.remove", "POST", "/rates/{globex_rate}/remove", GLOBEX_DONE),
    Row("rates.rounding", "GET", "/rates/rounding", SEEN),
    Row("rates.set_rounding", "POST", "/rates/rounding", OF_ALL, form=ROUNDING),
    Row("rates.set_rounding", "POST", "/rates/rounding", OF_ACME, form=ROUNDING | {"client_id": "{acme}"}),
    Row("rates.set_rounding", "POST", "/rates/rounding", OF_GLOBEX, form=ROUNDING | {"client_id": "{globex}"}),
    Row("rates.work_types", "GET", "/rates/work-types", APPROVERS_SEE),
    Row("rates.add_work_type", "POST", "/rates/work-types", APPROVERS_DO, form={"name": "On call", "billable": "y"}),
    Row("rates.edit_work_type", "GET", "/rates/work-types/{on_site}", APPROVERS_SEE),
    Row("rates.edit_work_type", "GET", "/rates/work-types/{missing}", APPROVERS_MISS),
    Row("rates.change_work_type", "POST", "/rates/work-types/{on_site}", APPROVERS_DO, form={"name": "Field work"}),
    Row("rates.change_work_type", "POST", "/rates/work-types/{missing}", APPROVERS_MISS, form={"name": "Field work"}),
    Row("rates.archive_work_type", "POST", "/rates/work-types/{on_site}/archive", APPROVERS_DO),
    Row("rates.archive_work_type", "POST", "/rates/work-types/{missing}/archive", APPROVERS_MISS),
    Row("rates.restore_work_type", "POST", "/rates/work-types/{on_site}/restore", APPROVERS_DO),
    Row("rates.restore_work_type", "POST", "/rates/work-types/{missing}/restore", APPROVERS_MISS),
    Row("rates.remove_cost", "POST", "/rates/costs/{planned_cost}/remove", APPROVERS_DO),
    Row("rates.remove_cost", "POST", "/rates/costs/{missing}/remove", APPROVERS_MISS),
    Row("rates.costs", "GET", "/rates/costs", APPROVERS_SEE),
    Row(
        "rates.set_cost",
        "POST",
        "/rates/costs",
        APPROVERS_DO,
        form={"person_id": "{technician}", "amount": "55", "currency": "EUR", "effective_on": "2026-11-01"},
    ),
]
