"""Which rules fit what happened (docs/automation.md rules 3 and 4)."""

import pytest

from helpdesk.automation.domain.rules import (
    Condition,
    Decision,
    Facts,
    Field,
    Operator,
    Rule,
    Trigger,
    condition,
    decide,
    must_be,
    reasons,
)
from helpdesk.kernel.errors import RuleViolation

PRINTER = Facts(
    client="3",
    project="7",
    mailbox="1",
    domain="berlin.acme.example",
    subject="Printer  prints BLANK labels",
    body="It is urgent, please.",
    status="waiting",
    priority="high",
    type="2",
    tags=frozenset({"hardware"}),
)


def rule(*conditions: tuple[str, str, str], key: int = 1, trigger: Trigger = Trigger.NOTED, **more: bool) -> Rule:
    return Rule(key, trigger, tuple(condition(field=f, operator=o, value=v) for f, o, v in conditions), **more)


@pytest.mark.parametrize(
    ("field", "operator", "value", "fits"),
    [
        ("client", "is", "3", True),
        ("client", "is_not", "3", False),
        ("project", "is", "8", False),
        ("mailbox", "is", "1", True),
        ("domain", "is", "acme.example", True),
        ("domain", "is", "@ACME.example", True),
        ("domain", "is", "cme.example", False),
        ("subject", "contains", "prints blank", True),
        ("subject", "contains_not", "Blank", False),
        ("body", "contains", "URGENT", True),
        ("status", "is", "waiting", True),
        ("priority", "is_not", "low", True),
        ("assignee", "is", "nobody", True),
        ("type", "is", "2", True),
        ("tag", "is", "Hardware", True),
        ("tag", "is_not", "hardware", False),
    ],
)
def test_a_condition_holds_or_not(field, operator, value, fits):
    assert (reasons(rule((field, operator, value)), PRINTER) is not None) == fits


@pytest.mark.parametrize(
    ("field", "operator", "value"),
    [
        ("colour", "is", "red"),
        ("status", "contains", "wait"),
        ("subject", "is", "x"),
        ("tag", "is", " "),
        ("tag", "is", "x" * 201),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused(field, operator, value):
    with pytest.raises(RuleViolation):
        condition(field=field, operator=operator, value=value)


def test_all_conditions_hold_or_any_as_chosen_and_the_reason_is_what_held():
    mixed = (("status", "is", "closed"), ("tag", "is", "hardware"))

    assert reasons(rule(*mixed), PRINTER) is None
    assert reasons(rule(*mixed, any_condition=True), PRINTER) == (Condition(Field.TAG, Operator.IS, "hardware"),)
    assert reasons(rule(), PRINTER) == ()
    assert reasons(rule(any_condition=True), PRINTER) == ()


def test_rules_act_in_their_order_down_to_the_first_that_stops_and_on_what_they_wait_for():
    rules = [
        rule(key=1),
        rule(key=2, trigger=Trigger.ASSIGNED),
        rule(("status", "is", "closed"), key=3, stops=True),
        rule(key=4, stops=True),
        rule(key=5),
    ]

    assert decide(Trigger.NOTED, PRINTER, rules) == [Decision(1, ()), Decision(4, ())]


def test_what_a_database_can_leave_out_is_only_what_cannot_fit():
    status = ("status", "is", "waiting")

    assert must_be(rule(status), Field.STATUS) == frozenset({"waiting"})
    assert must_be(rule(status, any_condition=True), Field.STATUS) == frozenset({"waiting"})
    assert must_be(rule(status, ("tag", "is", "x"), any_condition=True), Field.STATUS) is None
    assert must_be(rule(("status", "is_not", "closed")), Field.STATUS) is None
