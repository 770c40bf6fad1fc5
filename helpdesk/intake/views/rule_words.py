"""One mail rule in words: which mail it is for, and what it does."""

from dataclasses import dataclass

from flask_babel import gettext as _

from helpdesk.intake.models import MailRule
from helpdesk.intake.rule_forms import FIELDS, OPERATORS, PRIORITY_NAMES


@dataclass(frozen=True)
class RuleLine:
    """One rule as the list shows it: what it asks for and what it does, in words."""

    id: int
    number: int
    name: str
    active: bool
    any_condition: bool
    conditions: list[str]
    does: list[str]


def rule_line(rule: MailRule) -> RuleLine:
    """Return a rule as the list shows it."""
    return RuleLine(
        id=rule.id,
        number=rule.position,
        name=rule.name,
        active=rule.active,
        any_condition=rule.any_condition,
        conditions=[_condition(**one) for one in rule.conditions],
        does=[_("ignore: %(why)s", why=rule.ignore_reason)] if rule.ignore_reason else _does(rule),
    )


def _condition(field: str, operator: str, value: str, header: str) -> str:
    compared = f" “{value}”" if value else ""
    return f"{header or FIELDS[field]} {OPERATORS[operator]}{compared}"


def _does(rule: MailRule) -> list[str]:
    found: list[str] = []
    if rule.automatic_may_open:
        found.append(_("a machine may open tickets"))
    if rule.project is not None:
        found.append(_("project %(name)s", name=f"{rule.project.client.name}: {rule.project.name}"))
    if rule.assignee is not None:
        found.append(_("assign to %(name)s", name=rule.assignee.name))
    if rule.priority is not None:
        found.append(_("priority %(name)s", name=str(PRIORITY_NAMES[rule.priority]).lower()))
    if rule.tags:
        found.append(_("tags %(names)s", names=", ".join(rule.tags)))
    return found
