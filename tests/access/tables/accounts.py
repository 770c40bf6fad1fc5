"""Who gets what from the accounts slice."""

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from helpdesk.accounts.models import Team
from tests.access.rows import Row, expect
from tests.builders import Office

EVERYBODY = expect(
    anonymous=200, technician=302, account_manager=302, rival=302, bookkeeper=302, manager=302, admin=302
)
REFUSED = expect(anonymous=422, technician=422, account_manager=422, rival=422, bookkeeper=422, manager=422, admin=422)
STAFF_SEE = expect(
    anonymous=302, technician=200, account_manager=200, rival=200, bookkeeper=200, manager=200, admin=200
)
STAFF_DO = expect(anonymous=302, technician=303, account_manager=303, rival=303, bookkeeper=303, manager=303, admin=303)
STAFF_REFUSED = STAFF_DO | dict.fromkeys(set(STAFF_DO) - {"anonymous"}, 422)
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
MANAGERS_SEE = ADMIN_SEES | {"manager": 200}
MANAGERS_DO = ADMIN_DOES | {"manager": 303}
NOT_THERE = expect(**OTHERS, admin=404)


def furnish(session: Session, _office: Office, _now: datetime) -> dict[str, int | str]:
    return {"globex_team": session.scalars(select(Team.id)).one()}


ROWS = [
    Row("accounts.sign_in", "GET", "/sign-in", EVERYBODY),
    Row("accounts.enter", "POST", "/sign-in", REFUSED, form={"email": "nobody@example.org"}),
    Row("accounts.sign_out", "POST", "/sign-out", STAFF_DO),
    Row("accounts.password", "GET", "/account/password", STAFF_SEE),
    Row("accounts.own_keys", "GET", "/account/keys", STAFF_SEE),
    Row("accounts.choose_keys", "POST", "/account/keys", STAFF_DO, form={"on": "y", "key_97": "i"}),
    Row("accounts.reset_keys", "POST", "/account/keys/reset", STAFF_DO),
    Row(
        "accounts.change_password",
        "POST",
        "/account/password",
        STAFF_REFUSED,
        form={"current": "not the password", "new": "a new and long one"},
    ),
    Row("accounts.hours", "GET", "/people/hours", MANAGERS_SEE, query="person={technician}"),
    Row(
        "accounts.set_hours",
        "POST",
        "/people/hours",
        MANAGERS_DO,
        form={"person_id": "{technician}", "effective_on": "2026-11-23", "hours": "32"},
    ),
    Row("accounts.people", "GET", "/settings/people", ADMIN_SEES),
    Row(
        "accounts.add_person",
        "POST",
        "/settings/people",
        ADMIN_SEES,
        form={"name": "New Person", "email": "new@halden-okoye.example", "role": "technician"},
    ),
    Row("accounts.person", "GET", "/settings/people/{technician}", ADMIN_SEES),
    Row("accounts.person", "GET", "/settings/people/{missing}", NOT_THERE),
    Row(
        "accounts.change_person",
        "POST",
        "/settings/people/{technician}",
        ADMIN_DOES,
        form={"role": "technician", "active": "y"},
    ),
    Row(
        "accounts.change_person",
        "POST",
        "/settings/people/{missing}",
        NOT_THERE,
        form={"role": "technician", "active": "y"},
    ),
    Row("accounts.renew_password", "POST", "/settings/people/{technician}/password", ADMIN_SEES),
    Row("accounts.renew_password", "POST", "/settings/people/{missing}/password", NOT_THERE),
    Row("accounts.teams", "GET", "/settings/teams", ADMIN_SEES),
    Row(
        "accounts.add_team", "POST", "/settings/teams", ADMIN_DOES, form={"name": "Field", "person_ids": ["{manager}"]}
    ),
    Row("accounts.team", "GET", "/settings/teams/{globex_team}", ADMIN_SEES),
    Row("accounts.team", "GET", "/settings/teams/{missing}", NOT_THERE),
    Row(
        "accounts.change_team",
        "POST",
        "/settings/teams/{globex_team}",
        ADMIN_DOES,
        form={"name": "Globex", "person_ids": ["{rival}", "{technician}"]},
    ),
    Row(
        "accounts.change_team",
        "POST",
        "/settings/teams/{missing}",
        NOT_THERE,
        form={"name": "X", "person_ids": ["{rival}"]},
    ),
    Row("accounts.offer_team", "POST", "/settings/teams/{globex_team}/offer", ADMIN_DOES),
    Row("accounts.offer_team", "POST", "/settings/teams/{missing}/offer", NOT_THERE),
]
