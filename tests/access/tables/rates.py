"""Who gets what from rates: account managers those of their own clients, costs only those who approve."""

from tests.access.rows import Row, expect

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

ROWS = [
    Row("rates.index", "GET", "/rates", SEEN),
    Row("rates.add", "POST", "/rates", OF_ALL, form=RATE),
    Row("rates.add", "POST", "/rates", OF_ACME, form=RATE | {"client_id": "{acme}"}),
    Row("rates.add", "POST", "/rates", OF_GLOBEX, form=RATE | {"client_id": "{globex}"}),
    Row("rates.add", "POST", "/rates", OF_ACME, form=RATE | {"project_id": "{acme_project}"}),
    Row("rates.add", "POST", "/rates", OF_GLOBEX, form=RATE | {"project_id": "{globex_project}"}),
    Row("rates.rounding", "GET", "/rates/rounding", SEEN),
    Row("rates.set_rounding", "POST", "/rates/rounding", OF_ALL, form=ROUNDING),
    Row("rates.set_rounding", "POST", "/rates/rounding", OF_ACME, form=ROUNDING | {"client_id": "{acme}"}),
    Row("rates.set_rounding", "POST", "/rates/rounding", OF_GLOBEX, form=ROUNDING | {"client_id": "{globex}"}),
    Row("rates.work_types", "GET", "/rates/work-types", APPROVERS_SEE),
    Row("rates.add_work_type", "POST", "/rates/work-types", APPROVERS_DO, form={"name": "On call", "billable": "y"}),
    Row("rates.costs", "GET", "/rates/costs", APPROVERS_SEE),
    Row(
        "rates.set_cost",
        "POST",
        "/rates/costs",
        APPROVERS_DO,
        form={"person_id": "{technician}", "amount": "55", "currency": "EUR", "effective_on": "2026-11-01"},
    ),
]
