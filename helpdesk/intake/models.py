"""Where mail is fetched from, and the durable log of every message that came."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.infra.db import Base, one_of
from helpdesk.outbox.models import Mailbox
from helpdesk.projects.models import Project, WorkItem
from helpdesk.tickets.models import Message

STATES = ("received", "processing", "done", "ignored", "held", "quarantined")
ORIGINS = ("imap", "import")


class IntakeSource(Base):
    """One IMAP folder that we read: access, cursor (UIDVALIDITY, last UID) and health (docs/mail.md rule 3)."""

    __tablename__ = "intake_sources"
    __table_args__ = (
        UniqueConstraint("mailbox_id", "folder"),
        one_of("imap_security", ("none", "starttls", "tls")),
        one_of("start_from", ("now", "days", "all")),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"))
    imap_host: Mapped[str]
    imap_port: Mapped[int]
    imap_security: Mapped[str] = mapped_column(default="tls")
    imap_user: Mapped[str]
    imap_secret: Mapped[str]  # encrypted
    imap_fingerprint: Mapped[str] = mapped_column(default="")  # of the one certificate to trust; empty: by authority
    folder: Mapped[str] = mapped_column(default="INBOX")
    default_project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))  # gets what is opened here (rule 45)
    trusted_authserv_id: Mapped[str] = mapped_column(default="")
    processed_folder: Mapped[str] = mapped_column(default="")  # empty: flagged as seen, left where it is (rule 2)
    start_from: Mapped[str] = mapped_column(default="now")
    start_days: Mapped[int | None]  # for "days"
    starts_at: Mapped[datetime | None]  # when it was first reached: mail from before is backlog (rule 42)
    uid_validity: Mapped[int | None] = mapped_column(BigInteger)  # 32 bits of the server (RFC 3501), above them:
    generation: Mapped[int] = mapped_column(default=0)  # how often the mailbox moved to another server or folder
    last_uid: Mapped[int] = mapped_column(BigInteger, default=0)
    backlog_uid: Mapped[int] = mapped_column(BigInteger, default=0)  # the last UID when this UIDVALIDITY began
    floor_uid: Mapped[int] = mapped_column(BigInteger, default=0)  # nothing up to here was ever to be read (rule 42)
    renewed_at: Mapped[datetime | None]  # settings changed, or somebody asked: the watcher begins anew
    last_poll_at: Mapped[datetime | None]
    idle_since: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    failing_since: Mapped[datetime | None]
    backlog_count: Mapped[int] = mapped_column(default=0)  # messages on the server beyond the cursor, when last asked
    reconciled_at: Mapped[datetime | None]
    missing_uids: Mapped[list[int]] = mapped_column(default=list)  # on the server, not with us: the gap (rule 5)
    tested_at: Mapped[datetime | None]
    test_report: Mapped[list[dict[str, Any]]] = mapped_column(default=list)  # [{"step", "ok", "says"}]
    probe_sent_at: Mapped[datetime | None]  # a mail to a plus address of ours, to see whether it arrives (rule 15)
    probe_arrived_at: Mapped[datetime | None]
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
        one_of("origin", ORIGINS),
        CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        Index("ix_inbound_messages_identity", "mailbox_id", "message_id", "content_hash"),
        Index("ix_inbound_messages_sender", "from_address", "received_at"),
        Index("ix_inbound_messages_state", "state", "lease_expires_at"),
        Index("ix_inbound_messages_outcome", "outcome", "id"),
        Index("ix_inbound_messages_received_at", "received_at"),
        Index("ix_inbound_messages_message_id", "message_id"),
        Index("ix_inbound_messages_blob", "blob_sha256"),
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
    fetched_at: Mapped[datetime | None]
    from_address: Mapped[str] = mapped_column(default="")
    from_name: Mapped[str] = mapped_column(default="")
    subject: Mapped[str] = mapped_column(default="")
    state: Mapped[str] = mapped_column(default="received")
    attempts: Mapped[int] = mapped_column(default=0)
    lease_expires_at: Mapped[datetime | None]
    seen_on_server: Mapped[bool] = mapped_column(default=False)
    move_pending: Mapped[bool] = mapped_column(default=False)  # still to go to the processed folder (rule 2)
    origin: Mapped[str] = mapped_column(default="imap")
    headers_only: Mapped[bool] = mapped_column(default=False)  # too large: its body is on the server still (rule 11)
    decisions: Mapped[list[str]] = mapped_column(default=list)  # by people: not_automatic, open_ticket, not_spam, …
    outcome: Mapped[str] = mapped_column(default="")  # ticket, reply, held, automatic, spam, rule, capped, …
    matched_by: Mapped[str] = mapped_column(default="")
    reasons: Mapped[list[str]]
    error: Mapped[str] = mapped_column(default="")
    finished_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]  # the bytes and who wrote are gone; hash and outcome stay
    erased_by: Mapped[str] = mapped_column(default="")
    erased_why: Mapped[str] = mapped_column(default="")

    mailbox: Mapped[Mailbox] = relationship()
    effect: Mapped["InboundEffect | None"] = relationship(back_populates="inbound")


class InboundEffect(Base):
    """The one thing that a message caused: its primary key makes a second effect impossible (invariant 2)."""

    __tablename__ = "inbound_effects"

    inbound_message_id: Mapped[int] = mapped_column(ForeignKey("inbound_messages.id"), primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    message_id: Mapped[int | None] = mapped_column(ForeignKey("messages.id"), index=True)

    inbound: Mapped[InboundMessage] = relationship(back_populates="effect")
    work_item: Mapped[WorkItem] = relationship()
    message: Mapped[Message | None] = relationship()


class IntakeLimits(Base):
    """The caps and limits that people can set: one row (docs/mail.md rules 11, 26 and 39)."""

    __tablename__ = "intake_limits"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    acknowledgement_pause_minutes: Mapped[int] = mapped_column(default=10)
    acknowledgements_a_day: Mapped[int] = mapped_column(default=5)
    reopenings_an_hour: Mapped[int] = mapped_column(default=3)
    new_tickets_an_hour: Mapped[int] = mapped_column(default=20)
    reopens_within_days: Mapped[int] = mapped_column(default=30)
    largest_mail_mb: Mapped[int] = mapped_column(default=32)
    retention_days: Mapped[int | None]  # of raw mail in the log; None keeps it


class MailRule(Base):
    """What happens to mail that belongs to no ticket and meets its conditions; the first rule that fits counts.

    ``conditions`` are ``{"field", "operator", "value", "header"}``, of which all hold, or any; an empty action changes
    nothing (docs/mail.md rule 41).
    """

    __tablename__ = "mail_rules"
    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=True)
    conditions: Mapped[list[dict[str, Any]]]
    any_condition: Mapped[bool] = mapped_column(default=False)
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    priority: Mapped[str | None]
    tags: Mapped[list[str]] = mapped_column(default=list)
    ignore_reason: Mapped[str] = mapped_column(default="")  # not empty: the mail is ignored, and this says why
    automatic_may_open: Mapped[bool] = mapped_column(default=False)  # a monitoring sender (rule 24)
    created_at: Mapped[datetime]

    project: Mapped[Project | None] = relationship()
    assignee: Mapped[Person | None] = relationship()


class BlockedSender(Base):
    """An address, or ``@domain``, whose mail is spam (docs/mail.md rule 43)."""

    __tablename__ = "blocked_senders"

    pattern: Mapped[str] = mapped_column(primary_key=True)  # lower case
    blocked_at: Mapped[datetime]
    blocked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
