"""Where mail is fetched from, and the durable log of every message that came."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, one_of
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import Project, WorkItem

STATES = ("received", "processing", "done", "ignored", "quarantined")


class IntakeSource(Base):
    """One IMAP folder that we read: access, cursor (UIDVALIDITY, last UID) and health (docs/mail.md rule 3)."""

    __tablename__ = "intake_sources"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "folder"),
        one_of("imap_security", ("none", "starttls", "tls")),
        one_of("start_from", ("now", "all")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"))
    imap_host: Mapped[str]
    imap_port: Mapped[int]
    imap_security: Mapped[str] = mapped_column(default="tls")
    imap_user: Mapped[str]
    imap_secret: Mapped[str]  # encrypted
    folder: Mapped[str] = mapped_column(default="INBOX")
    default_project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    trusted_authserv_id: Mapped[str] = mapped_column(default="")
    start_from: Mapped[str] = mapped_column(default="now")
    starts_at: Mapped[datetime | None]  # when it was first reached: mail from before is backlog (rule 42)
    uid_validity: Mapped[int | None] = mapped_column(BigInteger)  # 32 bits unsigned (RFC 3501)
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    backlog_uid: Mapped[int] = mapped_column(BigInteger, default=0)  # the last UID when this UIDVALIDITY began
    last_poll_at: Mapped[datetime | None]
    idle_since: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    active: Mapped[bool] = mapped_column(default=True)

    mailbox: Mapped[Mailbox] = relationship()
    default_project: Mapped[Project | None] = relationship()


class InboundMessage(Base):
    """One fetched message, stored raw before the server is told anything (rule 1), with exactly one outcome (rule 8).

    A trigger refuses to delete a row and to change what was fetched.
    """

    __tablename__ = "inbound_messages"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "folder", "uid_validity", "uid"),
        one_of("state", STATES),
        CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        Index("ix_inbound_messages_identity", "mailbox_id", "message_id", "content_hash"),
        Index("ix_inbound_messages_state", "state", "lease_expires_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"))
    folder: Mapped[str]
    uid_validity: Mapped[int] = mapped_column(BigInteger)
    uid: Mapped[int] = mapped_column(BigInteger)
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    size_bytes: Mapped[int]
    message_id: Mapped[str]  # normalised, or derived from the hash (rule 4)
    content_hash: Mapped[str]
    received_at: Mapped[datetime]
    from_address: Mapped[str] = mapped_column(default="")
    from_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="received")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_expires_at: Mapped[datetime | None]
    seen_on_server: Mapped[bool] = mapped_column(default=False)
    outcome: Mapped[str] = mapped_column(default="")  # ticket, reply, held, automatic, duplicate, loop, bounce, …
    matched_by: Mapped[str] = mapped_column(default="")
    reasons: Mapped[list[str]]
    error: Mapped[str] = mapped_column(default="")
    finished_at: Mapped[datetime | None]

    mailbox: Mapped[Mailbox] = relationship()
    effect: Mapped["InboundEffect | None"] = relationship(back_populates="inbound")


class InboundEffect(Base):
    """The one thing that a message caused: its primary key makes a second effect impossible (invariant 2)."""

    __tablename__ = "inbound_effects"

    inbound_message_id: Mapped[int] = mapped_column(ForeignKey("inbound_messages.id"), primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"))

    inbound: Mapped[InboundMessage] = relationship(back_populates="effect")
    work_item: Mapped[WorkItem] = relationship()
