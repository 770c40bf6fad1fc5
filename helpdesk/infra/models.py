"""Tables that belong to no slice: audit, files, leases, counters, periodic runs, failed jobs, forms, live events."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.infra.db import Base, one_of


class AuditRow(Base):
    """Who did what to which object, when. Append-only: a trigger refuses UPDATE and DELETE."""

    __tablename__ = "audit_rows"
    __table_args__ = (
        Index("ix_audit_rows_object", "object_kind", "object_id"),
        Index(
            "ix_audit_rows_actor",
            "actor_id",
            "at",
            sqlite_where=text("actor_id IS NOT NULL"),
            postgresql_where=text("actor_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor_kind: Mapped[str]
    actor_id: Mapped[int | None]
    actor_name: Mapped[str]
    action: Mapped[str]
    object_kind: Mapped[str]
    object_id: Mapped[int | None]
    data: Mapped[dict[str, Any]]


class Blob(Base):
    """One stored file by the sha256 of its bytes. Erasure deletes the file and fills ``erased_*``; the row stays."""

    __tablename__ = "blobs"
    __table_args__ = (CheckConstraint("size_bytes >= 0", name="size_is_not_negative"),)

    sha256: Mapped[str] = mapped_column(primary_key=True)
    size_bytes: Mapped[int]
    created_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    erased_by: Mapped[str | None]
    erased_why: Mapped[str | None]


class Lease(Base):
    """The right to do something alone until ``expires_at``: poll one mailbox, run the schedule."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires_at: Mapped[datetime]


class Counter(Base):
    """A running number that is taken by one UPDATE … RETURNING."""

    __tablename__ = "counters"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_value: Mapped[int]


class PeriodicRun(Base):
    """When a line of the periodic table was last started."""

    __tablename__ = "periodic_runs"

    name: Mapped[str] = mapped_column(primary_key=True)
    last_started_at: Mapped[datetime]


class JobFailure(Base):
    """A job that raised. An administrator sees it and can ring it again; ``resolved_at`` closes it."""

    __tablename__ = "job_failures"

    id: Mapped[int] = mapped_column(primary_key=True)
    job: Mapped[str]
    args: Mapped[list[Any]] = mapped_column(JSON)
    queue: Mapped[str]
    failed_at: Mapped[datetime] = mapped_column(index=True)
    error: Mapped[str]
    traceback: Mapped[str]
    resolved_at: Mapped[datetime | None]
    resolved_by_id: Mapped[int | None]


class OneTimeToken(Base):
    """A secret that opens one door once: first run now, password links later. Only its hash is stored."""

    __tablename__ = "one_time_tokens"

    id: Mapped[int] = mapped_column(primary_key=True)
    purpose: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class SentForm(Base):
    """A form that was acted on, by the digest of who sent it, its key and what it said (docs/answering.md rule 30)."""

    __tablename__ = "sent_forms"

    act: Mapped[str] = mapped_column(primary_key=True)
    sent_at: Mapped[datetime] = mapped_column(index=True)
    leads_to: Mapped[str]  # the address that its answer led to


class LiveEvent(Base):
    """What open pages are told: a topic to look at again, for one person, all on the desk, or all who see an item.

    Ids grow in the order of commits, so that whoever has seen one has seen all before it. Kept for a day.
    """

    __tablename__ = "live_events"
    __table_args__ = (
        one_of("audience", ("person", "desk", "item")),
        CheckConstraint("(audience = 'desk') = (audience_id IS NULL)", name="audience_is_named"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(index=True)
    audience: Mapped[str]
    audience_id: Mapped[int | None]
    topic: Mapped[str]
    data: Mapped[dict[str, Any]]
