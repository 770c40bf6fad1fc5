from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from helpdesk.infra.db import unit_of_work
from helpdesk.infra.policy import SYSTEM
from helpdesk.kernel.durations import RoundingMode
from helpdesk.kernel.errors import Denied, NotFound, RuleViolation
from helpdesk.rates import queries, service
from helpdesk.rates.domain import RateHit, RateMissing, RateQuestion, RoundingPolicy, RoundingScope, find_rate
from helpdesk.rates.models import Rate, WorkType
from tests.conftest import NOW

JANUARY, MARCH, NOVEMBER = date(2026, 1, 1), date(2026, 3, 1), date(2026, 11, 1)


@pytest.fixture
def set_rate(session, office):
    def set_one(amount, effective_on=JANUARY, actor=SYSTEM, currency="EUR", **scope):
        ids = {f"{name}_id": getattr(office, row).id for name, row in scope.items()}
        return service.set_rate(
            session, actor=actor, now=NOW, amount=amount, currency=currency, effective_on=effective_on, **ids
        )

    return set_one


@pytest.fixture
def price(session, office):
    def ask(
        on=NOVEMBER, currency="EUR", client="acme", project="acme_project", person="technician", work_type="remote"
    ):
        return service.find_price(
            session,
            client_id=getattr(office, client).id,
            project_id=getattr(office, project).id,
            person_id=getattr(office, person).id,
            work_type_id=getattr(office, work_type).id if work_type else None,
            currency=currency,
            on=on,
        )

    return ask


SCOPES = [
    {"project": "acme_project", "person": "technician"},
    {"project": "acme_project", "work_type": "remote"},
    {"project": "acme_project"},
    {"client": "acme", "person": "technician"},
    {"client": "acme", "work_type": "remote"},
    {"client": "acme"},
    {"person": "technician", "work_type": "remote"},
    {"work_type": "remote"},
    {"person": "technician"},
    {},
]


@pytest.mark.parametrize("winner", range(len(SCOPES)))
def test_the_published_order_holds_for_stored_rates(set_rate, price, winner):
    for at, scope in enumerate(SCOPES[winner:], start=winner):
        set_rate(str(100 + at), **scope)

    hit = price()

    assert isinstance(hit, RateHit)
    assert hit.amount == 100 + winner


def test_a_price_says_why_in_words(set_rate, price):
    set_rate("120", effective_on=MARCH, project="acme_project", person="technician")

    assert price() == RateHit(
        Decimal("120.00"), "EUR", "project + person", "project Support + Technician Person, from 2026-03-01"
    )


def test_the_rate_at_the_day_of_the_work_counts(set_rate, price):
    set_rate("100", effective_on=JANUARY)
    set_rate("110", effective_on=MARCH)

    assert [price(on=on).amount for on in (date(2026, 2, 28), MARCH, NOVEMBER)] == [100, 110, 110]
    assert isinstance(price(on=date(2025, 12, 31)), RateMissing)


def test_no_rate_says_what_was_tried_and_what_was_passed_over(set_rate, price):
    set_rate("100", currency="USD")

    missing = price()

    assert isinstance(missing, RateMissing)
    assert "company at 100.00 USD, another currency" in missing.reason


def test_rates_of_others_never_hit(set_rate, price):
    set_rate("1", client="globex")
    set_rate("2", project="globex_project")
    set_rate("3", person="manager")

    assert isinstance(price(), RateMissing)


def test_work_without_a_type_has_no_rate_of_a_type(set_rate, price):
    set_rate("90", work_type="remote")
    set_rate("80")

    assert price(work_type=None).amount == 80


def test_the_engine_gets_every_rate_that_the_clients_work_can_have(session, office, set_rate):
    for at, scope in enumerate(SCOPES):
        set_rate(str(100 + at), **scope)
    set_rate("1", client="globex")
    set_rate("2", project="globex_project")
    set_rate("3", currency="USD")

    cards = queries.cards_for(session, client_id=office.acme.id, currency="EUR")

    question = RateQuestion(
        worked_on=NOVEMBER,
        currency="EUR",
        project=str(office.acme_project.id),
        client=str(office.acme.id),
        person=str(office.technician.id),
        work_type=str(office.remote.id),
    )
    assert sorted(card.amount for card in cards) == list(range(100, 110))
    hit = find_rate(cards, question)
    assert isinstance(hit, RateHit)
    assert hit.amount == 100


@pytest.mark.parametrize(
    "scope",
    [
        {"client": "acme", "project": "acme_project"},
        {"project": "acme_project", "person": "technician", "work_type": "remote"},
        {"client": "acme", "person": "technician", "work_type": "remote"},
    ],
)
def test_fields_that_fit_no_level_are_refused(session, set_rate, scope):
    with pytest.raises(RuleViolation, match="no rate is looked up by"):
        set_rate("100", **scope)

    assert session.scalar(select(func.count()).select_from(Rate)) == 0


@pytest.mark.parametrize(
    ("amount", "currency", "said"),
    [
        ("", "EUR", "no plain decimal"),
        ("1,5", "EUR", "no plain decimal"),
        ("1e3", "EUR", "no plain decimal"),
        ("-1", "EUR", "not negative"),
        ("1.005", "EUR", "finer than EUR allows"),
        ("1.5", "JPY", "finer than JPY allows"),
        ("1", "EURO", "no ISO 4217"),
    ],
)
def test_an_amount_that_is_none_is_refused(set_rate, amount, currency, said):
    with pytest.raises(RuleViolation, match=said):
        set_rate(amount, currency=currency)


def test_two_rates_for_the_same_from_one_day_are_refused(set_rate):
    set_rate("100", client="acme")
    set_rate("100", client="acme", effective_on=MARCH)
    set_rate("100", client="acme", currency="USD")

    with pytest.raises(RuleViolation, match="from 2026-01-01 already"):
        set_rate("110", client="acme")


def test_an_account_manager_sets_rates_of_own_clients_only(set_rate, office):
    ours = office.actor("account_manager")

    assert set_rate("100", actor=ours, client="acme").amount_minor == 10000
    assert set_rate("100", actor=ours, project="acme_project", person="technician").amount_minor == 10000
    for scope in ({"client": "globex"}, {"project": "globex_project"}):
        with pytest.raises(NotFound):
            set_rate("100", actor=ours, **scope)
    for scope in ({}, {"person": "technician"}, {"work_type": "remote"}):
        with pytest.raises(Denied, match="Only managers"):
            set_rate("100", actor=ours, **scope)


def test_an_account_manager_sees_the_general_rates_and_those_of_own_clients(session, set_rate, office):
    for scope in ({}, {"person": "manager"}, {"client": "acme"}, {"project": "globex_project"}, {"client": "globex"}):
        set_rate("100", **scope)

    levels = {
        who: [line.level for line in queries.lines(session, actor=office.actor(who))]
        for who in ("account_manager", "rival", "manager")
    }

    assert levels == {
        "account_manager": [("client",), ("person",), ()],
        "rival": [("project",), ("client",), ("person",), ()],
        "manager": [("project",), ("client",), ("client",), ("person",), ()],
    }


def test_costs_are_for_those_who_approve(session, office):
    said = {"person_id": office.technician.id, "amount": "55.50", "currency": "EUR", "effective_on": MARCH}
    with pytest.raises(Denied):
        service.set_cost(session, actor=office.actor("account_manager"), now=NOW, **said)
    service.set_cost(session, actor=office.actor("manager"), now=NOW, **said)

    before = service.cost_of(session, person_id=office.technician.id, on=date(2026, 2, 28))
    since = service.cost_of(session, person_id=office.technician.id, on=MARCH)

    assert before is None
    assert since is not None
    assert since.amount_minor == 5550


def test_rounding_is_the_clients_own_before_the_default_of_all_before_each_started_minute(session, office):
    def rounding(on):
        return service.policy_of(service.rounding_for(session, client_id=office.acme.id, on=on))

    service.set_rounding(session, actor=SYSTEM, now=NOW, effective_on=MARCH, mode="nearest", step_minutes=6)
    service.set_rounding(
        session,
        actor=SYSTEM,
        now=NOW,
        effective_on=NOVEMBER,
        mode="up",
        client_id=office.acme.id,
        step_minutes=15,
        minimum_minutes=30,
        grace_seconds=60,
        scope="day",
    )

    assert rounding(JANUARY) == RoundingPolicy()
    assert rounding(MARCH) == RoundingPolicy(mode=RoundingMode.NEAREST, step_seconds=360)
    assert rounding(NOVEMBER) == RoundingPolicy(
        mode=RoundingMode.UP, step_seconds=900, minimum_seconds=1800, grace_seconds=60, scope=RoundingScope.DAY
    )


def test_a_default_rounding_stands_once_a_day(session, office):
    service.set_rounding(session, actor=SYSTEM, now=NOW, effective_on=MARCH, mode="up")

    with pytest.raises(RuleViolation, match="already"):
        service.set_rounding(session, actor=SYSTEM, now=NOW, effective_on=MARCH, mode="down")


def test_a_new_default_work_type_takes_the_place_of_the_one_before(session, office):
    service.add_work_type(session, actor=SYSTEM, now=NOW, name="On call", is_default=True)

    assert [(each.name, each.is_default) for each in queries.work_types(session)] == [
        ("On call", True),
        ("Remote support", False),
    ]
    with pytest.raises(RuleViolation, match="a name of its own"):
        service.add_work_type(session, actor=SYSTEM, now=NOW, name="remote  SUPPORT")


FORM = {
    "amount": "120.00",
    "currency": "eur",
    "effective_on": "2026-11-01",
    "client_id": "",
    "project_id": "",
    "person_id": "",
    "work_type_id": "",
}


def test_the_page_shows_what_is_in_force_and_takes_one_more(sign_in_as, office):
    browser = sign_in_as(office.manager)

    answer = browser.post("/rates", data=FORM | {"client_id": str(office.acme.id)})

    page = browser.get("/rates").text
    assert answer.status_code == 303
    assert "€120.00" in page
    assert '<option value="%s">Acme</option>' % office.acme.id in page  # noqa: UP031 - reads as the page does


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": "much"}, "no plain decimal"),
        ({"effective_on": "tomorrow"}, "Not a valid date"),
        ({"currency": "EU"}, "no ISO 4217"),
        ({"scope_key": "company"}, "no field scope_key"),
    ],
)
def test_a_refused_rate_says_why_and_keeps_what_was_typed(sign_in_as, office, change, said):
    answer = sign_in_as(office.manager).post("/rates", data=FORM | change)

    assert answer.status_code == 422
    assert said in answer.text
    if "scope_key" not in change:
        assert f'value="{(FORM | change)["amount"]}"' in answer.text


def test_the_names_of_others_clients_are_not_offered(sign_in_as, office):
    page = sign_in_as(office.account_manager).get("/rates").text

    assert "Acme" in page
    assert "Globex" not in page


@pytest.mark.parametrize("path", ["/rates", "/rates/rounding", "/rates/work-types", "/rates/costs"])
def test_pages_of_rates_take_the_same_queries_however_much_there_is(sign_in_as, office, count_queries, path):
    browser = sign_in_as(office.manager)
    with count_queries() as few:
        browser.get(path)
    with unit_of_work() as session:
        for month in range(1, 6):
            on = date(2026, month, 1)
            service.set_rate(session, actor=SYSTEM, now=NOW, amount="100", currency="EUR", effective_on=on)
            service.set_rounding(session, actor=SYSTEM, now=NOW, effective_on=on, mode="up")
            service.set_cost(
                session,
                actor=SYSTEM,
                now=NOW,
                person_id=office.admin.id,
                amount="50",
                currency="EUR",
                effective_on=on,
            )
            session.add(WorkType(name=f"Type {month}"))

    with count_queries() as many:
        assert browser.get(path).status_code == 200

    assert len(many) == len(few)
