"""What somebody is told, and what they chose to be told."""

from datetime import datetime, time

from sqlalchemy import ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, one_of
from helpdesk.notices.domain import CHANNELS, KINDS, QuietHours


class Notice(Base):
    """One thing that one person is told; ``key`` is the same for all who are told of it, and told once to each.

    ``in_app`` says whether it stands in their list. ``mail_due_at`` is when a mail tells of it at the latest: None
    where none does, or did already.
    """

    __tablename__ = "notices"
    __table_args__ = (
        one_of("kind", KINDS),
        UniqueConstraint("person_id", "key"),
        Index("ix_notices_newest", "person_id", "id"),
        Index(
            "ix_notices_unread",
            "person_id",
            "work_item_id",
            sqlite_where=text("read_at IS NULL"),
            postgresql_where=text("read_at IS NULL"),
        ),
        Index(
            "ix_notices_to_mail",
            "mail_due_at",
            sqlite_where=text("mail_due_at IS NOT NULL"),
            postgresql_where=text("mail_due_at IS NOT NULL"),
        ),
        Index("ix_notices_key", "key"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    kind: Mapped[str]
    key: Mapped[str]
    author: Mapped[str]
    title: Mapped[str]
    excerpt: Mapped[str]
    path: Mapped[str]
    work_item_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"))
    in_app: Mapped[bool]
    created_at: Mapped[datetime]
    read_at: Mapped[datetime | None]
    mail_due_at: Mapped[datetime | None]
    mailed_at: Mapped[datetime | None]


class NoticeChoice(Base):
    """By which ways somebody is told of a kind, where that is another way than by default."""

    __tablename__ = "notice_choices"
    __table_args__ = (one_of("kind", KINDS), one_of("channel", CHANNELS))

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    is_on: Mapped[bool]


class QuietTime(Base):
    """When somebody is told nothing by push and bundled mail: `helpdesk.notices.domain.QuietHours`, days as digits."""

    __tablename__ = "quiet_times"

    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    begins: Mapped[time]
    ends: Mapped[time]
    days: Mapped[str]
    whole_days: Mapped[str]

    @property
    def hours(self) -> QuietHours:
        """The hours as a value."""
        days, whole_days = (frozenset(map(int, each)) for each in (self.days, self.whole_days))
        return QuietHours(self.begins, self.ends, days, whole_days)


class PushBrowser(Base):
    """A browser in which somebody is told by web push: where its push service has it, and its keys (RFC 8291)."""

    __tablename__ = "push_browsers"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    endpoint: Mapped[str] = mapped_column(unique=True)
    p256dh: Mapped[str]
    auth: Mapped[str]
    name: Mapped[str]
    created_at: Mapped[datetime]


class Push(Base):
    """One notice on its way to one browser; its sender moves ``next_attempt_at`` on first, and deletes it after.

    ``held_until`` is the end of the quiet hours that it waits or waited for: then it goes with all others that did.
    """

    __tablename__ = "pushes"
    __table_args__ = (UniqueConstraint("notice_id", "browser_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    notice_id: Mapped[int] = mapped_column(ForeignKey("notices.id"))
    browser_id: Mapped[int] = mapped_column(ForeignKey("push_browsers.id"), index=True)
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime] = mapped_column(index=True)
    held_until: Mapped[datetime | None]

    notice: Mapped[Notice] = relationship()
    browser: Mapped[PushBrowser] = relationship()
