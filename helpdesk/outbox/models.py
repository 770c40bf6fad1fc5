"""Mailbox identities and outgoing mail, one row and one Message-ID for each message for ever."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, one_of

STATES = ("queued", "claimed", "sent", "failed")
PURPOSES = ("acknowledgement", "reply", "invoice", "notice", "notification")


class Mailbox(Base):
    """An address that we send as: SMTP, signature, texts. What we fetch from it belongs to the intake slice."""

    __tablename__ = "mailboxes"

    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(unique=True)  # lower case
    name: Mapped[str]
    language: Mapped[str] = mapped_column(default="en")
    signature: Mapped[str] = mapped_column(default="")
    acknowledgement: Mapped[str] = mapped_column(default="")  # {{name}} substitution; empty: the standard text
    plus_addresses: Mapped[bool] = mapped_column(default=True)  # signed reply addresses arrive (docs/mail.md rule 15)
    bounce_addresses: Mapped[bool] = mapped_column(default=True)  # its server takes VERP senders (rule 28)
    smtp_host: Mapped[str]
    smtp_port: Mapped[int]
    smtp_security: Mapped[str] = mapped_column(default="starttls")
    smtp_user: Mapped[str] = mapped_column(default="")
    smtp_secret: Mapped[str] = mapped_column(default="")  # encrypted
    smtp_fingerprint: Mapped[str] = mapped_column(default="")  # of the one certificate to trust; empty: by authority
    auth: Mapped[str] = mapped_column(default="password")  # for reading and sending alike
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]  # its mail and its log stay

    grant: Mapped["MailboxGrant | None"] = relationship(back_populates="mailbox")

    __table_args__ = (
        one_of("smtp_security", ("none", "starttls", "tls")),
        one_of("auth", ("password", "oauth")),
    )


class MailboxGrant(Base):
    """Access by OAuth: the application's registration, and the tokens it was given (docs/mail.md rule 40)."""

    __tablename__ = "mailbox_grants"
    __table_args__ = (
        one_of("provider", ("google", "microsoft", "other")),
        one_of("flow", ("authorization_code", "client_credentials")),
    )

    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"), primary_key=True)
    provider: Mapped[str]
    flow: Mapped[str] = mapped_column(default="authorization_code")
    client_id: Mapped[str]
    client_secret: Mapped[str] = mapped_column(default="")  # encrypted
    authorize_url: Mapped[str] = mapped_column(default="")
    token_url: Mapped[str]
    scope: Mapped[str]
    refresh_token: Mapped[str] = mapped_column(default="")  # encrypted; saved at each rotation
    access_token: Mapped[str] = mapped_column(default="")  # encrypted
    access_expires_at: Mapped[datetime | None]
    obtained_at: Mapped[datetime | None]
    failed_refreshes: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str] = mapped_column(default="")
    pending_state: Mapped[str] = mapped_column(default="")  # hash of the state of a consent that is under way
    pending_verifier: Mapped[str] = mapped_column(default="")  # encrypted (PKCE)
    pending_until: Mapped[datetime | None]

    mailbox: Mapped[Mailbox] = relationship(back_populates="grant")


class OutgoingMessage(Base):
    """A mail of ours: written in the transaction of its cause, claimed, sent, recorded.

    ``message_id`` is given once; a retry repeats it, so that a receiver drops the double (invariant 9).
    ``about_kind`` and ``about_id`` name what it belongs to without knowing the slice above.
    """

    __tablename__ = "outgoing_messages"
    __table_args__ = (
        one_of("state", STATES),
        one_of("purpose", PURPOSES),
        CheckConstraint("attempts >= 0", name="attempts_are_counted"),
        Index("ix_outgoing_messages_due", "state", "next_attempt_at"),
        Index("ix_outgoing_messages_about", "about_kind", "about_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    mailbox_id: Mapped[int] = mapped_column(ForeignKey("mailboxes.id"))
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    message_id: Mapped[str] = mapped_column(unique=True)
    purpose: Mapped[str]
    about_kind: Mapped[str]
    about_id: Mapped[int]
    from_name: Mapped[str]
    envelope_from: Mapped[str]  # empty for automatic mail (docs/mail.md rule 25)
    reply_to: Mapped[str]
    to: Mapped[list[dict[str, Any]]]  # [{"name": …, "address": …}]
    cc: Mapped[list[dict[str, Any]]]
    subject: Mapped[str]
    text: Mapped[str]
    html: Mapped[str | None]
    in_reply_to: Mapped[str] = mapped_column(default="")
    references: Mapped[list[str]]
    automatic: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(default="queued")
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    next_attempt_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(default="")
    withdrawn_at: Mapped[datetime | None]  # its writer took it back before it left (docs/answering.md rule 8)
    bounced_at: Mapped[datetime | None]  # sent, and then returned by somebody's server (rule 28)
    bounce_report: Mapped[str] = mapped_column(default="")

    mailbox: Mapped[Mailbox] = relationship()
    attachments: Mapped[list["OutgoingAttachment"]] = relationship(order_by="OutgoingAttachment.position")


class OutgoingAttachment(Base):
    """A stored file that goes out with a message; with ``content_id`` a picture that its HTML shows."""

    __tablename__ = "outgoing_attachments"

    outgoing_message_id: Mapped[int] = mapped_column(ForeignKey("outgoing_messages.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True)
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    name: Mapped[str]
    content_type: Mapped[str]
    content_id: Mapped[str | None]
