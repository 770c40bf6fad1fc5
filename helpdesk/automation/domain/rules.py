"""Which rules fit what happened to a ticket, and why (docs/automation.md rules 2 to 5): what happened + facts + rules.

No patterns of any kind: a condition compares texts, in a time that grows with their length and no faster.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from helpdesk.kernel.errors import RuleViolation

VALUE_LENGTH = 200
NOBODY = "nobody"


class Trigger(StrEnum):
    """What a rule waits for."""

    OPENED_BY_MAIL = "opened_by_mail"
    OPENED_BY_HAND = "opened_by_hand"
    CLIENT_ANSWERED = "client_answered"
    WE_ANSWERED = "we_answered"
    NOTED = "noted"
    STATUS_CHANGED = "status_changed"
    ASSIGNED = "assigned"
    TAGGED = "tagged"
    PRIORITY_CHANGED = "priority_changed"
    AT_RISK = "at_risk"
    MISSED = "missed"
    SINCE_CLIENT = "since_client"
    SINCE_ANSWER = "since_answer"
    SINCE_STATUS = "since_status"


TIMED = frozenset({Trigger.SINCE_CLIENT, Trigger.SINCE_ANSWER, Trigger.SINCE_STATUS})
"""The triggers that are a time that has gone by; all others are something that happened."""


class Field(StrEnum):
    """What a condition looks at."""

    CLIENT = "client"
    PROJECT = "project"
    MAILBOX = "mailbox"
    DOMAIN = "domain"
    SUBJECT = "subject"
    BODY = "body"
    STATUS = "status"
    PRIORITY = "priority"
    ASSIGNEE = "assignee"
    TEAM = "team"
    TYPE = "type"
    TAG = "tag"


class Operator(StrEnum):
    """How a condition compares; capitals make no difference."""

    IS = "is"
    IS_NOT = "is_not"
    CONTAINS = "contains"
    CONTAINS_NOT = "contains_not"


WORDS = frozenset({Field.SUBJECT, Field.BODY})
"""The fields of which one asks what they contain; of all others, what they are."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison. ``value`` is in lower case: an id as text, a word of a list, words, or ``nobody``."""

    field: Field
    operator: Operator
    value: str


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule asks for; ``key`` is whatever the caller knows it by, ``stops`` lets no later rule act."""

    key: int
    trigger: Trigger
    conditions: tuple[Condition, ...] = ()
    any_condition: bool = False
    stops: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What rules can see of a ticket. Ids are texts, empty where there is none; ``body`` is what was written last."""

    client: str = ""
    project: str = ""
    mailbox: str = ""
    domain: str = ""
    subject: str = ""
    body: str = ""
    status: str = "new"
    priority: str = "normal"
    assignee: str = NOBODY
    team: str = NOBODY
    type: str = ""
    tags: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Decision:
    """A rule that acts, and the conditions that let it: all that it has, or of any the first that holds."""

    key: int
    because: tuple[Condition, ...]


def condition(*, field: str, operator: str, value: str) -> Condition:
    """Return a condition as it is kept, with single spaces and in lower case.

    Raises:
        RuleViolation: field or operator is unknown, they do not go together, or the value is empty or too long.
    """
    if field not in set(Field) or operator not in set(Operator):
        message = "Choose what the condition looks at, and how it compares."
        raise RuleViolation(message)
    asks_for_words = operator in (Operator.CONTAINS, Operator.CONTAINS_NOT)
    if (Field(field) in WORDS) != asks_for_words:
        message = "Subject and text contain words or not; everything else is something or not."
        raise RuleViolation(message)
    wanted = " ".join(value.split()).lower()
    if Field(field) is Field.DOMAIN:
        wanted = wanted.rpartition("@")[2].strip(".")
    if not wanted or len(wanted) > VALUE_LENGTH:
        message = f"Write what to compare with, in at most {VALUE_LENGTH} characters."
        raise RuleViolation(message)
    return Condition(Field(field), Operator(operator), wanted)


def decide(happened: Trigger, facts: Facts, rules: Iterable[Rule]) -> list[Decision]:
    """Return which rules act on what happened, in their order, down to the first that stops further ones.

    All are decided by the facts as they are now: what one of them does makes no other fit.
    """
    decisions: list[Decision] = []
    for rule in rules:
        because = reasons(rule, facts) if rule.trigger is happened else None
        if because is None:
            continue
        decisions.append(Decision(rule.key, because))
        if rule.stops:
            break
    return decisions


def reasons(rule: Rule, facts: Facts) -> tuple[Condition, ...] | None:
    """Return the conditions by which a rule fits, all or the first of any; None where it does not fit.

    A rule without conditions fits every ticket.
    """
    held = tuple(one for one in rule.conditions if holds(one, facts))
    if rule.any_condition and rule.conditions:
        return held[:1] or None
    return held if len(held) == len(rule.conditions) else None


def holds(condition: Condition, facts: Facts) -> bool:
    """Return whether a condition holds."""
    found = _found(condition, facts)
    return found if condition.operator in (Operator.IS, Operator.CONTAINS) else not found


def must_be(rule: Rule, looked_at: Field) -> frozenset[str] | None:
    """Return the values of which a field must have one for the rule to fit; None where any will do.

    By this a database leaves out what cannot fit; what it finds is decided by :func:`reasons` all the same.
    """
    if rule.any_condition and len(rule.conditions) > 1:
        return None
    wanted = [one.value for one in _asking(rule.conditions, looked_at)]
    return frozenset(wanted) if wanted else None


def _asking(conditions: Sequence[Condition], looked_at: Field) -> list[Condition]:
    return [one for one in conditions if one.field is looked_at and one.operator is Operator.IS]


def _found(condition: Condition, facts: Facts) -> bool:
    match condition.field:
        case Field.TAG:
            return condition.value in facts.tags
        case Field.SUBJECT | Field.BODY:
            text = facts.subject if condition.field is Field.SUBJECT else facts.body
            return condition.value in " ".join(text.split()).lower()
        case Field.DOMAIN:
            own = facts.domain.lower()
            return own == condition.value or own.endswith(f".{condition.value}")
        case other:
            return str(getattr(facts, other.value)) == condition.value
