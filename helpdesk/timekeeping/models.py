"""Time entries, the charges that say what holds which of their seconds, reversals, and the days that are locked."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, literal_column, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.infra.db import AmountMinor, Base, one_of
from helpdesk.infra.sql import days_between
from helpdesk.projects.models import WorkItem
from helpdesk.rates.models import WorkType
from helpdesk.timekeeping.domain.timer import KINDS

STATUSES = ("draft", "submitted", "approved", "rejected", "locked", "reversed")
BILLABLE = ("billable", "not_billable", "no_charge")

ASKING = "(asks <> '' OR differs)"
"""The person has to decide about the entry. In these very words, or SQLite does not see that its index answers."""


class TimeEntry(Base):
    """Work done by one person on one work item; the unit that is approved, charged and explained.

    The raw interval is never altered by rounding. ``billable_seconds``, ``rate_minor`` and the fields beside them
    are what the entry was approved with; later changes of rates or policies never move them (docs/billing.md
    rule 4). Where the rounding covers a day or a ticket the group decides, and the close writes the result.

    An entry of the timer is made of events (rule 1): ``timer_says`` is what they said last, ``differs`` that they
    have come to say something else than a person settled, ``asks`` why the person has to decide about a draft.
    """

    __tablename__ = "time_entries"
    __table_args__ = (
        UniqueConstraint("uuid"),
        one_of("status", STATUSES),
        one_of("billable", BILLABLE),
        one_of("source", ("timer", "typed")),
        CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ends_after_it_starts"),
        CheckConstraint("billable_seconds IS NULL OR billable_seconds >= 0", name="bills_no_negative_time"),
        CheckConstraint("ended_at IS NOT NULL OR status = 'draft'", name="running_is_draft"),
        CheckConstraint("asks = '' OR status = 'draft'", name="asking_is_draft"),
        Index(
            "one_running_timer",
            "person_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        # All that the sums of a project or an item are made of: they are read from the index alone, group by group.
        Index(
            "ix_time_entries_item_sums",
            "work_item_id",
            "status",
            "billable",
            "rate_minor",
            "started_at",
            "ended_at",
            "billable_seconds",
        ),
        Index("ix_time_entries_person_started", "person_id", "started_at"),
        Index("ix_time_entries_status_started", "status", "started_at"),
        Index("ix_time_entries_asking", "person_id", sqlite_where=text(ASKING), postgresql_where=text(ASKING)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"))
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    work_type_id: Mapped[int | None] = mapped_column(ForeignKey("work_types.id"))
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    duration_only: Mapped[bool] = mapped_column(default=False)  # a typed length: starts at noon, never after hours
    source: Mapped[str]
    note: Mapped[str] = mapped_column(default="")
    billable: Mapped[str] = mapped_column(default="billable")
    status: Mapped[str] = mapped_column(default="draft")
    rejected_because: Mapped[str] = mapped_column(default="")
    returned_because: Mapped[str] = mapped_column(default="")  # why approved time waits for approval again (rule 3)
    resumes_id: Mapped[int | None] = mapped_column(ForeignKey("time_entries.id"))
    submitted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    billable_seconds: Mapped[int | None]
    rate_minor: Mapped[AmountMinor | None]
    rate_currency: Mapped[str | None]
    rate_reason: Mapped[str] = mapped_column(default="")
    cost_rate_minor: Mapped[AmountMinor | None]
    cost_rate_currency: Mapped[str | None]
    rounding_policy_id: Mapped[int | None] = mapped_column(ForeignKey("rounding_policies.id"))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # who wrote it, where that is known
    edited_at: Mapped[datetime | None]  # changed since it was submitted for the first time; approval takes it back
    version: Mapped[int] = mapped_column(default=1)
    asks: Mapped[str] = mapped_column(default="")
    differs: Mapped[bool] = mapped_column(default=False)
    timer_says: Mapped[dict[str, Any] | None]

    work_item: Mapped[WorkItem] = relationship()
    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    created_by: Mapped[Person | None] = relationship(foreign_keys=[created_by_id])
    work_type: Mapped[WorkType | None] = relationship()
    charges: Mapped[list["Charge"]] = relationship(back_populates="entry")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


REJECTED = TimeEntry.status == literal_column("'rejected'")
"""The entry came back from approval. A literal, as SQLite does not see else that the index answers."""
Index("ix_time_entries_rejected", TimeEntry.person_id, sqlite_where=REJECTED, postgresql_where=REJECTED)

SUBMITTED = TimeEntry.status == literal_column("'submitted'")
"""The entry waits for approval. Its index holds all that is summed of what waits."""
Index(
    "ix_time_entries_submitted",
    TimeEntry.person_id,
    TimeEntry.started_at,
    TimeEntry.ended_at,
    TimeEntry.work_item_id,
    sqlite_where=SUBMITTED,
    postgresql_where=SUBMITTED,
)

IS_LONG = days_between(TimeEntry.started_at, TimeEntry.ended_at) > literal_column("1")
"""The entry takes longer than a day. Hardly any does, and their index finds those that reach into a month."""
Index("ix_time_entries_long", TimeEntry.ended_at, sqlite_where=IS_LONG, postgresql_where=IS_LONG)

RESUMES = TimeEntry.resumes_id.is_not(None)
Index("ix_time_entries_resumes", TimeEntry.resumes_id, sqlite_where=RESUMES, postgresql_where=RESUMES)


class TimerEventRow(Base):
    """What happened to a person's timer, as a device told it; append-only (docs/billing.md rule 1).

    ``at`` is the instant that counts, ``said_at`` the one that the device named. ``entry_uuid`` names the entry that
    the event is about, ``facts`` what it sets of note, work type and billing.
    """

    __tablename__ = "timer_events"
    __table_args__ = (
        UniqueConstraint("uuid"),
        one_of("kind", KINDS),
        CheckConstraint("at <= received_at OR device = ''", name="no_device_tells_the_future"),
        Index("ix_timer_events_person_at", "person_id", "at"),
        Index("ix_timer_events_entry", "entry_uuid"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]
    at: Mapped[datetime]
    said_at: Mapped[datetime]
    received_at: Mapped[datetime]
    device: Mapped[str] = mapped_column(default="")  # empty: our own pages, or the system
    work_item_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"))
    entry_uuid: Mapped[str | None]
    facts: Mapped[dict[str, Any]] = mapped_column(default=dict)
    until: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
    flags: Mapped[list[str]] = mapped_column(default=list)


class TimerState(Base):
    """How often a person's timer changed, and which entry is paused; it follows from the events."""

    __tablename__ = "timer_states"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    revision: Mapped[int]
    paused_uuid: Mapped[str | None]
    changed_at: Mapped[datetime]


class TimesheetRow(Base):
    """A row that somebody put into a week before there was time on it: work item and work type, or none."""

    __tablename__ = "timesheet_rows"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    monday: Mapped[date]
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"))
    work_type_id: Mapped[int | None] = mapped_column(ForeignKey("work_types.id"))
    created_at: Mapped[datetime]

    work_item: Mapped[WorkItem] = relationship()
    work_type: Mapped[WorkType | None] = relationship()


Index(
    "uq_timesheet_rows_row",
    TimesheetRow.person_id,
    TimesheetRow.monday,
    TimesheetRow.work_item_id,
    func.coalesce(TimesheetRow.work_type_id, 0),
    unique=True,
)


class Charge(Base):
    """A half-open range of an entry's billable seconds and who holds it (docs/billing.md rule 17).

    ``holder_kind`` and ``holder_id`` are opaque here (a retainer period, an invoice line). Held by a draft
    (``held``), fixed by issue or close (``fixed``), or let go (``released_at``): a live range is never charged
    twice (invariant 3).
    """

    __tablename__ = "charges"
    __table_args__ = (
        one_of("kind", ("covered", "overage", "hourly", "written_off")),
        one_of("state", ("held", "fixed", "released")),
        CheckConstraint("from_second >= 0 AND to_second > from_second", name="is_a_range"),
        CheckConstraint("burn_seconds >= 0", name="burns_no_negative_time"),
        CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="released_at_a_time"),
        Index(
            "one_live_charge_from_a_second",
            "time_entry_id",
            "from_second",
            unique=True,
            sqlite_where=text("released_at IS NULL"),
            postgresql_where=text("released_at IS NULL"),
        ),
        Index("ix_charges_holder", "holder_kind", "holder_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    time_entry_id: Mapped[int] = mapped_column(ForeignKey("time_entries.id"), index=True)
    from_second: Mapped[int]
    to_second: Mapped[int]
    burn_seconds: Mapped[int]
    kind: Mapped[str]
    holder_kind: Mapped[str]
    holder_id: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]

    entry: Mapped[TimeEntry] = relationship(back_populates="charges")


WRITTEN_OFF = (Charge.kind == literal_column("'written_off'")) & Charge.released_at.is_(None)
"""The charge holds what nobody pays for. They are few, and their index names all of them."""
Index("ix_charges_written_off", Charge.time_entry_id, sqlite_where=WRITTEN_OFF, postgresql_where=WRITTEN_OFF)


class TimeReversal(Base):
    """Why an entry that a closed period had drawn does not count any more, and what stands in its place (rule 2).

    Append-only: a trigger refuses UPDATE and DELETE. ``seconds`` are the billable seconds of the entry, whose row
    stays as it was approved. Without a replacement the work never was.
    """

    __tablename__ = "time_reversals"
    __table_args__ = (
        UniqueConstraint("time_entry_id"),
        UniqueConstraint("replacement_id"),
        CheckConstraint("seconds >= 0", name="reverses_no_negative_time"),
        CheckConstraint("reason <> ''", name="says_why"),
        CheckConstraint("replacement_id IS NULL OR replacement_id <> time_entry_id", name="is_not_its_own_replacement"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    time_entry_id: Mapped[int] = mapped_column(ForeignKey("time_entries.id"))
    replacement_id: Mapped[int | None] = mapped_column(ForeignKey("time_entries.id"))
    seconds: Mapped[int]
    reason: Mapped[str]
    reversed_at: Mapped[datetime]
    reversed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
