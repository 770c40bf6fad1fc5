"""Reads of service levels: which policy covers a ticket, what happened on it, and what of it is due."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session, joinedload

from helpdesk.company.service import find_company
from helpdesk.infra.ahead import rows_of
from helpdesk.infra.db import foreseen
from helpdesk.infra.models import AuditRow
from helpdesk.kernel.business_time import Calendar, WeeklyHours
from helpdesk.kernel.periods import zone_named
from helpdesk.projects.models import OPEN_STATUSES, Project, WorkItem
from helpdesk.sla.domain.clocks import Clock, History, clocks
from helpdesk.sla.domain.history import Change, Move, Said, Snoozed, Woke, history_of
from helpdesk.sla.domain.promises import USUAL_HOURS, budgets_of
from helpdesk.sla.models import BusinessCalendar, Remeasuring, SlaClock, SlaPolicy, SlaScope, TicketDue
from helpdesk.tickets.models import Message, Talk, TicketDetails

UNREAD: Any = object()


@dataclass(frozen=True)
class Ticket:
    """What of a ticket its clocks depend on."""

    id: int
    status: str
    priority: str
    project_id: int
    client_id: int
    created_at: datetime
    is_out: bool  # spam, or merged into another


@dataclass(frozen=True)
class Measured:
    """A ticket with the policy that covers it, what happened, and the clocks that follow."""

    policy: SlaPolicy
    history: History
    clocks: list[Clock]


class Promises:
    """All policies with their calendars, and whom each covers."""

    def __init__(self, policies: Sequence[SlaPolicy], scopes: Sequence[SlaScope], company_zone: str) -> None:
        self._policies = {policy.id: policy for policy in policies}
        self._default = next((policy for policy in policies if policy.is_default), None)
        self._projects = {scope.project_id: scope.policy_id for scope in scopes if scope.project_id is not None}
        self._clients = {scope.client_id: scope.policy_id for scope in scopes if scope.client_id is not None}
        self._company_zone = company_zone
        self._calendars: dict[int, Calendar] = {}

    @property
    def any_on(self) -> bool:
        """Whether anything is promised to anybody."""
        return any(policy.measured_since is not None for policy in self._policies.values())

    def policy_of(self, ticket: Ticket) -> SlaPolicy | None:
        """Return the policy that covers a ticket: that of its project, of its client, or the default (rule 7)."""
        named = self._projects.get(ticket.project_id) or self._clients.get(ticket.client_id)
        return self._policies[named] if named is not None else self._default

    def calendar_of(self, policy: SlaPolicy) -> Calendar:
        """Return the working time of a policy."""
        if policy.calendar_id not in self._calendars:
            self._calendars[policy.calendar_id] = calendar_of(policy.calendar, company_zone=self._company_zone)
        return self._calendars[policy.calendar_id]


def calendar_of(row: BusinessCalendar, *, company_zone: str) -> Calendar:
    """Return a stored calendar as working time."""
    days = frozenset(map(_holiday, row.holidays))
    return Calendar(WeeklyHours.parse(row.hours), zone_named(row.time_zone or company_zone), days)


def _holiday(row: Mapping[str, str]) -> date:
    return date.fromisoformat(row["day"])


def company_zone(session: Session) -> str:
    """Return the zone of the company; UTC before it is set up."""
    company = find_company(session)
    return company.time_zone if company is not None else "UTC"


def working_time(session: Session, *, zone: ZoneInfo) -> Calendar:
    """Return the hours and holidays of the default policy on the clock of ``zone``; Mon-Fri 9:00-17:00 without one."""
    return calendar_asked(rows_of(session, working_hours()), zone=zone)


def working_hours() -> Select[str, list[dict[str, Any]]]:
    """Return the question of `working_time`, to be asked together with others; `calendar_asked` reads the answer."""
    query = select(BusinessCalendar.hours, BusinessCalendar.holidays)
    return query.join(SlaPolicy, SlaPolicy.calendar_id == BusinessCalendar.id).where(SlaPolicy.is_default)


def calendar_asked(rows: Sequence[Any], *, zone: ZoneInfo) -> Calendar:
    """Return what the rows of `working_hours` say, one or none of them."""
    hours, holidays = rows[0] if rows else (USUAL_HOURS, ())
    return Calendar(WeeklyHours.parse(hours), zone, frozenset(map(_holiday, holidays)))


def promises(session: Session) -> Promises:
    """Return what is promised; in one query where every policy is off."""
    policies = session.scalars(select(SlaPolicy).options(joinedload(SlaPolicy.calendar)).order_by(SlaPolicy.id)).all()
    if not any(policy.measured_since is not None for policy in policies):
        return Promises((), (), "UTC")
    return Promises(policies, session.scalars(select(SlaScope)).all(), company_zone(session))


def measure(session: Session, item_ids: Collection[int], found: Promises) -> dict[int, Measured | None]:
    """Return what is measured of each ticket, None of one that nothing is promised for; tasks are left out.

    In three queries, however many there are.
    """
    tickets = _tickets(session, item_ids)
    covered = {ticket.id: found.policy_of(ticket) for ticket in tickets if not ticket.is_out}
    ids = [item_id for item_id, policy in covered.items() if policy is not None and policy.measured_since is not None]
    changes, said = _changes(session, ids), _said(session, ids)
    return {
        ticket.id: _measured(ticket, covered.get(ticket.id), found, changes.get(ticket.id, ()), said.get(ticket.id, ()))
        for ticket in tickets
    }


def _measured(
    ticket: Ticket, policy: SlaPolicy | None, found: Promises, changes: Sequence[Change], said: Sequence[Said]
) -> Measured | None:
    if policy is None or policy.measured_since is None:
        return None
    history = history_of(created_at=ticket.created_at, status=ticket.status, changes=changes, said=said)
    if history.opened_at < policy.measured_since:
        return None
    budgets = budgets_of(policy.budgets, ticket.priority)
    calendar = found.calendar_of(policy)
    return Measured(policy, history, clocks(history, budgets, calendar, at_risk_percent=policy.at_risk_percent))


def _tickets(session: Session, item_ids: Collection[int]) -> list[Ticket]:
    query = (
        select(
            WorkItem.id,
            WorkItem.status,
            WorkItem.priority,
            WorkItem.project_id,
            Project.client_id,
            WorkItem.created_at,
            TicketDetails.spam_at.is_not(None) | TicketDetails.merged_into_id.is_not(None),
        )
        .join(Project, Project.id == WorkItem.project_id)
        .join(TicketDetails, TicketDetails.work_item_id == WorkItem.id)
        .where(WorkItem.id.in_(item_ids), WorkItem.kind == "ticket")
        .order_by(WorkItem.id)
    )
    return [Ticket(*row) for row in session.execute(query)]


def _changes(session: Session, item_ids: Collection[int]) -> Mapping[int, Sequence[Change]]:
    query = (
        select(AuditRow.object_id, AuditRow.action, AuditRow.at, AuditRow.data)
        .where(
            AuditRow.object_kind.in_(("ticket", "task")),
            AuditRow.object_id.in_(item_ids),
            AuditRow.action.in_(_CHANGES),
        )
        .order_by(AuditRow.id)
    )
    found: dict[int, list[Change]] = {}
    for item_id, action, at, data in session.execute(query) if item_ids else ():
        found.setdefault(item_id, []).append(_CHANGES[action](at, data))
    return found


_CHANGES: dict[str, Callable[[datetime, Mapping[str, str]], Change]] = {
    "set status": lambda at, data: Move(at, data["before"], data["after"]),
    "snoozed": lambda at, data: Snoozed(at, datetime.fromisoformat(data["until"])),
    "woke": lambda at, _data: Woke(at),
}
"""What stops clocks and lets them go on, by the action in the audit trail."""


def _said(session: Session, item_ids: Collection[int]) -> Mapping[int, Sequence[Said]]:
    """Return what clients wrote and we answered; nothing automatic, held or put away (rules 11, 12 and 24)."""
    query = select(Message.work_item_id, Message.posted_at, Message.kind, WorkItem.created_at)
    query = query.join(Message.work_item).outerjoin(Message.talk)
    query = query.where(
        Message.work_item_id.in_(item_ids),
        (Message.kind == "reply") | Talk.answers | ((Message.kind == "mail") & Message.contact_id.is_not(None)),
        Message.automatic.is_(False),
        Message.held.is_(False),
        Message.discarded_at.is_(None),
    )
    found: dict[int, list[Said]] = {}
    for item_id, at, kind, created_at in session.execute(query) if item_ids else ():
        said = Said(max(at, created_at) if kind == "note" else at, ours=kind != "mail")  # a call had begun before
        found.setdefault(item_id, []).append(said)
    return found


def stored_clocks(session: Session, item_ids: Collection[int]) -> Sequence[SlaClock]:
    """Return the clocks that are kept of these tickets."""
    return session.scalars(select(SlaClock).where(SlaClock.work_item_id.in_(item_ids))).all()


def due_of(session: Session, item_id: int) -> TicketDue | None:
    """Return what of a ticket is due next; None where it is not measured."""
    known: TicketDue | None = foreseen(session, "due", item_id, otherwise=UNREAD)
    return session.get(TicketDue, item_id) if known is UNREAD else known


def on_count() -> Select[int]:
    """Return the question how many policies are on, to be asked together with others."""
    return select(func.count(SlaPolicy.id)).where(SlaPolicy.measured_since.is_not(None))


def is_overdue(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a ticket is overdue, for a query of work items; others join `TicketDue` themselves."""
    return WorkItem.id.in_(select(TicketDue.work_item_id).where(TicketDue.due_at < now))


def is_at_risk(now: datetime | ColumnElement[datetime]) -> ColumnElement[bool]:
    """Return the condition that a ticket is at risk and not overdue yet, for a query of work items."""
    found = select(TicketDue.work_item_id).where(TicketDue.at_risk_at <= now, TicketDue.due_at >= now)
    return WorkItem.id.in_(found)


def open_ticket_ids(session: Session, *, after: int, limit: int) -> list[int]:
    """Return the ids of open tickets behind ``after``, in their order."""
    query = select(WorkItem.id).where(
        WorkItem.kind == "ticket", WorkItem.status.in_(OPEN_STATUSES), WorkItem.id > after
    )
    return list(session.scalars(query.order_by(WorkItem.id).limit(limit)))


def open_ticket_count(session: Session) -> int:
    """Return how many tickets are open."""
    query = select(func.count(WorkItem.id)).where(WorkItem.kind == "ticket", WorkItem.status.in_(OPEN_STATUSES))
    return session.scalar(query) or 0


def remeasuring(session: Session) -> Remeasuring | None:
    """Return how far measuring anew is, or was; None where nothing has ever changed."""
    return session.get(Remeasuring, 1)
