"""Work types, rate cards, cost rates and rounding policies, all effective-dated."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.infra.db import AmountMinor, Base, one_of


class WorkType(Base):
    """What kind of work it was, such as remote support or consulting."""

    __tablename__ = "work_types"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    billable: Mapped[bool] = mapped_column(default=True)
    is_default: Mapped[bool] = mapped_column(default=False)
    archived_at: Mapped[datetime | None]


class Rate(Base):
    """A price of an hour at one level of docs/billing.md rule 5, from a date on.

    ``scope_key`` is the level and its ids in one word ("project:3+person:4"), so that two equal rates on one day
    are refused by the database.
    """

    __tablename__ = "rates"
    __table_args__ = (
        UniqueConstraint("scope_key", "currency", "effective_on"),
        CheckConstraint("amount_minor >= 0", name="amount_is_not_negative"),
        CheckConstraint("NOT (client_id IS NOT NULL AND project_id IS NOT NULL)", name="client_or_project"),
        CheckConstraint("ends_on IS NULL OR ends_on >= effective_on", name="ends_after_it_begins"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    work_type_id: Mapped[int | None] = mapped_column(ForeignKey("work_types.id"))
    scope_key: Mapped[str]
    amount_minor: Mapped[AmountMinor]
    currency: Mapped[str]
    effective_on: Mapped[date]
    ends_on: Mapped[date | None]  # the last day, where no later rate but nothing takes its place
    created_at: Mapped[datetime]


class CostRate(Base):
    """What an hour of a person costs us, from a date on (rule 7)."""

    __tablename__ = "cost_rates"
    __table_args__ = (UniqueConstraint("person_id", "effective_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    amount_minor: Mapped[AmountMinor]
    currency: Mapped[str]
    effective_on: Mapped[date]


class RoundingPolicyRow(Base):
    """How time is rounded for an agreement, a client or (with neither) for all, from a date on; a change is a new row.

    The agreement stands above the client: an agreement's row names no client.
    """

    __tablename__ = "rounding_policies"
    __table_args__ = (
        UniqueConstraint("client_id", "effective_on"),
        Index("one_rounding_a_day", "agreement_id", "effective_on", unique=True),
        one_of("mode", ("up", "down", "nearest", "none")),
        one_of("scope", ("entry", "day", "ticket")),
        CheckConstraint("step_minutes BETWEEN 1 AND 1440", name="step_is_a_part_of_a_day"),
        CheckConstraint("minimum_minutes >= 0", name="minimum_is_not_negative"),
        CheckConstraint("grace_seconds >= 0", name="grace_is_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"))
    mode: Mapped[str] = mapped_column(default="up")
    step_minutes: Mapped[int] = mapped_column(default=1)
    minimum_minutes: Mapped[int] = mapped_column(default=0)
    scope: Mapped[str] = mapped_column(default="entry")
    grace_seconds: Mapped[int] = mapped_column(default=0)
    effective_on: Mapped[date]
    created_at: Mapped[datetime]
