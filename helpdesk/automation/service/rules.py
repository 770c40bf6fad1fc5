"""The rules as managers write them: their order, when they act, on which tickets, and what they do."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import queries as accounts
from helpdesk.automation import queries
from helpdesk.automation.domain.rules import TIMED, Condition, Trigger
from helpdesk.automation.domain.waiting import MOST
from helpdesk.automation.models import AutomationRule
from helpdesk.automation.service.acts import Acts
from helpdesk.automation.service.changing import TEXT_LENGTH, check_changes
from helpdesk.infra import audit
from helpdesk.infra.ahead import Question
from helpdesk.infra.policy import DESK, Actor
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.fields import check_fields
from helpdesk.kernel.places import moved
from helpdesk.projects import types
from helpdesk.tickets.domain import TICKET_FIELDS

NAME_LENGTH = 80
SUBJECT_LENGTH = 200
MOST_RULES = 100
MOST_CONDITIONS = 5

NOTHING = Acts()


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """One rule as people enter it; ``amount`` and ``unit`` count for a trigger that is a time."""

    name: str
    trigger: str
    amount: int = 0
    unit: str = ""
    conditions: tuple[Condition, ...] = ()
    any_condition: bool = False
    acts: Acts = NOTHING
    stops: bool = False


def add_rule(session: Session, *, actor: Actor, now: datetime, settings: RuleSettings) -> AutomationRule:
    """Add a rule behind the others; it is off until somebody switches it on.

    Raises:
        RuleViolation: it makes no sense; the message says why, and its field where.
    """
    if (session.scalar(select(func.count(AutomationRule.id))) or 0) >= MOST_RULES:
        message = f"There are {MOST_RULES} rules already, which is the limit."
        raise RuleViolation(message)
    last = session.scalar(select(func.max(AutomationRule.position))) or 0
    rule = AutomationRule(position=last + 1, created_at=now)
    _write(session, rule, settings, now)
    session.add(rule)
    session.flush()
    _record(session, actor, "added", rule, now)
    return rule


def change_rule(
    session: Session, *, actor: Actor, now: datetime, rule_id: int, settings: RuleSettings
) -> AutomationRule:
    """Change a rule; it keeps its place. One that is on acts from now on as if it had just been switched on.

    Raises:
        NotFound: no such rule.
        RuleViolation: as for :func:`add_rule`.
    """
    rule = queries.get_rule(session, rule_id)
    _write(session, rule, settings, now)
    rule.failures, rule.switched_off_why = 0, ""
    rule.switched_on_at = now if rule.active else rule.switched_on_at
    session.flush()
    _record(session, actor, "changed", rule, now)
    return rule


def switch_rule(session: Session, *, actor: Actor, now: datetime, rule_id: int, active: bool) -> AutomationRule:
    """Let a rule act, or rest. What was due before it was switched on is left alone (docs/automation.md rule 9).

    Raises:
        NotFound: no such rule.
    """
    rule = queries.get_rule(session, rule_id)
    if active and not rule.active:
        rule.switched_on_at, rule.failures, rule.switched_off_why = now, 0, ""
    rule.active = active
    session.flush()
    _record(session, actor, "switched on" if active else "switched off", rule, now)
    return rule


def move_rule(session: Session, *, actor: Actor, now: datetime, rule_id: int, up: bool) -> None:
    """Let a rule change places with the one above or below it; at the end of the list nothing happens.

    Raises:
        NotFound: no such rule.
    """
    rule = queries.get_rule(session, rule_id)
    _number(moved(queries.rules(session), rule, up=up))
    session.flush()
    _record(session, actor, "moved", rule, now)


def delete_rule(session: Session, *, actor: Actor, now: datetime, rule_id: int) -> None:
    """Delete a rule; what it did stays as it is, and so does its log.

    Raises:
        NotFound: no such rule.
    """
    rule = queries.get_rule(session, rule_id)
    _record(session, actor, "deleted", rule, now)
    session.delete(rule)
    session.flush()
    _number(queries.rules(session))
    session.flush()


def row_asked() -> list[Question]:
    """Return what `row_of` asks about the acts, to be asked together with others."""
    return [accounts.choice_of(DESK), accounts.team_choice(), types.choice()]


def row_of(session: Session, settings: RuleSettings, *, rule: AutomationRule | None, now: datetime) -> AutomationRule:
    """Return a rule that is not kept, to be tried out: as entered, in the place of ``rule`` where it is one's change.

    Raises:
        RuleViolation: as for :func:`add_rule`.
    """
    row = AutomationRule(id=rule.id if rule else 0, position=rule.position if rule else MOST_RULES, created_at=now)
    _write(session, row, settings, now)
    return row


def _write(session: Session, rule: AutomationRule, settings: RuleSettings, now: datetime) -> None:
    """Give a rule what was entered, where it makes sense."""
    settings = replace(settings, name=" ".join(settings.name.split()))
    _check(settings)
    _check_acts(session, settings.acts)
    is_timed = settings.trigger in TIMED
    rule.name, rule.trigger, rule.changed_at = settings.name, settings.trigger, now
    rule.amount, rule.unit = (settings.amount, settings.unit) if is_timed else (0, "")
    rule.conditions = [
        {"field": one.field.value, "operator": one.operator.value, "value": one.value} for one in settings.conditions
    ]
    rule.any_condition, rule.acts, rule.stops = settings.any_condition, settings.acts.kept(), settings.stops


def _check(settings: RuleSettings) -> None:
    is_timed, most = settings.trigger in TIMED, MOST.get(settings.unit, 0)
    refusals: Sequence[tuple[bool, str, str]] = (
        (
            not 0 < len(settings.name) <= NAME_LENGTH,
            "name",
            f"Give the rule a name of at most {NAME_LENGTH} characters.",
        ),
        (settings.trigger not in set(Trigger), "trigger", "Choose when the rule acts."),
        (is_timed and settings.unit not in MOST, "unit", "Choose hours, days or working hours."),
        (is_timed and not 0 < settings.amount <= most, "amount", f"Say after how long: from 1 to {most}."),
        (not settings.acts.kept() and not settings.stops, "", "Say what the rule does: at least one thing."),
    )
    for refused, field, message in refusals:
        if refused:
            raise RuleViolation(message, field=field or None)


def _check_acts(session: Session, acts: Acts) -> None:
    refusals: Sequence[tuple[bool, str, str]] = (
        (bool(acts.mail_subject) and not acts.mail_text, "mail_text", "Write what the mail says."),
        (len(acts.mail_subject) > SUBJECT_LENGTH, "mail_subject", f"{SUBJECT_LENGTH} characters at most."),
        (len(acts.mail_text) > TEXT_LENGTH, "mail_text", f"{TEXT_LENGTH} characters at most."),
    )
    for refused, field, message in refusals:
        if refused:
            raise RuleViolation(message, field=field)
    for name in ("mail_subject", "mail_text"):
        check_fields(getattr(acts, name), TICKET_FIELDS, at=name)
    check_changes(session, acts, variables=TICKET_FIELDS)


def _number(ordered: Iterable[AutomationRule]) -> None:
    for position, rule in enumerate(ordered, start=1):
        rule.position = position


def _record(session: Session, actor: Actor, action: str, rule: AutomationRule, now: datetime) -> None:
    audit.record(session, actor=actor, action=action, kind="rule", object_id=rule.id, now=now, name=rule.name)
