from datetime import timedelta

import pytest
from sqlalchemy import func, select

from helpdesk.accounts import service as accounts
from helpdesk.accounts.models import Person
from helpdesk.clients.queries import internal_client
from helpdesk.company.service import find_company
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import OneTimeToken
from helpdesk.projects import first_run
from helpdesk.projects.queries import triage_project
from helpdesk.rates.queries import work_types
from tests.builders import PASSWORD
from tests.conftest import NOW

FORM = {
    "company_name": "Halden & Okoye",
    "currency": "eur",
    "time_zone": "Europe/Berlin",
    "name": "Ada Okoye",
    "email": "ada@halden-okoye.example",
    "password": PASSWORD,
}


@pytest.fixture
def token(app):
    with unit_of_work() as session:
        return first_run.make_first_run_token(session, now=NOW)


def people():
    with unit_of_work() as session:
        return session.scalar(select(func.count()).select_from(Person))


def test_only_the_hash_of_the_token_is_stored_and_it_has_at_least_128_bits(app, token):
    with unit_of_work() as session:
        row = session.scalars(select(OneTimeToken)).one()

    assert len(token) >= 22
    assert token not in row.token_hash


def test_the_form_opens_as_often_as_one_likes_and_uses_nothing_up(stranger, token):
    pages = [stranger.get(f"/setup?token={token}") for _time in range(2)]

    assert [page.status_code for page in pages] == [200, 200]
    assert f'value="{token}"' in pages[0].text


def test_the_sign_in_page_tells_how_to_begin_until_somebody_did(stranger, token):
    before = stranger.get("/sign-in").text

    after = stranger.post("/setup", data=FORM | {"token": token}, follow_redirects=True).text

    assert "Nobody can sign in yet." in before
    assert "Everything is set up." in after
    assert "Nobody can sign in yet." not in after


def test_the_first_run_makes_company_administrator_own_client_triage_and_work_types(stranger, token):
    answer = stranger.post("/setup", data=FORM | {"token": token})

    with unit_of_work() as session:
        company, administrator = find_company(session), accounts.find_by_email(session, FORM["email"])
        house, triage = internal_client(session), triage_project(session)
        assert company is not None
        assert administrator is not None
        assert house is not None
        kinds = [(each.name, each.is_default) for each in work_types(session)]
    assert answer.location == "/sign-in?next=/settings/mailboxes"
    assert (company.name, company.currency, company.time_zone) == ("Halden & Okoye", "EUR", "Europe/Berlin")
    assert (administrator.role, administrator.time_zone) == ("admin", "")  # that of the company
    assert (house.name, house.is_internal, triage.client_id) == ("Halden & Okoye", True, house.id)
    assert triage.is_default is False
    assert kinds == [("Remote support", True), ("Consulting", False), ("On-site", False)]


def test_the_administrator_can_sign_in_at_once(stranger, token):
    stranger.post("/setup", data=FORM | {"token": token})

    answer = stranger.post("/sign-in", data={"email": FORM["email"], "password": PASSWORD, "next": "/settings/people"})

    assert answer.location == "/settings/people"


def test_once_there_is_an_administrator_the_page_is_gone(stranger, token):
    stranger.post("/setup", data=FORM | {"token": token})
    with unit_of_work() as session:
        late = first_run.make_first_run_token(session, now=NOW)

    statuses = [
        stranger.get(f"/setup?token={token}").status_code,
        stranger.get(f"/setup?token={late}").status_code,
        stranger.post("/setup", data=FORM | {"token": token, "email": "second@x.example"}).status_code,
        stranger.post("/setup", data=FORM | {"token": late, "email": "second@x.example"}).status_code,
    ]

    assert statuses == [404] * 4
    assert people() == 1


@pytest.mark.parametrize("guess", ["", " ", "guess", "0" * 64])
def test_without_the_token_there_is_no_page(stranger, token, guess):
    assert stranger.get("/setup", query_string={"token": guess}).status_code == 404
    assert stranger.post("/setup", data=FORM | {"token": guess}).status_code == 404
    assert people() == 0


def test_a_token_grows_old(stranger, token, fixed_clock):
    fixed_clock.advance(days=3)

    assert stranger.get(f"/setup?token={token}").status_code == 404
    assert stranger.post("/setup", data=FORM | {"token": token}).status_code == 404


def test_a_new_token_voids_the_one_before(stranger, token):
    with unit_of_work() as session:
        newer = first_run.make_first_run_token(session, now=NOW + timedelta(seconds=1))

    assert stranger.get(f"/setup?token={token}").status_code == 404
    assert stranger.get(f"/setup?token={newer}").status_code == 200


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "short"}, "between 12 and 1000 characters"),
        ({"currency": "XYZ"}, "no ISO 4217"),
        ({"company_name": ""}, "This field is required"),
        ({"role": "admin"}, "no field role"),
    ],
)
def test_a_refused_set_up_leaves_nothing_behind_and_the_token_stays_good(stranger, token, wrong, said):
    refused = stranger.post("/setup", data=FORM | {"token": token} | wrong)

    with unit_of_work() as session:
        assert find_company(session) is None
    assert refused.status_code == 422
    assert said in refused.text
    assert stranger.post("/setup", data=FORM | {"token": token}).status_code == 303
