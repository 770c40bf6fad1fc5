import re

import pytest
from sqlalchemy import select

from helpdesk.accounts import service
from helpdesk.accounts.models import Person, PersonSession
from helpdesk.clients.queries import get
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.errors import NotFound, RuleViolation
from tests.builders import PASSWORD
from tests.conftest import NOW

NEW = {"name": "Ann New", "email": "ann@halden-okoye.example", "role": "technician"}


def test_a_new_person_gets_a_password_that_is_shown_once(sign_in_as, office, stranger):
    admin = sign_in_as(office.admin)

    added = admin.post("/settings/people", data=NEW)

    shown = re.search(r'<code class="mono">([\w-]{16})</code>', added.text)
    assert shown is not None
    assert "Ann New" in added.text
    assert shown[1] not in admin.get("/settings/people").text
    assert stranger.post("/sign-in", data={"email": NEW["email"], "password": shown[1]}).status_code == 303


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"email": "ADMIN@halden-okoye.example"}, "belongs to somebody already"),
        ({"role": "owner"}, "Not a valid choice"),
        ({"name": "  "}, "This field is required"),
        ({"name": "Ann\0"}, "Control characters"),
    ],
)
def test_a_refused_person_is_not_added_and_what_was_typed_stays(sign_in_as, office, change, said):
    answer = sign_in_as(office.admin).post("/settings/people", data=NEW | change)

    assert answer.status_code == 422
    assert said in answer.text
    assert 'value="' + (NEW | change)["email"] in answer.text


def test_nobody_becomes_more_by_adding_a_field(sign_in_as, office):
    answer = sign_in_as(office.admin).post("/settings/people", data=NEW | {"password_hash": "planted"})

    assert answer.status_code == 422
    assert "password_hash" in answer.text


def test_a_changed_role_ends_the_sessions_with_the_old_one(sign_in_as, office):
    browser = sign_in_as(office.manager)

    sign_in_as(office.admin).post(f"/settings/people/{office.manager.id}", data={"role": "technician", "active": "y"})

    assert browser.get("/clients").location.startswith("/sign-in")


def test_the_last_administrator_stays_one(sign_in_as, office):
    answer = sign_in_as(office.admin).post(
        f"/settings/people/{office.admin.id}", data={"role": "manager", "active": "y"}
    )

    assert answer.status_code == 422
    assert "At least one active administrator" in answer.text


def test_a_new_password_by_the_administrator_ends_the_old_one_and_every_session(sign_in_as, office, stranger):
    browser = sign_in_as(office.technician)

    sign_in_as(office.admin).post(f"/settings/people/{office.technician.id}/password")

    assert browser.get("/clients").location.startswith("/sign-in")
    assert stranger.post("/sign-in", data={"email": office.technician.email, "password": PASSWORD}).status_code == 422


def test_ones_own_password_needs_the_old_one_and_ends_every_session(sign_in_as, office, stranger):
    browser, elsewhere = sign_in_as(office.technician), sign_in_as(office.technician)
    refused = browser.post("/account/password", data={"current": "wrong", "new": "a new and long one"})

    changed = browser.post("/account/password", data={"current": PASSWORD, "new": "a new and long one"})

    signed_in = stranger.post("/sign-in", data={"email": office.technician.email, "password": "a new and long one"})
    assert refused.status_code == 422
    assert changed.location == "/sign-in"
    assert [each.get("/clients").location.startswith("/sign-in") for each in (browser, elsewhere)] == [True, True]
    assert signed_in.status_code == 303


def test_after_a_changed_password_the_sign_in_page_says_why_one_is_there(sign_in_as, office):
    browser = sign_in_as(office.technician)

    page = browser.post(
        "/account/password", data={"current": PASSWORD, "new": "a new and long one"}, follow_redirects=True
    )

    assert "Your password is changed." in page.text


def test_a_short_password_is_refused(session, office):
    with pytest.raises(RuleViolation, match="at least 12"):
        service.change_password(session, actor=SYSTEM, person_id=office.admin.id, password="short", now=NOW)


def test_the_page_of_people_takes_the_same_queries_however_many_there_are(sign_in_as, office, count_queries):
    admin = sign_in_as(office.admin)
    with count_queries() as few:
        admin.get("/settings/people")
    with unit_of_work() as session:
        for at in range(5):
            person = service.add_person(
                session,
                actor=SYSTEM,
                now=NOW,
                name=f"P{at}",
                email=f"p{at}@x.example",
                password=PASSWORD,
                role="manager",
            )
            service.begin_session(session, person=person, address="", user_agent="", now=NOW)

    with count_queries() as many:
        page = admin.get("/settings/people")

    assert "p4@x.example" in page.text
    assert len(many) == len(few)


def test_a_team_has_the_members_that_were_chosen_and_its_client_is_theirs(session, office):
    team = service.add_team(session, name="Field", person_ids=(office.technician.id,), now=NOW)
    session.get_one(type(office.globex), office.globex.id).restricted_team_id = team.id
    session.flush()

    service.set_members(session, actor=SYSTEM, now=NOW, team_id=team.id, person_ids=[office.manager.id])

    technician = session.scalars(select(Person).where(Person.id == office.technician.id)).one()
    session.refresh(technician)
    with pytest.raises(NotFound):
        get(session, actor=service.actor_of(technician), client_id=office.globex.id)


def test_two_teams_do_not_share_a_name(session, office):
    with pytest.raises(RuleViolation, match="a name of its own"):
        service.add_team(session, name="globex TEAM", person_ids=(), now=NOW)


def test_old_attempts_are_forgotten(session, office):
    service.count_attempt(session, email="a@b.example", address="203.0.113.1", now=NOW - service.ATTEMPT_WINDOW)

    assert service.forget_old_attempts(session, now=NOW) == 2


def test_a_session_knows_when_it_was_last_used_by_instant_not_by_day(session, office):
    token = service.begin_session(session, person=office.admin, address="", user_agent="x" * 999, now=NOW)
    session.flush()

    row = session.scalars(select(PersonSession)).one()

    assert len(row.user_agent) == 200
    assert service.signed_in(session, token=token, now=NOW) is not None
    assert service.signed_in(session, token="", now=NOW) is None
