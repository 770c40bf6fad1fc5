"""Which of people's rules fits a mail (docs/mail.md rule 41): conditions on what stands in its headers.

No patterns of any kind: a condition compares texts, in a time that grows with their length and no faster.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from helpdesk.intake.domain.address import domain_of, normalise_address
from helpdesk.intake.domain.headers import Headers
from helpdesk.kernel.errors import RuleViolation

VALUE_LENGTH = 200
_HEADER_NAME = re.compile(r"[!-9;-~]{1,76}")  # RFC 5322 3.6.8


class Field(StrEnum):
    """What a condition looks at."""

    SENDER = "sender"
    SENDER_DOMAIN = "sender_domain"
    RECIPIENT = "recipient"
    SUBJECT = "subject"
    HEADER = "header"
    MAILBOX = "mailbox"


class Operator(StrEnum):
    """How a condition compares; capitals make no difference."""

    IS = "is"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"
    ENDS_WITH = "ends_with"
    IN_DOMAIN = "in_domain"
    EXISTS = "exists"


WITH_DOMAIN = frozenset({Field.SENDER, Field.SENDER_DOMAIN, Field.RECIPIENT, Field.MAILBOX})
"""The fields that hold an address or a domain, of which one can ask in which domain it lies."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison; ``value`` is in lower case and empty for "exists", ``header`` names the header looked at."""

    field: Field
    operator: Operator
    value: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """What a rule asks for. ``key`` is whatever the caller knows it by."""

    key: int
    conditions: tuple[Condition, ...]
    any_condition: bool = False


@dataclass(frozen=True, slots=True)
class Letter:
    """What rules can see of a mail: its headers, and the address of the mailbox that it came to."""

    sender: str
    recipients: tuple[str, ...]
    subject: str
    headers: Headers
    mailbox: str


def condition(*, field: str, operator: str, value: str = "", header: str = "") -> Condition:
    """Return a condition as people entered it, with spaces taken off and in lower case.

    Raises:
        RuleViolation: the field or the operator is unknown, or they do not go together; no value or header name where
            one is needed; a value that is too long.
    """
    if field not in set(Field) or operator not in set(Operator):
        message = "Choose what the condition looks at, and how it compares."
        raise RuleViolation(message)
    made = Condition(Field(field), Operator(operator), _value(Operator(operator), value), _header(Field(field), header))
    if made.operator is Operator.IN_DOMAIN and made.field not in WITH_DOMAIN:
        message = "Only an address or a domain can lie in a domain."
        raise RuleViolation(message)
    return made


def fits(rule: Rule, letter: Letter) -> bool:
    """Return whether the mail meets the rule's conditions: all, or any one; a rule without conditions fits nothing."""
    if not rule.conditions:
        return False
    enough = any if rule.any_condition else all
    return enough(holds(one, letter) for one in rule.conditions)


def first_that_fits(rules: Iterable[Rule], letter: Letter) -> Rule | None:
    """Return the first rule, in their order, that the mail meets; None when none does."""
    return next((rule for rule in rules if fits(rule, letter)), None)


def holds(condition: Condition, letter: Letter) -> bool:
    """Return whether the condition holds; of several values, such as recipients, one is enough."""
    compare = _COMPARE[condition.operator]
    return any(compare(value.strip().lower(), condition.value) for value in _values(condition, letter))


def project_counts(client_id: int, *, of_contact: int | None, of_mailbox: int | None) -> bool:
    """Return whether a rule may name a project of this client (docs/mail.md rule 37).

    The contact's client and the mailbox's project come first: a rule can only choose among projects of the same
    client. Where neither says anything, the rule does.
    """
    return of_contact in (None, client_id) and (of_contact is not None or of_mailbox in (None, client_id))


def _values(condition: Condition, letter: Letter) -> tuple[str, ...]:
    match condition.field:
        case Field.SENDER:
            return (normalise_address(letter.sender),)
        case Field.SENDER_DOMAIN:
            return (domain_of(letter.sender),)
        case Field.RECIPIENT:
            return tuple(normalise_address(address) for address in letter.recipients)
        case Field.SUBJECT:
            return (letter.subject,)
        case Field.HEADER:
            return letter.headers.all(condition.header) or ("",)
        case Field.MAILBOX:
            return (normalise_address(letter.mailbox),)


def _in_domain(value: str, domain: str) -> bool:
    """Return whether an address or domain lies in ``domain`` or in one below it; whole labels only."""
    own = value.rpartition("@")[2].rstrip(".")
    return own == domain or own.endswith(f".{domain}")


_COMPARE: dict[Operator, Callable[[str, str], bool]] = {
    Operator.IS: lambda value, wanted: value == wanted,
    Operator.CONTAINS: lambda value, wanted: wanted in value,
    Operator.STARTS_WITH: lambda value, wanted: value.startswith(wanted),
    Operator.ENDS_WITH: lambda value, wanted: value.endswith(wanted),
    Operator.IN_DOMAIN: _in_domain,
    Operator.EXISTS: lambda value, _: value != "",
}


def _value(operator: Operator, text: str) -> str:
    value = text.strip().lower()
    if operator is Operator.EXISTS:
        return ""
    if operator is Operator.IN_DOMAIN:
        value = value.rpartition("@")[2].strip(".")
    if not value or len(value) > VALUE_LENGTH:
        message = f"Write what to compare with, in at most {VALUE_LENGTH} characters."
        raise RuleViolation(message)
    return value


def _header(field: Field, name: str) -> str:
    if field is not Field.HEADER:
        return ""
    if _HEADER_NAME.fullmatch(name.strip().rstrip(":")) is None:
        message = "Write the name of the header, such as X-Monitoring."
        raise RuleViolation(message)
    return name.strip().rstrip(":")
