"""What people decided about proposed time, and what they read."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, one_of
from helpdesk.projects.models import WorkItem


class ProposalDecision(Base):
    """A proposal that somebody accepted or dismissed: its acts are never proposed to them again.

    Proposals themselves are computed and stored nowhere. ``entry_uuid`` names the entry that was made of an accepted
    one; it may have been changed or deleted since. A dismissal can be taken back: ``undone_at``.
    """

    __tablename__ = "proposal_decisions"
    __table_args__ = (
        one_of("decision", ("accepted", "dismissed")),
        CheckConstraint("(decision = 'accepted') = (entry_uuid IS NOT NULL)", name="accepted_has_an_entry"),
        CheckConstraint("undone_at IS NULL OR decision = 'dismissed'", name="only_dismissals_are_undone"),
        Index(
            "one_decision_about_a_proposal",
            "person_id",
            "first_key",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
        Index("ix_proposal_decisions_person", "person_id", "decided_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    first_key: Mapped[str]
    evidence: Mapped[list[dict[str, Any]]]  # [{"key", "at", "says", "seconds"}]
    proposed_seconds: Mapped[int]
    decision: Mapped[str]
    entry_uuid: Mapped[str | None] = mapped_column(index=True)
    decided_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    work_item: Mapped[WorkItem] = relationship()


class ReadingSpan(Base):
    """A while that a person had the page of an item before them and was there; erased after 15 days.

    ``uuid`` is made by the page, anew for each while. Only its own person is ever shown what came of it.
    """

    __tablename__ = "reading_spans"
    __table_args__ = (
        UniqueConstraint("person_id", "uuid"),
        CheckConstraint("ended_at >= started_at", name="ends_after_it_starts"),
        Index("ix_reading_spans_person_ended", "person_id", "ended_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    started_at: Mapped[datetime]
    ended_at: Mapped[datetime] = mapped_column(index=True)
