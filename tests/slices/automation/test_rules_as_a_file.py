"""Rules and shared macros leave as a file and come in, with names in place of ids (docs/automation.md rule 24)."""

import html
import io
import json

import pytest
from sqlalchemy import select

from helpdesk.accounts import service as accounts
from helpdesk.automation.domain.rules import condition
from helpdesk.automation.models import AutomationRule, Macro
from helpdesk.automation.service import exchanging, macros, rules
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.exchanging import Unfit
from helpdesk.automation.service.macros import MacroActs, MacroSettings
from helpdesk.automation.service.rules import RuleSettings
from helpdesk.infra.db import unit_of_work
from helpdesk.projects import types
from tests.conftest import NOW

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]
URL = "/settings/rules/exchange"


def rows(model):
    with unit_of_work() as session:
        kept = session.scalars(select(model).order_by(model.position, model.id))
        left_out = ("id", "position", "created_at", "changed_at")
        columns = [one.key for one in model.__table__.columns if one.key not in left_out]
        return [{key: getattr(row, key) for key in columns} for row in kept]


def furnish(office):
    """A rule and a macro that name something of everything; another macro is its writer's own."""
    manager = office.actor("manager")
    with unit_of_work() as session:
        team = accounts.add_team(session, actor=office.actor("admin"), now=NOW, name="Second line", person_ids=())
        kind = str(types.choices(session)[0][0])
        asked = (
            condition(field="project", operator="is", value=str(office.acme_project.id)),
            condition(field="assignee", operator="is_not", value="nobody"),
            condition(field="tag", operator="is", value="vpn"),
        )
        acts = Acts(
            assignee=str(office.technician.id), team=str(team.id), type=kind, add_tags=("x", "y"), mail_text="Hi"
        )
        settings = RuleSettings(
            name="All", trigger="since_client", amount=3, unit="days", conditions=asked, acts=acts, stops=True
        )
        rules.add_rule(session, actor=manager, now=NOW, settings=settings)
        does = MacroActs(assignee="me", answer="Hello", sends=True, minutes=5, work_type=str(office.remote.id))
        for shared in (True, False):
            macros.add_macro(
                session, actor=manager, now=NOW, settings=MacroSettings(name="Answer", acts=does, shared=shared)
            )


def exported(browser):
    answer = browser.get("/settings/rules/helpdesk-rules.json")
    assert answer.headers["Content-Disposition"] == "attachment; filename=helpdesk-rules.json"
    return json.loads(answer.text)


def send(browser, told):
    raw = told if isinstance(told, bytes) else json.dumps(told).encode()
    return browser.post(URL, data={"file": (io.BytesIO(raw), "rules.json")})


def test_what_leaves_as_a_file_comes_in_as_it_was_and_is_switched_off(office, sign_in_as):
    furnish(office)
    browser, before = sign_in_as(office.manager), (rows(AutomationRule), rows(Macro))
    told = exported(browser)

    named = told["rules"][-1]
    assert [one["value"] for one in named["conditions"]] == ["Acme · Support", "nobody", "vpn"]
    assert {key: named["acts"][key] for key in ("assignee", "team", "type")} == {
        "assignee": office.technician.name, "team": "Second line", "type": "Question",
    }  # fmt: skip
    assert [one["acts"]["work_type"] for one in told["macros"]] == [office.remote.name]
    refused = html.unescape(send(browser, told).text)
    assert "Rule 1 (Reminder after 3 days): There is a rule of that name already." in refused
    assert "Macro 1 (Answer): There is a macro of that name already." in refused
    with unit_of_work() as session:
        for model in (AutomationRule, Macro):
            for row in session.scalars(select(model)):
                session.delete(row)

    answer = send(browser, told)

    assert "3 rules came in, switched off. 1 macro came in." in browser.get(answer.location).text
    assert (rows(AutomationRule), rows(Macro)) == (before[0], [one for one in before[1] if one["person_id"] is None])
    assert exported(browser) == told


def test_a_file_in_which_something_is_wrong_is_refused_as_a_whole_with_all_that_is(office, sign_in_as):
    furnish(office)
    browser, before = sign_in_as(office.manager), (rows(AutomationRule), rows(Macro))
    rule = exported(browser)["rules"][-1] | {"name": "New"}
    wrong = [
        (rule | {"acts": {"assignee": "Nobody Such"}}, "assignee: nothing is called “Nobody Such” here."),
        (rule | {"acts": {"team": "Third line"}}, "team: nothing is called “Third line” here."),
        (rule | {"acts": {"status": "done"}}, "status: nothing is called “done” here."),
        (rule | {"acts": {"assignee": "me"}}, "That person does not work on tickets."),
        (rule | {"acts": {"paint": "red"}}, "Nobody knows what “paint” is"),
        (rule | {"acts": {"add_tags": "x"}}, "“add_tags” is to be a list."),
        (rule | {"acts": {"note": "{{config}}"}}, "is no field of this text"),
        (rule | {"amount": True}, "“amount” is to be a whole number."),
        (rule | {"amount": 10**30}, "Say after how long"),
        (rule | {"trigger": "dawn"}, "Choose when the rule acts."),
        (
            rule | {"conditions": [{"field": "client", "operator": "is", "value": "(gone)"}]},
            "nothing is called “(gone)”",
        ),
        (rule | {"conditions": [{"field": "moon", "operator": "is", "value": "full"}]}, "Choose what the condition"),
        (rule | {"conditions": rule["conditions"] * 2}, "There are 6 conditions; 5 at most."),
        ("a rule", "It is to be an object, between braces."),
    ]

    page = html.unescape(send(browser, {"kind": exchanging.KIND, "rules": [one for one, _words in wrong]}).text)

    assert "Nothing was added." in page
    for number, (_one, words) in enumerate(wrong, start=1):
        place = f"Rule {number}" if number == len(wrong) else f"Rule {number} (New)"
        assert f"{place}: " in page
        assert words in page
    assert (rows(AutomationRule), rows(Macro)) == before


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"{", "The file is no JSON: line 1, column 2"),
        (b"\xff\xfe", "The file is not text in UTF-8."),
        (b"[" * 100_000, "The file is no JSON that can be read."),
        (b"[]", "It does not say"),
        (b'{"kind": "Helpdesk rules and macros"}', "holds neither rules nor macros"),
        (
            b'{"kind": "Helpdesk rules and macros", "rules": 1, "x": 2}',
            "“rules” is to be a list. Nobody knows what “x”",
        ),
        (b" " * 1_000_001, "larger than 1 MB"),
        (
            b'{"kind": "Helpdesk rules and macros", "macros": [{"name": "a", "acts": {"note": "x\\u0000"}}]}',
            "The file holds a character that is no text, in macros 1 › acts › note.",
        ),
        (b'{"kind": "Helpdesk rules and macros", "rules": [{"\\ud800": "\\u0000"}]}', "no text, in rules 1."),
        (
            b'{"kind": "Helpdesk rules and macros", "rules": [' + b"1," * 100 + b"1]}",
            "The file holds 101 rules; 100 at most.",
        ),
    ],
)
def test_a_file_that_is_something_else_is_refused(office, raw, words):
    with pytest.raises(Unfit) as refused, unit_of_work() as session:
        exchanging.bring_in(session, actor=office.actor("manager"), now=NOW, raw=raw)

    assert words.replace("It does not say", "The file does not say") in str(refused.value)
