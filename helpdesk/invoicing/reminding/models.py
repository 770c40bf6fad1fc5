"""What is set about reminders, what was sent, and what holds them."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.infra.db import AmountMinor, Base
from helpdesk.outbox.models import OutgoingMessage


class ReminderSettings(Base):
    """Whether reminders go out by themselves; one row, and none before somebody has set it (then they do not)."""

    __tablename__ = "reminder_settings"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    automatic: Mapped[bool] = mapped_column(default=False, server_default=false())
    yearly_percent: Mapped[str] = mapped_column(default="", server_default="")  # interest; empty: none
    interest_on_net: Mapped[bool] = mapped_column(default=False, server_default=false())


class ReminderLevel(Base):
    """How many days after the due day a level goes out; without any row the standard ones count."""

    __tablename__ = "reminder_levels"

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    days: Mapped[int]
    fee: Mapped[str] = mapped_column(default="", server_default="")  # in our currency; empty: none


class ReminderException(Base):
    """A client whose reminders never go out by themselves."""

    __tablename__ = "reminder_exceptions"

    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    since: Mapped[datetime]


class ReminderHold(Base):
    """Why an invoice is not reminded of for a while; ended, never altered. One without a day holds until it is ended.

    ``disputed``: the client objects to the invoice.
    """

    __tablename__ = "reminder_holds"
    __table_args__ = (
        Index(
            "one_live_hold",
            "invoice_id",
            unique=True,
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    through: Mapped[date | None]
    reason: Mapped[str]
    disputed: Mapped[bool]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class InvoiceReminder(Base):
    """A reminder that went out: once for each level of an invoice, append-only."""

    __tablename__ = "invoice_reminders"
    __table_args__ = (UniqueConstraint("invoice_id", "level"), CheckConstraint("open_minor > 0", name="is_some_money"))

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    level: Mapped[int]
    sent_on: Mapped[date]  # our day
    days_overdue: Mapped[int]
    open_minor: Mapped[AmountMinor]
    outgoing_message_id: Mapped[int] = mapped_column(ForeignKey("outgoing_messages.id"))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))  # None: by itself

    mail: Mapped[OutgoingMessage] = relationship()
    created_by: Mapped[Person | None] = relationship()
