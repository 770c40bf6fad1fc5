import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.exceptions import VerifyMismatchError
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from helpdesk.accounts import process, service
from helpdesk.accounts.models import Person, PersonSession, SignInAttempt
from helpdesk.infra.db import unit_of_work
from tests.builders import PASSWORD
from tests.conftest import NOW


def try_to_sign_in(browser: FlaskClient, email: str, password: str = PASSWORD, **more: str) -> TestResponse:
    return browser.post("/sign-in", data={"email": email, "password": password, **more})


def sessions() -> list[PersonSession]:
    with unit_of_work() as session:
        return list(session.scalars(select(PersonSession).order_by(PersonSession.id)))


def test_the_right_password_begins_a_session_and_leads_to_the_start_page(stranger, office):
    answer = try_to_sign_in(stranger, office.technician.email.upper())

    assert (answer.status_code, answer.location) == (303, "/")
    assert [row.person_id for row in sessions()] == [office.technician.id]


def test_only_the_hash_of_the_token_is_stored(stranger, office):
    try_to_sign_in(stranger, office.technician.email)

    with stranger.session_transaction() as cookie:
        token = cookie["_user_id"]

    assert len(token) >= 43
    assert sessions()[0].token_hash != token


def test_signing_in_throws_away_what_the_browser_had_before(stranger, office):
    with stranger.session_transaction() as cookie:
        cookie["planted"] = "by somebody else"

    try_to_sign_in(stranger, office.technician.email)

    with stranger.session_transaction() as cookie:
        assert "planted" not in cookie


def test_signing_in_again_ends_the_session_before(stranger, office):
    try_to_sign_in(stranger, office.technician.email)

    try_to_sign_in(stranger, office.technician.email)

    assert [row.ended_at is None for row in sessions()] == [False, True]


@pytest.mark.parametrize("who", ["technician@halden-okoye.example", "nobody@halden-okoye.example"])
def test_a_wrong_password_says_how_many_tries_are_left_and_never_whether_the_account_exists(stranger, office, who):
    answer = try_to_sign_in(stranger, who, "wrong")

    assert answer.status_code == 422
    assert "The e-mail address or the password is wrong. Tries left: 4." in answer.text
    assert f'value="{who}"' in answer.text
    assert "wrong</" not in answer.text
    assert sessions() == []


def test_after_five_wrong_passwords_the_right_one_is_refused_for_a_quarter_of_an_hour(stranger, office, fixed_clock):
    for _try in range(5):
        assert try_to_sign_in(stranger, office.technician.email, "wrong").status_code == 422

    locked = try_to_sign_in(stranger, office.technician.email)
    fixed_clock.advance(minutes=15)
    later = try_to_sign_in(stranger, office.technician.email)

    assert locked.status_code == 429
    assert "Too many attempts" in locked.text
    assert later.status_code == 303


def test_an_attempt_at_a_locked_account_does_not_lengthen_the_lock(stranger, office, fixed_clock):
    for _try in range(5):
        try_to_sign_in(stranger, office.technician.email, "wrong")
    fixed_clock.advance(minutes=14)
    assert try_to_sign_in(stranger, office.technician.email, "wrong").status_code == 429

    fixed_clock.advance(minutes=1)

    assert try_to_sign_in(stranger, office.technician.email).status_code == 303


def test_one_address_may_fail_fifty_times_over_all_accounts(stranger, office):
    statuses = [try_to_sign_in(stranger, f"guess-{at}@example.org", "wrong").status_code for at in range(51)]

    assert statuses == [422] * 50 + [429]


def test_getting_in_forgets_the_tries_before(stranger, office):
    for _try in range(4):
        try_to_sign_in(stranger, office.technician.email, "wrong")

    try_to_sign_in(stranger, office.technician.email)

    with unit_of_work() as session:
        left = session.scalar(select(func.count()).where(SignInAttempt.key.startswith("account:")))
    assert left == 0


def test_twenty_guesses_at_once_are_not_twenty_tries(app, office, monkeypatch):
    compared: list[str] = []
    monkeypatch.setattr(service, "matches", lambda _password_hash, password: compared.append(password))
    together = threading.Barrier(20)

    def guess(at: int) -> bool:
        with app.app_context():
            together.wait()
            outcome = process.sign_in(
                unit_of_work,
                email=office.admin.email,
                password=f"guess {at}",
                address="203.0.113.1",
                user_agent="",
                now=NOW,
            )
            return outcome.locked

    with ThreadPoolExecutor(20) as pool:
        locked = list(pool.map(guess, range(20)))

    assert len(compared) <= service.ATTEMPTS_AN_ACCOUNT
    assert locked.count(True) == 20 - len(compared)


def test_an_unknown_account_costs_a_comparison_too(stranger, office, monkeypatch):
    compared = []
    monkeypatch.setattr(service, "matches", lambda password_hash, _password: compared.append(password_hash))

    try_to_sign_in(stranger, office.technician.email, "wrong")
    try_to_sign_in(stranger, "nobody@example.org", "wrong")

    parameters = [password_hash.rsplit("$", 2)[0] for password_hash in compared]
    assert len(parameters) == 2
    assert parameters[0] == parameters[1]


def test_what_an_unknown_account_is_compared_with_costs_as_much_as_a_real_hash_and_matches_nothing():
    hasher = PasswordHasher()

    nobody = service.matching_nothing(hasher)

    assert extract_parameters(nobody) == extract_parameters(hasher.hash("a long enough password"))
    assert nobody != service.matching_nothing(hasher)
    with pytest.raises(VerifyMismatchError):
        hasher.verify(nobody, "a long enough password")


@pytest.mark.parametrize("target", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil"])
def test_nobody_is_led_out_of_the_house(stranger, office, target):
    answer = try_to_sign_in(stranger, office.technician.email, next=target)

    assert answer.location == "/"


def test_a_stranger_comes_back_to_the_page_that_was_asked_for(stranger, office):
    asked = stranger.get("/clients?view=all")

    answer = try_to_sign_in(stranger, office.technician.email, next="/clients?view=all")

    assert asked.location == "/sign-in?next=/clients?view%3Dall"
    assert answer.location == "/clients?view=all"


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(sign_in_as, office, app):
    browser = sign_in_as(office.technician)
    copy = app.test_client()
    copy.set_cookie("helpdesk", browser.get_cookie("helpdesk").value)

    answer = browser.post("/sign-out")

    assert (answer.status_code, answer.location) == (303, "/sign-in")
    assert copy.get("/clients").location.startswith("/sign-in")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"last_seen_at": timedelta(hours=-12)}, "idle"),
        ({"expires_at": timedelta(0)}, "expired"),
        ({"ended_at": timedelta(0)}, "ended"),
    ],
)
def test_a_session_that_is_over_opens_nothing(sign_in_as, office, fixed_clock, change, why):
    browser = sign_in_as(office.technician)
    values = {column: fixed_clock.now + by for column, by in change.items()}
    with unit_of_work() as session:
        session.execute(update(PersonSession).values(values))

    assert browser.get("/clients").location.startswith("/sign-in")


def test_who_left_is_out_at_once(sign_in_as, office):
    browser = sign_in_as(office.technician)
    with unit_of_work() as session:
        session.execute(update(Person).where(Person.id == office.technician.id).values(active=False))

    assert browser.get("/clients").location.startswith("/sign-in")


def test_use_is_noted_at_most_once_a_minute(sign_in_as, office, fixed_clock):
    browser = sign_in_as(office.technician)
    began = fixed_clock.now
    fixed_clock.advance(seconds=59)
    browser.post("/sign-in", data={})
    early = sessions()[0].last_seen_at

    fixed_clock.advance(seconds=1)
    browser.post("/sign-in", data={})

    assert early == began
    assert sessions()[0].last_seen_at == fixed_clock.now


def test_a_field_that_the_form_does_not_have_is_refused(stranger, office):
    answer = try_to_sign_in(stranger, office.technician.email, role="admin")

    assert answer.status_code == 422
    assert sessions() == []
