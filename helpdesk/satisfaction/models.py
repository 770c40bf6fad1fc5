"""The question whether a requester is content: when it is asked, and what was answered."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.clients.models import Contact
from helpdesk.infra.db import Base, one_of
from helpdesk.projects.models import WorkItem
from helpdesk.satisfaction.domain import ANSWERS

OWN_ID = 1


class SatisfactionSetting(Base):
    """Whether and when is asked. There is at most one row; without ``since`` nobody is asked.

    What was done before ``since`` is asked about never: whoever switches it on writes to nobody about old tickets.
    """

    __tablename__ = "satisfaction_settings"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=OWN_ID)
    since: Mapped[datetime | None]
    after_hours: Mapped[int] = mapped_column(default=24)
    every_days: Mapped[int] = mapped_column(default=30)


class SatisfactionQuestion(Base):
    """One question about one stretch of a ticket, from its opening to its solution, and the answer to it.

    ``closed_at`` names the stretch. Of the link only the hash is kept. ``person_id`` is who had the ticket then.
    """

    __tablename__ = "satisfaction_questions"
    __table_args__ = (
        UniqueConstraint("work_item_id", "closed_at"),
        UniqueConstraint("token_hash"),
        one_of("answer", ("", *ANSWERS)),
        CheckConstraint("(answer = '') = (answered_at IS NULL)", name="is_answered_at_a_time"),
        Index("ix_satisfaction_questions_contact", "contact_id", "asked_at"),
        Index("ix_satisfaction_questions_asked", "asked_at"),
        Index(
            "ix_satisfaction_questions_answered",
            "answered_at",
            sqlite_where=text("answered_at IS NOT NULL"),
            postgresql_where=text("answered_at IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"))
    closed_at: Mapped[datetime]
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    token_hash: Mapped[str]
    language: Mapped[str]
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    answer: Mapped[str] = mapped_column(default="", server_default="")
    comment: Mapped[str] = mapped_column(default="", server_default="")
    answered_at: Mapped[datetime | None]  # the last time
    changes: Mapped[int] = mapped_column(default=0, server_default="0")

    work_item: Mapped[WorkItem] = relationship()
    contact: Mapped[Contact] = relationship()
    person: Mapped[Person | None] = relationship()
