"""Calendars, policies, whom they cover, and the clocks of tickets."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, one_of
from helpdesk.projects.models import WorkItem
from helpdesk.sla.domain.clocks import TARGETS

STATES = ("running", "paused", "stopped")
UNTOLD = "state = 'running' AND told IN ('', 'at_risk')"
"""Clocks of which there may be something to tell. In these very words, or SQLite does not see its index."""


class BusinessCalendar(Base):
    """Working time: hours and holidays as they were typed (docs/sla.md rules 1 to 4).

    ``time_zone`` is empty where it is the company's. ``holidays`` are ``{"day": "2026-12-25", "name": "Christmas"}``.
    """

    __tablename__ = "business_calendars"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    time_zone: Mapped[str] = mapped_column(default="")
    hours: Mapped[str]
    holidays: Mapped[list[dict[str, Any]]]
    created_at: Mapped[datetime]


class SlaPolicy(Base):
    """What is promised: working seconds by priority and target, on the hours of a calendar.

    It measures tickets that began at ``measured_since`` or later; without it, it is off (docs/sla.md rule 8).
    """

    __tablename__ = "sla_policies"
    __table_args__ = (
        CheckConstraint("at_risk_percent BETWEEN 1 AND 99", name="at_risk_is_a_share"),
        Index(
            "one_default_sla_policy",
            "is_default",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    calendar_id: Mapped[int] = mapped_column(ForeignKey("business_calendars.id"), index=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    measured_since: Mapped[datetime | None]
    budgets: Mapped[dict[str, Any]]  # {"urgent": {"first_answer": 3600, …}, …}; what is missing is not promised
    at_risk_percent: Mapped[int] = mapped_column(default=80)
    created_at: Mapped[datetime]

    calendar: Mapped[BusinessCalendar] = relationship()


class SlaScope(Base):
    """A client or a project that a policy covers; a project goes before its client (docs/sla.md rule 7)."""

    __tablename__ = "sla_scopes"
    __table_args__ = (
        CheckConstraint("(client_id IS NULL) <> (project_id IS NULL)", name="is_a_client_or_a_project"),
        UniqueConstraint("client_id"),
        UniqueConstraint("project_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("sla_policies.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))


class SlaClock(Base):
    """One promise on one ticket, as it was derived last; ``told`` is what its history says of it already."""

    __tablename__ = "sla_clocks"
    __table_args__ = (
        one_of("target", TARGETS),
        one_of("state", STATES),
        one_of("told", ("", "at_risk", "missed", "met")),
        CheckConstraint("(state = 'stopped') = (stopped_at IS NOT NULL)", name="stops_at_an_instant"),
        Index("ix_sla_clocks_untold", "at_risk_at", sqlite_where=text(UNTOLD), postgresql_where=text(UNTOLD)),
    )

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    target: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime] = mapped_column(primary_key=True)
    policy_id: Mapped[int] = mapped_column(ForeignKey("sla_policies.id"), index=True)
    budget_seconds: Mapped[int]
    state: Mapped[str]
    due_at: Mapped[datetime | None]  # None while it pauses with something left
    at_risk_at: Mapped[datetime | None]
    stopped_at: Mapped[datetime | None]
    missed: Mapped[bool] = mapped_column(default=False)
    told: Mapped[str] = mapped_column(default="")

    work_item: Mapped[WorkItem] = relationship()


class TicketDue(Base):
    """What of a measured ticket is due next: the clock that ends first; what the queue sorts and filters by.

    ``due_at`` is None where nothing runs: the ticket is paused, or done (``state`` stopped).
    """

    __tablename__ = "ticket_dues"
    __table_args__ = (one_of("state", STATES), Index("ix_ticket_dues_due_at", "due_at"))

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    state: Mapped[str]
    target: Mapped[str] = mapped_column(default="")
    due_at: Mapped[datetime | None]
    at_risk_at: Mapped[datetime | None]
    first_answered_at: Mapped[datetime | None]


class Remeasuring(Base):
    """Open tickets being measured anew since a promise changed: one row, done through ``through_id``."""

    __tablename__ = "sla_remeasuring"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    wanted_at: Mapped[datetime]
    through_id: Mapped[int] = mapped_column(default=0)
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    finished_at: Mapped[datetime | None]
