"""Rules and their log in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from helpdesk.automation.domain.rules import NOBODY
from helpdesk.automation.forms import FIELDS, OPERATORS, TRIGGERS, UNITS
from helpdesk.automation.models import AutomationRule, AutomationRun
from helpdesk.automation.naming import Names, name_of, priorities, statuses
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.changing import ME, Changes
from helpdesk.automation.service.macros import MacroActs
from helpdesk.infra.i18n import gettext as _
from helpdesk.infra.i18n import ngettext


@dataclass(frozen=True)
class RuleLine:
    """One rule as the list shows it, in words."""

    id: int
    number: int
    name: str
    active: bool
    when: str
    any_condition: bool
    conditions: list[str]
    does: list[str]
    switched_off_why: str


@dataclass(frozen=True)
class RunLine:
    """One line of the log: a rule as it was on one ticket, why it acted, and what it did."""

    id: int
    at: datetime
    rule_id: int | None
    rule_name: str
    rule_as_it_was: list[str]
    number: int
    title: str
    outcome: str
    because: list[str]
    did: list[str]
    why_not: str


def rule_line(rule: AutomationRule, named: Names) -> RuleLine:
    """Return a rule as the list shows it."""
    return RuleLine(
        id=rule.id,
        number=rule.position,
        name=rule.name,
        active=rule.active,
        when=when(rule.trigger, rule.amount, rule.unit),
        any_condition=rule.any_condition,
        conditions=list(_conditions(rule.conditions, named)),
        does=does(rule.acts, named, stops=rule.stops),
        switched_off_why=rule.switched_off_why,
    )


def run_line(run: AutomationRun, named: Names) -> RunLine:
    """Return a line of the log."""
    was = run.rule_as_it_was
    asked = (field_operator_value.split(" ", 2) for field_operator_value in run.because)
    return RunLine(
        id=run.id,
        at=run.at,
        rule_id=run.rule_id,
        rule_name=run.rule_name,
        rule_as_it_was=[
            when(was["trigger"], was["amount"], was["unit"]),
            *_conditions(was["conditions"], named),
            *does(was["acts"], named, stops=was["stops"]),
        ]
        if was
        else [],
        number=run.work_item.number,
        title=run.work_item.title,
        outcome=run.outcome,
        because=[_condition(field, operator, value, named) for field, operator, value in asked],
        did=run.did,
        why_not=run.why_not,
    )


def when(trigger: str, amount: int, unit: str) -> str:
    """Return in words when a rule acts."""
    words = str(TRIGGERS[trigger])
    return _("%(what)s for %(amount)s %(unit)s", what=words, amount=amount, unit=str(UNITS[unit])) if unit else words


def does(acts: Mapping[str, Any], named: Names, *, stops: bool) -> list[str]:
    """Return in words what a rule does."""
    wanted = Acts.of(acts)
    found = _changes(wanted, named)
    if wanted.mail_text:
        found.append(_("mail to the requester"))
    return [*found, _("no later rule")] if stops else found


def does_of_macro(wanted: MacroActs, named: Names) -> list[str]:
    """Return in words what a macro does, the answer first."""
    found = []
    if wanted.answer:
        found.append(_("send an answer") if wanted.sends else _("put an answer into the box"))
    found += _changes(wanted, named)
    if wanted.minutes:
        found.append(ngettext("log %(num)s minute", "log %(num)s minutes", wanted.minutes))
    return found


def _changes(wanted: Changes, named: Names) -> list[str]:
    found: list[str] = []
    if wanted.status:
        found.append(_("status %(name)s", name=statuses()[wanted.status].lower()))
    if wanted.priority:
        found.append(_("priority %(name)s", name=priorities()[wanted.priority].lower()))
    if wanted.assignee:
        found.append(_assigns(wanted.assignee, named))
    if wanted.team:
        found.append(_gives(wanted.team, named))
    if wanted.type:
        found.append(_("type %(name)s", name=name_of(named, "type", wanted.type)))
    if wanted.add_tags:
        found.append(_("add the tags %(names)s", names=", ".join(wanted.add_tags)))
    if wanted.remove_tags:
        found.append(_("take off the tags %(names)s", names=", ".join(wanted.remove_tags)))
    if wanted.snooze_days:
        found.append(ngettext("snooze for %(num)s day", "snooze for %(num)s days", wanted.snooze_days))
    if wanted.note:
        found.append(_("write a note"))
    return found


def _assigns(assignee: str, named: Names) -> str:
    """Return in words whose a ticket becomes: who has no name here has a sentence of their own."""
    if assignee == ME:
        return _("assign to whoever applies it")
    if assignee == NOBODY:
        return _("assign to nobody")
    return _("assign to %(name)s", name=name_of(named, "assignee", assignee))


def _gives(team: str, named: Names) -> str:
    return _("take it from its team") if team == NOBODY else _("team %(name)s", name=name_of(named, "team", team))


def _conditions(conditions: Iterable[Mapping[str, str]], named: Names) -> Iterable[str]:
    return (_condition(one["field"], one["operator"], one["value"], named) for one in conditions)


def _condition(field: str, operator: str, value: str, named: Names) -> str:
    return f"{FIELDS[field]} {OPERATORS[operator]} “{name_of(named, field, value)}”"
