"""The links that open an invoice to its client, what is set about them, and what clients asked."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, false, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base
from helpdesk.invoicing.models import Invoice, InvoiceLine
from helpdesk.projects.models import WorkItem

DAYS = 90


class ProofSettings(Base):
    """How long a link is good (0: invoices have none), and what its page shows of people and notes. At most one row."""

    __tablename__ = "proof_settings"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"), CheckConstraint("days >= 0", name="days_to_come"))

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    days: Mapped[int] = mapped_column(default=DAYS)
    shows_names: Mapped[bool] = mapped_column(default=True, server_default=true())  # else initials
    shows_notes: Mapped[bool] = mapped_column(default=False, server_default=false())


class ProofLink(Base):
    """One link to the page of an issued invoice: 128 bits that only its reader has, here as their hash (rule W1).

    The bits come of ``salt`` and the key of the installation, so that a PDF can be printed again, and nobody opens a
    page with what the database holds.
    """

    __tablename__ = "proof_links"

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    salt: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]

    invoice: Mapped[Invoice] = relationship()


class LineQuestion(Base):
    """What a client asked about a line, and the ticket that it opened (rule W2)."""

    __tablename__ = "line_questions"
    __table_args__ = (Index("ix_line_questions_invoice", "invoice_id", "asked_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_lines.id"))
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    text: Mapped[str]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]  # somebody said so; a reply in the ticket, or its end, is an answer too
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    invoice: Mapped[Invoice] = relationship()
    line: Mapped[InvoiceLine] = relationship()
    work_item: Mapped[WorkItem] = relationship()
