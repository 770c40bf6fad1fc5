"""What is promised, and on which hours: calendars, policies and whom they cover (docs/sla.md rules 1 to 10)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from helpdesk.clients import queries as clients
from helpdesk.infra import audit
from helpdesk.infra.policy import Actor
from helpdesk.kernel.business_time import WeeklyHours, parse_holidays
from helpdesk.kernel.errors import Conflict, NotFound, RuleViolation
from helpdesk.kernel.periods import zone_named
from helpdesk.projects import queries as projects
from helpdesk.sla.domain.promises import USUAL, USUAL_HOURS
from helpdesk.sla.models import BusinessCalendar, SlaPolicy, SlaScope
from helpdesk.sla.service.remeasuring import want

USUAL_SHARE = 80
MOST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class CalendarValues:
    """A calendar as it is typed; an empty zone is the company's."""

    name: str
    time_zone: str
    hours: str
    holidays: str


@dataclass(frozen=True, kw_only=True)
class PolicyValues:
    """A policy as it is set; ``budgets`` are seconds by priority and target, None where nothing is promised."""

    name: str
    calendar_id: int
    is_on: bool
    at_risk_percent: int
    budgets: Mapping[str, Mapping[str, int | None]]


def furnish(session: Session, *, actor: Actor, now: datetime) -> SlaPolicy:
    """Add the usual office hours and a default policy on them that is off; where there is one, return it (rule 9)."""
    known = session.scalar(select(SlaPolicy).where(SlaPolicy.is_default))
    if known is not None:
        return known
    usual = CalendarValues(name="Office hours", time_zone="", hours=USUAL_HOURS, holidays="")
    calendar = session.scalar(select(BusinessCalendar).limit(1)) or save_calendar(
        session, actor=actor, now=now, calendar_id=None, values=usual
    )
    policy = SlaPolicy(
        name="Standard", calendar_id=calendar.id, is_default=True, budgets=_stored(USUAL), created_at=now
    )
    session.add(policy)
    session.flush()
    _record(session, actor, "added", policy, now)
    return policy


def save_calendar(
    session: Session, *, actor: Actor, now: datetime, calendar_id: int | None, values: CalendarValues
) -> BusinessCalendar:
    """Add a calendar, or change one; what is open is measured anew.

    Raises:
        NotFound: no such calendar.
        RuleViolation: no name, or a known one; hours, zone or holidays that cannot be read. It names the field.
    """
    name = _name(session, BusinessCalendar, values.name, calendar_id)
    _check("hours", lambda: WeeklyHours.parse(values.hours))
    if values.time_zone:
        _check("time_zone", lambda: zone_named(values.time_zone))
    calendar = get_calendar(session, calendar_id) if calendar_id is not None else BusinessCalendar(created_at=now)
    calendar.name, calendar.time_zone, calendar.hours = name, values.time_zone, values.hours
    try:
        calendar.holidays = [{"day": str(day), "name": called} for day, called in parse_holidays(values.holidays)]
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field="holidays") from refusal
    session.add(calendar)
    session.flush()
    audit.record(
        session,
        actor=actor,
        action="added" if calendar_id is None else "changed",
        kind="business_calendar",
        object_id=calendar.id,
        now=now,
        hours=calendar.hours,
        time_zone=calendar.time_zone,
        holidays=len(calendar.holidays),
    )
    if calendar_id is not None:
        want(session, now=now)
    return calendar


def save_policy(
    session: Session, *, actor: Actor, now: datetime, policy_id: int | None, values: PolicyValues
) -> SlaPolicy:
    """Add a policy, or change one; what is open is measured anew. One that is switched on measures from ``now`` on.

    Raises:
        NotFound: no such policy or calendar.
        RuleViolation: no name, or a known one; switched on without any promise. It names the field.
    """
    name = _name(session, SlaPolicy, values.name, policy_id)
    calendar = get_calendar(session, values.calendar_id)
    budgets = _stored(values.budgets)
    if values.is_on and not budgets:
        message = "Nothing is promised yet: write at least one time before you switch it on."
        raise RuleViolation(message, field="is_on")
    policy = get_policy(session, policy_id) if policy_id is not None else SlaPolicy(is_default=False, created_at=now)
    policy.name, policy.calendar_id, policy.budgets = name, calendar.id, budgets
    policy.at_risk_percent = values.at_risk_percent
    policy.measured_since = (policy.measured_since or now) if values.is_on else None
    session.add(policy)
    session.flush()
    _record(session, actor, "added" if policy_id is None else "changed", policy, now)
    want(session, now=now)
    return policy


def cover(
    session: Session, *, actor: Actor, now: datetime, policy_id: int, client_id: int | None, project_id: int | None
) -> SlaScope:
    """Let a policy cover a client, or a project; another policy that covered it does no longer.

    Raises:
        NotFound: no such policy, client or project, or not for this actor.
        RuleViolation: neither or both are named.
    """
    policy = get_policy(session, policy_id)
    if (client_id is None) == (project_id is None):
        message = "Choose a client, or a project."
        raise RuleViolation(message, field="client_id")
    if client_id is not None:
        clients.get(session, actor=actor, client_id=client_id)
    if project_id is not None:
        projects.get_project(session, actor=actor, project_id=project_id)
    column, wanted = (SlaScope.client_id, client_id) if client_id is not None else (SlaScope.project_id, project_id)
    scope = session.scalar(select(SlaScope).where(column == wanted))
    if scope is None:
        scope = SlaScope(client_id=client_id, project_id=project_id)
        session.add(scope)
    scope.policy_id = policy.id
    session.flush()
    _record(session, actor, "covered", policy, now, client_id=client_id, project_id=project_id)
    want(session, now=now)
    return scope


def uncover(session: Session, *, actor: Actor, now: datetime, policy_id: int, scope_id: int) -> None:
    """Let a policy cover a client or project no longer: the next wider one does.

    Raises:
        NotFound: no such policy.
        Conflict: it does not cover that any more.
    """
    policy, scope = get_policy(session, policy_id), session.get(SlaScope, scope_id)
    if scope is None or scope.policy_id != policy.id:
        message = "The policy does not cover that any more."
        raise Conflict(message)
    session.delete(scope)
    session.flush()
    _record(session, actor, "uncovered", policy, now, client_id=scope.client_id, project_id=scope.project_id)
    want(session, now=now)


def get_calendar(session: Session, calendar_id: int) -> BusinessCalendar:
    """Return a calendar.

    Raises:
        NotFound: there is none.
    """
    calendar = session.get(BusinessCalendar, calendar_id)
    if calendar is None:
        message = "There is no such calendar."
        raise NotFound(message)
    return calendar


def get_policy(session: Session, policy_id: int) -> SlaPolicy:
    """Return a policy.

    Raises:
        NotFound: there is none.
    """
    policy = session.get(SlaPolicy, policy_id)
    if policy is None:
        message = "There is no such policy."
        raise NotFound(message)
    return policy


def _stored(budgets: Mapping[str, Mapping[str, int | None]]) -> dict[str, dict[str, int]]:
    """Return what is promised, without what is not."""
    kept = {
        priority: {target: seconds for target, seconds in targets.items() if seconds is not None}
        for priority, targets in budgets.items()
    }
    return {priority: targets for priority, targets in kept.items() if targets}


def _name(session: Session, model: type[BusinessCalendar] | type[SlaPolicy], written: str, own_id: int | None) -> str:
    name = written.strip()
    if not name or len(name) > MOST_NAME:
        message = f"It needs a name of up to {MOST_NAME} characters."
        raise RuleViolation(message, field="name")
    same = session.scalar(select(model.id).where(func.lower(model.name) == name.lower()))
    if same is not None and same != own_id:
        message = f"There is one named {name} already."
        raise RuleViolation(message, field="name")
    return name


def _check(field: str, read: Callable[[], object]) -> None:
    try:
        read()
    except RuleViolation as refusal:
        raise RuleViolation(str(refusal), field=field) from refusal


def _record(session: Session, actor: Actor, action: str, policy: SlaPolicy, now: datetime, **data: int | None) -> None:
    audit.record(
        session,
        actor=actor,
        action=action,
        kind="sla_policy",
        object_id=policy.id,
        now=now,
        budgets=policy.budgets,
        is_on=policy.measured_since is not None,
        calendar_id=policy.calendar_id,
        **data,
    )
