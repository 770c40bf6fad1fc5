"""Rules as managers write them: entered, refused beside the field, tried without effect, put in order."""

import pytest
from sqlalchemy import func, select

from helpdesk.automation.models import AutomationRule, AutomationRun
from helpdesk.infra.db import unit_of_work
from helpdesk.projects.models import WorkItem
from tests.access.tables.automation import RULE
from tests.conftest import NOW

pytestmark = [pytest.mark.usefixtures("rung"), pytest.mark.on_sqlite]
URL = "/settings/rules"


def stored():
    with unit_of_work() as session:
        return list(session.scalars(select(AutomationRule).order_by(AutomationRule.position)))


def test_two_examples_are_there_switched_off_and_one_click_switches_one_on(office, sign_in_as):
    browser = sign_in_as(office.manager)
    page = browser.get(URL).text
    reminder, close = stored()

    browser.post(f"{URL}/{reminder.id}/on")
    browser.post(f"{URL}/{close.id}/up")

    assert "We have waited for the client since our answer for 3 days" in page
    assert "Status is “Waiting”" in page
    assert (reminder.active, close.active) == (False, False)
    assert [(one.name, one.active, one.switched_on_at) for one in stored()] == [
        ("Close after 7 days", False, None),
        ("Reminder after 3 days", True, NOW),
    ]


def test_names_that_people_type_are_kept_as_what_they_stand_for_and_shown_as_names(office, sign_in_as):
    browser = sign_in_as(office.manager)
    more = {
        "field_1": "client",
        "operator_1": "is_not",
        "value_1": " globex",
        "field_2": "assignee",
        "value_2": "nobody",
    }

    answer = browser.post(f"{URL}/new", data=RULE | more | {"operator_2": "is", "assignee": str(office.technician.id)})
    rule = stored()[-1]
    page = browser.get(f"{URL}/{rule.id}").text

    assert answer.status_code == 303, answer.text
    assert [one["value"] for one in rule.conditions] == ["waiting", str(office.globex.id), "nobody"]
    assert rule.acts == {"status": "closed", "assignee": str(office.technician.id)}
    assert 'value="Globex"' in page
    assert "Client is not “Globex”" in browser.get(URL).text


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"status": ""}, "at least one thing"),
        ({"amount": ""}, "after how long"),
        ({"value_0": "Nowhere"}, "Nothing is called"),
        ({"operator_0": "contains"}, "contain words or not"),
        ({"add_tags": "x", "remove_tags": "X"}, "not both"),
        ({"mail_subject": "Hello"}, "Write what the mail says"),
        ({"mail_text": "{{7*7}}"}, "Two braces belong to a field"),
        ({"mail_text": "{{config}}"}, "is no field of this text"),
        ({"mail_text": "x", "mail_subject": "{{ requester.name.__class__ }}"}, "Two braces belong to a field"),
        ({"mail_text": "x", "mail_subject": "Hello\r\nBcc: eve@evil.example"}, "line breaks do not belong here"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_was_typed(office, sign_in_as, change, says):
    answer = sign_in_as(office.manager).post(f"{URL}/new", data=RULE | change)

    assert answer.status_code == 422
    assert says in answer.text
    assert "Close what waits" in answer.text
    assert len(stored()) == 2


def test_a_rule_is_tried_without_any_effect(office, ticket, sign_in_as):
    browser = sign_in_as(office.manager)
    tried = RULE | {"trigger": "noted", "value_0": "New", "act": "try"}
    with unit_of_work() as session:
        session.get_one(WorkItem, ticket[0]).updated_at = NOW

    page = browser.post(f"{URL}/new", data=tried).text

    assert "The conditions fit 1 of them." in page
    assert f"#{ticket[1]}</a> Printer" in page
    assert "Nothing was changed" in page
    assert len(stored()) == 2
    with unit_of_work() as session:
        assert session.scalar(select(func.count(AutomationRun.id))) == 0
