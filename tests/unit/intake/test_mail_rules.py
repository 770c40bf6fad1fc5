"""Rules over mail: which conditions hold, and which rule counts."""

import time

import pytest

from helpdesk.intake.domain.headers import Headers
from helpdesk.intake.domain.rules import Condition, Field, Letter, Operator, Rule, condition, first_that_fits, fits
from helpdesk.kernel.errors import RuleViolation

LETTER = Letter(
    sender="Alerts@Mon.Acme.example",
    recipients=("support@us.example", "ops@us.example"),
    subject="[DOWN] db1 is not reachable",
    headers=Headers((("X-Monitor", "nagios 4"), ("Received", "from a"), ("Received", "from b"), ("X-Empty", ""))),
    mailbox="support@us.example",
)


@pytest.mark.parametrize(
    ("entered", "expected"),
    [
        ({"field": "sender", "operator": "is", "value": " ALERTS@mon.acme.example "}, True),
        ({"field": "sender", "operator": "is", "value": "mon.acme.example"}, False),
        ({"field": "sender", "operator": "in_domain", "value": "acme.example"}, True),
        ({"field": "sender", "operator": "in_domain", "value": "@mon.acme.example"}, True),
        ({"field": "sender", "operator": "in_domain", "value": "cme.example"}, False),
        ({"field": "sender_domain", "operator": "is", "value": "mon.acme.example"}, True),
        ({"field": "sender_domain", "operator": "in_domain", "value": "acme.example"}, True),
        ({"field": "sender_domain", "operator": "in_domain", "value": "other.example"}, False),
        ({"field": "recipient", "operator": "starts_with", "value": "ops@"}, True),
        ({"field": "recipient", "operator": "is", "value": "sales@us.example"}, False),
        ({"field": "subject", "operator": "starts_with", "value": "[down]"}, True),
        ({"field": "subject", "operator": "ends_with", "value": "reachable"}, True),
        ({"field": "subject", "operator": "contains", "value": "DB1"}, True),
        ({"field": "subject", "operator": "contains", "value": "db2"}, False),
        ({"field": "subject", "operator": "exists"}, True),
        ({"field": "header", "operator": "exists", "header": "x-monitor:"}, True),
        ({"field": "header", "operator": "exists", "header": "X-Absent"}, False),
        ({"field": "header", "operator": "exists", "header": "X-Empty"}, False),
        ({"field": "header", "operator": "contains", "header": "Received", "value": "from b"}, True),
        ({"field": "mailbox", "operator": "is", "value": "support@us.example"}, True),
    ],
)
def test_a_condition_compares_without_regard_to_capitals(entered, expected):
    rule = Rule(1, (condition(**entered),))

    assert fits(rule, LETTER) is expected


@pytest.mark.parametrize(
    ("entered", "says"),
    [
        ({"field": "body", "operator": "is", "value": "x"}, "what the condition looks at"),
        ({"field": "sender", "operator": "matches", "value": ".*"}, "how it compares"),
        ({"field": "sender", "operator": "is", "value": "  "}, "what to compare with"),
        ({"field": "sender", "operator": "in_domain", "value": "@"}, "what to compare with"),
        ({"field": "subject", "operator": "contains", "value": "x" * 201}, "at most 200"),
        ({"field": "header", "operator": "is", "value": "x"}, "name of the header"),
        ({"field": "header", "operator": "is", "value": "x", "header": "two words"}, "name of the header"),
        ({"field": "subject", "operator": "in_domain", "value": "acme.example"}, "lie in a domain"),
    ],
)
def test_a_condition_that_makes_no_sense_is_refused_with_what_to_do(entered, says):
    with pytest.raises(RuleViolation, match=says):
        condition(**entered)


def test_all_conditions_must_hold_unless_any_is_enough():
    holds = Condition(Field.SUBJECT, Operator.CONTAINS, "db1")
    fails = Condition(Field.SENDER, Operator.IS, "somebody@else.example")

    assert not fits(Rule(1, (holds, fails)), LETTER)
    assert fits(Rule(1, (holds, fails), any_condition=True), LETTER)


def test_a_rule_without_conditions_fits_nothing():
    assert not fits(Rule(1, ()), LETTER)
    assert not fits(Rule(1, (), any_condition=True), LETTER)


def test_the_first_rule_that_fits_counts():
    down = Condition(Field.SUBJECT, Operator.CONTAINS, "down")
    rules = [Rule(1, (Condition(Field.SUBJECT, Operator.IS, "up"),)), Rule(2, (down,)), Rule(3, (down,))]

    found = first_that_fits(rules, LETTER)

    assert found is not None
    assert found.key == 2
    assert first_that_fits(rules[:1], LETTER) is None


def test_a_regular_expression_is_only_a_text_and_a_huge_subject_costs_nothing():
    huge = Letter("a@b.example", (), "a" * 1_000_000, Headers(), "")
    rule = Rule(1, (condition(field="subject", operator="contains", value="(a+)+$"),))

    started = time.perf_counter()
    fitted = fits(rule, huge)

    assert not fitted
    assert time.perf_counter() - started < 1
