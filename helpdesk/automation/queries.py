"""Reads: the rules, what they can see of tickets, tickets that wait, and the log."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, ScalarSelect, Select, bindparam, case, func, null, or_, select
from sqlalchemy.orm import Session, aliased, contains_eager, joinedload, selectinload

from helpdesk.automation.domain.rules import NOBODY, TIMED, Condition, Facts, Field, Operator, Rule, Trigger, must_be
from helpdesk.automation.domain.waiting import Moments, Wait
from helpdesk.automation.models import FOR_TICKETS_ALONE, AutomationRule, AutomationRun, Macro
from helpdesk.infra.ahead import models_of
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM, Actor
from helpdesk.kernel.errors import NotFound
from helpdesk.projects import queries as projects
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.tickets.models import Message, Talk, TicketDetails

PAGE = 50
BODY_LENGTH = 20_000
WEEK_IN_HOURS = 168
_COLUMNS: dict[Field, ColumnElement[Any]] = {
    Field.STATUS: WorkItem.status.expression,
    Field.PRIORITY: WorkItem.priority.expression,
    Field.CLIENT: Project.client_id.expression,
    Field.PROJECT: WorkItem.project_id.expression,
    Field.ASSIGNEE: WorkItem.assignee_id.expression,
    Field.TEAM: WorkItem.team_id.expression,
    Field.TYPE: WorkItem.type_id.expression,
    Field.MAILBOX: TicketDetails.mailbox_id.expression,
}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A ticket that waits, and since when."""

    item_id: int
    moments: Moments


def rules(session: Session) -> list[AutomationRule]:
    """Return all rules in their order: one query."""
    return list(session.scalars(select(AutomationRule).order_by(AutomationRule.position, AutomationRule.id)))


def macro_choice() -> Select[int, str, int | None, int]:
    """Return the question for the macros of a ``person_id`` and the shared ones, what is used most first.

    ``fits_tasks`` is 1 where nothing that it does is for tickets alone.
    """
    mine = Macro.person_id.is_(None) | (Macro.person_id == bindparam("person_id"))
    of_tickets = or_(*(Macro.acts[act].as_string().is_not(None) for act in FOR_TICKETS_ALONE))
    query = select(Macro.id, Macro.name, Macro.person_id, case((of_tickets, 0), else_=1).label("fits_tasks"))
    return query.where(mine).order_by(Macro.used.desc(), func.lower(Macro.name))


def active_rules(session: Session, *, timed: bool) -> list[AutomationRule]:
    """Return the rules that are switched on, in their order: those that are a time, or the others."""
    return [one for one in rules(session) if one.active and (one.trigger in TIMED) == timed]


def get_rule(session: Session, rule_id: int) -> AutomationRule:
    """Return a rule.

    Raises:
        NotFound: no such rule.
    """
    rule = next(iter(models_of(session, rule_asked(rule_id))), None)
    if rule is None:
        message = "There is no such rule."
        raise NotFound(message)
    return rule


def rule_asked(rule_id: int) -> Select[AutomationRule]:
    """Return the question of `get_rule`, to be asked together with others."""
    return select(AutomationRule).where(AutomationRule.id == rule_id)


def asked(row: AutomationRule) -> Rule:
    """Return what a rule asks for, as the domain decides it."""
    return Rule(
        key=row.id or 0,
        trigger=Trigger(row.trigger),
        conditions=tuple(
            Condition(Field(one["field"]), Operator(one["operator"]), one["value"]) for one in row.conditions
        ),
        any_condition=row.any_condition,
        stops=row.stops,
    )


def facts(session: Session, item_ids: Collection[int]) -> dict[int, Facts]:
    """Return what rules can see of tickets as they are now, but for spam and merged ones: two queries."""
    query = (
        select(WorkItem, TicketDetails, func.substr(Message.reply_text, 1, BODY_LENGTH))
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .outerjoin(Message, Message.id == _newest_words())
        .where(WorkItem.id.in_(item_ids), *_alive())
        .options(joinedload(WorkItem.project), selectinload(WorkItem.tags))
        .options(joinedload(TicketDetails.requester))
        .execution_options(populate_existing=True)
    )
    return {
        item.id: Facts(
            client=str(item.project.client_id),
            project=str(item.project_id),
            mailbox=str(details.mailbox_id or ""),
            domain=details.requester.email.rpartition("@")[2].lower(),
            subject=item.title,
            body=body or "",
            status=item.status,
            priority=item.priority,
            assignee=str(item.assignee_id or NOBODY),
            team=str(item.team_id or NOBODY),
            type=str(item.type_id or ""),
            tags=frozenset(one.tag for one in item.tags),
        )
        for item, details, body in session.execute(query)
    }


def waiting(
    session: Session,
    rule: Rule,
    wait: Wait,
    *,
    now: datetime,
    switched_on_at: datetime,
    after_id: int = 0,
    limit: int = 200,
    only: int | None = None,
) -> list[Waiting]:
    """Return tickets that may have waited long enough, by id: those that the rule has not acted on since they wait.

    Spam, merged and sleeping tickets wait for nothing, and without a condition on the status neither do those that
    are done. What the database can tell of the conditions is asked of it.
    """
    longest = wait.shortest * (WEEK_IN_HOURS if wait.unit == "working_hours" else 1)
    statuses = must_be(rule, Field.STATUS) or frozenset(OPEN_STATUSES)
    wrote, answered, changed = _moments(rule.trigger)
    since = {Trigger.SINCE_CLIENT: wrote, Trigger.SINCE_ANSWER: answered, Trigger.SINCE_STATUS: changed}[rule.trigger]
    acted = select(AutomationRun.id).where(
        AutomationRun.rule_id == rule.key,
        AutomationRun.work_item_id == WorkItem.id,
        AutomationRun.since == since,
    )
    query = (
        select(WorkItem.id, wrote.label("wrote"), answered.label("answered"), changed.label("changed"))
        .join(Project, Project.id == WorkItem.project_id)
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .where(
            WorkItem.kind == "ticket",
            WorkItem.status.in_(sorted(statuses)),
            WorkItem.updated_at >= _floor(switched_on_at, longest),
            WorkItem.snoozed_until.is_(None),
            WorkItem.id > after_id,
            *_alive(),
            *_conditions(rule),
            since <= now - wait.shortest,
            ~acted.correlate(WorkItem).exists(),
        )
        .order_by(WorkItem.id)
        .limit(limit)
    )
    if only is not None:
        query = query.where(WorkItem.id == only)
    return [Waiting(row.id, Moments(row.wrote, row.answered, row.changed)) for row in session.execute(query)]


def recent_items(session: Session, *, since: datetime, limit: int) -> list[WorkItem]:
    """Return tickets that changed since then, newest change first, with project and client."""
    query = (
        projects.visible_items(SYSTEM)
        .options(contains_eager(WorkItem.project).contains_eager(Project.client))
        .where(WorkItem.kind == "ticket", WorkItem.updated_at >= since)
        .order_by(WorkItem.updated_at.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def runs(
    session: Session, *, actor: Actor, rule_id: int | None, number: int | None, before: int | None, limit: int = PAGE
) -> list[AutomationRun]:
    """Return one more than ``limit`` lines of the log, newest first, of tickets that the actor sees."""
    seen = projects.visible_items(actor).with_only_columns(WorkItem.id)
    query = select(AutomationRun).join(WorkItem, WorkItem.id == AutomationRun.work_item_id)
    query = query.where(AutomationRun.work_item_id.in_(seen)).options(joinedload(AutomationRun.work_item))
    if rule_id is not None:
        query = query.where(AutomationRun.rule_id == rule_id)
    if number is not None:
        query = query.where(WorkItem.number == number)
    if before is not None:
        query = query.where(AutomationRun.id < before)
    return list(session.scalars(query.order_by(AutomationRun.id.desc()).limit(limit + 1)))


def _alive() -> tuple[ColumnElement[bool], ...]:
    return TicketDetails.spam_at.is_(None), TicketDetails.merged_into_id.is_(None)


def _floor(instant: datetime, longest: timedelta) -> datetime:
    """Return the instant before which nothing is due any more: a ticket is touched by all that it waits from."""
    return instant - longest


def _conditions(rule: Rule) -> Sequence[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    for looked_at, column in _COLUMNS.items():
        values = must_be(rule, looked_at)
        if values is None or looked_at is Field.STATUS:
            continue
        if looked_at is Field.PRIORITY:
            found.append(column.in_(sorted(values)))
        elif NOBODY in values:
            found.append(column.is_(None))
        else:
            found.append(column.in_([int(value) for value in values if value.isdecimal()]))
    return found


def _moments(trigger: Trigger) -> tuple[Any, Any, Any]:
    """Return the questions for when the client wrote, we answered, and the status changed last; only those needed."""
    latest = select(func.max(Message.posted_at)).where(
        Message.work_item_id == WorkItem.id,
        Message.automatic.is_(False),
        Message.held.is_(False),
        Message.discarded_at.is_(None),
    )
    of_status = select(func.max(AuditRow.at)).where(
        AuditRow.object_kind == "ticket", AuditRow.object_id == WorkItem.id, AuditRow.action == "set status"
    )
    changed = func.coalesce(of_status.correlate(WorkItem).scalar_subquery(), WorkItem.created_at)
    wrote = latest.where(Message.kind == "mail", Message.contact_id.is_not(None)).correlate(WorkItem).scalar_subquery()
    told = latest.outerjoin(Talk, Talk.message_id == Message.id).where((Message.kind == "reply") | Talk.answers)
    answered = told.correlate(WorkItem).scalar_subquery()
    if trigger is Trigger.SINCE_STATUS:
        return null(), null(), changed
    return wrote, answered, WorkItem.created_at


def _newest_words() -> ScalarSelect[int]:
    """Return the query of what was written last on a ticket; what Helpdesk noted by itself is no writing."""
    said = aliased(Message)
    newest = select(func.max(said.id)).where(
        said.work_item_id == WorkItem.id,
        (said.kind.in_(("mail", "reply"))) | ((said.kind == "note") & said.person_id.is_not(None)),
        said.held.is_(False),
        said.discarded_at.is_(None),
    )
    return newest.correlate(WorkItem).scalar_subquery()


def items(session: Session, item_ids: Collection[int]) -> list[WorkItem]:
    """Return tickets by id, with project and client: one query."""
    query = projects.visible_items(SYSTEM).where(WorkItem.id.in_(item_ids)).order_by(WorkItem.id)
    return list(session.scalars(query.options(joinedload(WorkItem.project).joinedload(Project.client))))
