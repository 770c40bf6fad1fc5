"""The rules over mail as people set them up: their order, their conditions, what they do (docs/mail.md rule 41)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.accounts import service as accounts
from helpdesk.infra import audit
from helpdesk.infra.policy import DESK, Actor
from helpdesk.intake import rule_queries
from helpdesk.intake.domain.rules import Condition, Field, Operator, Rule, condition
from helpdesk.intake.models import MailRule
from helpdesk.kernel.errors import RuleViolation
from helpdesk.kernel.places import moved
from helpdesk.projects import queries as projects
from helpdesk.projects.models import PRIORITIES

NAME_LENGTH = 80
REASON_LENGTH = 200
TAGS_LIMIT = 10
TAG_LENGTH = 40


@dataclass(frozen=True, kw_only=True)
class RuleSettings:
    """One rule as people enter it; what is empty changes nothing.

    ``ignore_reason`` makes the rule ignore mail, and then it does nothing else. ``automatic_may_open`` lets a machine,
    such as a monitoring system, open tickets (rule 24).
    """

    name: str
    conditions: tuple[Condition, ...]
    any_condition: bool = False
    active: bool = True
    project_id: int | None = None
    assignee_id: int | None = None
    priority: str | None = None
    tags: tuple[str, ...] = ()
    ignore_reason: str = ""
    automatic_may_open: bool = False


def add_rule(session: Session, *, actor: Actor, now: datetime, settings: RuleSettings) -> MailRule:
    """Add a rule behind the others.

    Raises:
        NotFound: no such project or person.
        RuleViolation: no name, nothing to look for or to do, or things to do that exclude each other.
    """
    last = session.scalar(select(func.max(MailRule.position))) or 0
    rule = MailRule(position=last + 1, created_at=now, **_checked(session, actor, settings))
    session.add(rule)
    session.flush()
    _record(session, actor, "added", rule, now)
    return rule


def change_rule(session: Session, *, actor: Actor, now: datetime, rule_id: int, settings: RuleSettings) -> MailRule:
    """Change a rule; it keeps its place.

    Raises:
        NotFound: no such rule, project or person.
        RuleViolation: as for :func:`add_rule`.
    """
    rule = rule_queries.get_rule(session, rule_id)
    for name, value in _checked(session, actor, settings).items():
        setattr(rule, name, value)
    session.flush()
    _record(session, actor, "changed", rule, now)
    return rule


def switch_rule(session: Session, *, actor: Actor, now: datetime, rule_id: int, active: bool) -> MailRule:
    """Let a rule act, or rest.

    Raises:
        NotFound: no such rule.
    """
    rule = rule_queries.get_rule(session, rule_id)
    rule.active = active
    session.flush()
    _record(session, actor, "switched on" if active else "switched off", rule, now)
    return rule


def move_rule(session: Session, *, actor: Actor, now: datetime, rule_id: int, up: bool) -> None:
    """Let a rule change places with the one above or below it; at the end of the list nothing happens.

    Raises:
        NotFound: no such rule.
    """
    rule = rule_queries.get_rule(session, rule_id)
    _number(moved(rule_queries.mail_rules(session), rule, up=up))
    session.flush()
    _record(session, actor, "moved", rule, now)


def delete_rule(session: Session, *, actor: Actor, now: datetime, rule_id: int) -> None:
    """Delete a rule; tickets that it placed stay as they are.

    Raises:
        NotFound: no such rule.
    """
    rule = rule_queries.get_rule(session, rule_id)
    _record(session, actor, "deleted", rule, now)
    session.delete(rule)
    session.flush()
    _number(rule_queries.mail_rules(session))
    session.flush()


def asked(row: MailRule) -> Rule:
    """Return what the rule asks for, as the domain compares it."""
    return Rule(
        key=row.position,
        conditions=tuple(
            Condition(Field(one["field"]), Operator(one["operator"]), one["value"], one["header"])
            for one in row.conditions
        ),
        any_condition=row.any_condition,
    )


def read_conditions(rows: Iterable[tuple[str, str, str, str]]) -> tuple[Condition, ...]:
    """Return conditions from rows of field, operator, header and value as people typed them; empty rows do not count.

    Raises:
        RuleViolation: a row is filled in part, or makes no sense.
    """
    return tuple(
        condition(field=field, operator=operator, header=header, value=value)
        for field, operator, header, value in rows
        if field
    )


def read_tags(text: str) -> tuple[str, ...]:
    """Return tags that people separated by commas or spaces, in lower case, each once.

    Raises:
        RuleViolation: too many, or one that is too long.
    """
    tags = tuple(dict.fromkeys(text.lower().replace(",", " ").split()))
    if len(tags) > TAGS_LIMIT or any(len(tag) > TAG_LENGTH for tag in tags):
        message = f"At most {TAGS_LIMIT} tags, each of at most {TAG_LENGTH} characters."
        raise RuleViolation(message)
    return tags


def _checked(session: Session, actor: Actor, settings: RuleSettings) -> dict[str, object]:
    """Return the columns of a rule that makes sense."""
    name, why = " ".join(settings.name.split()), " ".join(settings.ignore_reason.split())
    others = (settings.project_id, settings.assignee_id, settings.priority, *settings.tags, settings.automatic_may_open)
    refusals = (
        (not name or len(name) > NAME_LENGTH, f"Give the rule a name of at most {NAME_LENGTH} characters."),
        (not settings.conditions, "Say which mail the rule is for: at least one condition."),
        (not why and not any(others), "Say what the rule does: at least one thing."),
        (bool(why) and any(others), "A rule that ignores mail does nothing else: there is no ticket."),
        (len(why) > REASON_LENGTH, f"Say why in at most {REASON_LENGTH} characters."),
        (settings.priority not in {None, *PRIORITIES}, "There is no such priority."),
    )
    for refused, message in refusals:
        if refused:
            raise RuleViolation(message)
    if settings.project_id is not None:
        projects.get_project(session, actor=actor, project_id=settings.project_id)
    if settings.assignee_id is not None and accounts.get_person(session, settings.assignee_id).role not in DESK:
        message = "That person does not work on tickets."
        raise RuleViolation(message)
    return {
        "name": name,
        "conditions": [
            {"field": one.field.value, "operator": one.operator.value, "value": one.value, "header": one.header}
            for one in settings.conditions
        ],
        "any_condition": settings.any_condition,
        "active": settings.active,
        "project_id": settings.project_id,
        "assignee_id": settings.assignee_id,
        "priority": settings.priority,
        "tags": list(settings.tags),
        "ignore_reason": why,
        "automatic_may_open": settings.automatic_may_open,
    }


def _number(ordered: Iterable[MailRule]) -> None:
    for position, rule in enumerate(ordered, start=1):
        rule.position = position


def _record(session: Session, actor: Actor, action: str, rule: MailRule, now: datetime) -> None:
    audit.record(session, actor=actor, action=action, kind="mail_rule", object_id=rule.id, now=now, name=rule.name)
