"""Invoices and credit notes, their lines, the number series, and the runs of the month-end close."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clients.models import INVOICE_GROUPS, Client
from helpdesk.infra.db import AmountMinor, Base, one_of
from helpdesk.kernel.taxes import TAX_CATEGORIES
from helpdesk.projects.models import WorkItem

STATUSES = ("draft", "issued", "part_paid", "paid", "void", "credited", "dropped")
KINDS = ("invoice", "credit_note")
ENDED = ("void", "dropped", "credited")
"""States in which a document answers for nothing any more: what it billed can be billed anew."""
METHODS = ("bank", "card", "cash", "other")
HOLDER = "invoice_line"
"""How lines are called where they hold time and expenses."""
LINE_KINDS = (
    "retainer_fee",
    "overage",
    "time",
    "expense",
    "free",
    "discount",
    "surcharge",
    "fixed_fee",
    "deposit",
    "late_fee",
    "block",
)


class NumberSeries(Base):
    """The counter of one kind of document in one year; locked and raised at issue, so that no number is lost."""

    __tablename__ = "number_series"
    __table_args__ = (UniqueConstraint("kind", "year"), one_of("kind", KINDS))

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    year: Mapped[int]
    pattern: Mapped[str]
    last_number: Mapped[int] = mapped_column(default=0)


class Invoice(Base):
    """A draft until it is issued; from then on immutable: number, lines, totals and canonical JSON never change.

    A credit note is one too: it names the invoice that it corrects and why, and its amounts are negative, so that the
    documents of a client add up. ``credited`` is an invoice of which credit notes have taken back everything.

    ``canonical_json`` is what the PDF is rendered from, ``canonical_sha256`` and ``pdf_sha256`` prove it
    (docs/billing.md rule 19, invariant 7). ``idempotency_key`` makes drafting safe to repeat (rule 23).
    """

    __tablename__ = "invoices"
    __table_args__ = (
        one_of("status", STATUSES),
        one_of("group_by", INVOICE_GROUPS),
        CheckConstraint("(number IS NULL) = (status IN ('draft', 'dropped'))", name="numbered_when_issued"),
        CheckConstraint("total_minor = net_minor + tax_minor", name="total_is_net_and_tax"),
        UniqueConstraint("series_id", "series_number"),
        Index("ix_invoices_client_month", "client_id", "month"),
        Index(
            "one_live_invoice_by_key",
            "idempotency_key",
            unique=True,
            sqlite_where=text("status NOT IN ('void', 'dropped', 'credited')"),
            postgresql_where=text("status NOT IN ('void', 'dropped', 'credited')"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(default="invoice", server_default="invoice")
    corrects_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"), index=True)
    reason: Mapped[str] = mapped_column(default="", server_default="")  # why it corrects
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    idempotency_key: Mapped[str]
    month: Mapped[date | None]  # the first day of the month it closes
    first_day: Mapped[date | None]  # of a draft that was made for chosen days: these, inclusive
    last_day: Mapped[date | None]
    status: Mapped[str] = mapped_column(default="draft")
    currency: Mapped[str]
    company_currency: Mapped[str] = mapped_column(default="", server_default="")  # where it is another than its own
    exchange_rate: Mapped[str | None]  # one unit of its currency in the company's
    exchanged_on: Mapped[date | None]
    exchange_source: Mapped[str] = mapped_column(default="", server_default="")
    tax_per_line: Mapped[bool] = mapped_column(default=False, server_default=false())
    prices_include_tax: Mapped[bool] = mapped_column(default=False, server_default=false())
    net_minor: Mapped[AmountMinor] = mapped_column(default=0)
    tax_minor: Mapped[AmountMinor] = mapped_column(default=0)
    total_minor: Mapped[AmountMinor] = mapped_column(default=0)
    series_id: Mapped[int | None] = mapped_column(ForeignKey("number_series.id"))
    series_number: Mapped[int | None]
    number: Mapped[str | None] = mapped_column(unique=True)
    issued_on: Mapped[date | None]
    due_on: Mapped[date | None]
    canonical_json: Mapped[str | None]
    canonical_sha256: Mapped[str | None]
    pdf_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    send_to: Mapped[str] = mapped_column(default="")  # who gets the mail by itself after issue; empty: nobody
    outgoing_message_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_messages.id"))
    group_by: Mapped[str] = mapped_column(default="ticket", server_default="ticket")  # what shares a line of time
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]  # dropped or void; what was taken off the draft before was never on it
    issued_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    client: Mapped[Client] = relationship()
    corrects: Mapped["Invoice | None"] = relationship(remote_side="Invoice.id")
    lines: Mapped[list["InvoiceLine"]] = relationship(order_by="InvoiceLine.position", back_populates="invoice")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class InvoiceLine(Base):
    """One printed line: minutes × price of an hour / 60 = amount, to the minor unit (rule 18).

    ``minutes`` and ``unit_price`` are plain decimals as printed; where ``minutes`` is empty, quantity × price is the
    amount, and an empty ``quantity`` is 1. The seconds behind a line are its charges (holder ``invoice_line``); a
    retainer fee names its agreement and month instead. A discount or surcharge says of which lines it is
    (``adjusts_lines``: their ids, empty for all of its tax): it is credited with them, and one in percent follows them
    while the invoice is a draft.
    A line of a credit note names the line that it takes back from; one that ``releases`` makes what was billed free
    again, any other takes back an amount alone.
    """

    __tablename__ = "invoice_lines"
    __table_args__ = (
        UniqueConstraint("invoice_id", "position"),
        one_of("kind", LINE_KINDS),
        one_of("tax_category", TAX_CATEGORIES),
        CheckConstraint(
            "(kind = 'retainer_fee') = (agreement_id IS NOT NULL AND fee_month IS NOT NULL)", name="fee_names_its_month"
        ),
        Index("ix_invoice_lines_fee", "agreement_id", "fee_month"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    position: Mapped[int]
    kind: Mapped[str]
    description: Mapped[str]
    detail: Mapped[str] = mapped_column(default="")
    minutes: Mapped[str | None]
    quantity: Mapped[str | None]
    unit_price: Mapped[str]
    amount_minor: Mapped[AmountMinor]
    tax_percent: Mapped[str]
    tax_category: Mapped[str] = mapped_column(default="S", server_default="S")  # at 0 percent: the zero rate
    tax_reason: Mapped[str] = mapped_column(default="", server_default="")  # empty: the usual words of the category
    work_item_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"))
    retainer_period_id: Mapped[int | None] = mapped_column(ForeignKey("retainer_periods.id"))
    agreement_id: Mapped[int | None] = mapped_column(ForeignKey("agreements.id"))
    fee_month: Mapped[date | None]  # its first day
    credits_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_lines.id"), index=True)
    releases: Mapped[bool] = mapped_column(default=False, server_default=false())
    adjusts_percent: Mapped[str | None]  # below zero for a discount
    adjusts_lines: Mapped[list[int] | None]
    deducts_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_lines.id"), index=True)  # the deposit taken off
    fixed_fee_id: Mapped[int | None] = mapped_column(ForeignKey("fixed_fees.id"), index=True)
    top_up_id: Mapped[int | None] = mapped_column(ForeignKey("top_ups.id"), index=True)  # the block that it bills

    invoice: Mapped[Invoice] = relationship(back_populates="lines")
    work_item: Mapped[WorkItem | None] = relationship()


class CreditedCharge(Base):
    """A charge that a line of a credit note let go; once, and append-only (docs/billing.md rule 17)."""

    __tablename__ = "credited_charges"

    charge_id: Mapped[int] = mapped_column(ForeignKey("charges.id"), primary_key=True)
    line_id: Mapped[int] = mapped_column(ForeignKey("invoice_lines.id"), index=True)


class Payment(Base):
    """What a client paid, on a day; never altered, only taken back with a reason (docs/billing.md rule 21)."""

    __tablename__ = "payments"
    __table_args__ = (one_of("method", METHODS), CheckConstraint("amount_minor > 0", name="is_some_money"))

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    received_on: Mapped[date]
    amount_minor: Mapped[AmountMinor]
    currency: Mapped[str]
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    taken_back_at: Mapped[datetime | None]
    taken_back_because: Mapped[str] = mapped_column(default="")


class PaymentShare(Base):
    """What of a payment settles an invoice; what no live share takes is the client's credit."""

    __tablename__ = "payment_shares"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="is_some_money"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"), index=True)
    amount_minor: Mapped[AmountMinor]
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    payment: Mapped[Payment] = relationship()


class Refund(Base):
    """What we paid back of a client's credit, on a day; never altered, only undone with a reason (rule M4)."""

    __tablename__ = "refunds"
    __table_args__ = (one_of("method", METHODS), CheckConstraint("amount_minor > 0", name="is_some_money"))

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    paid_on: Mapped[date]
    amount_minor: Mapped[AmountMinor]
    currency: Mapped[str]
    method: Mapped[str]
    reference: Mapped[str] = mapped_column(default="")
    reason: Mapped[str]
    idempotency_key: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    undone_at: Mapped[datetime | None]
    undone_because: Mapped[str] = mapped_column(default="")

    parts: Mapped[list["RefundPart"]] = relationship(order_by="RefundPart.id")


class RefundPart(Base):
    """What of a payment a refund gave back; it counts while the refund is not undone."""

    __tablename__ = "refund_parts"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="is_some_money"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), index=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), index=True)
    amount_minor: Mapped[AmountMinor]


class LateCharge(Base):
    """A late fee of a level, or interest from a day on and before another, and the line that charges it (rule M2).

    Released where its line is taken off, its draft dropped or its invoice void: then it can be charged anew.
    """

    __tablename__ = "late_charges"
    __table_args__ = (
        UniqueConstraint("line_id"),
        CheckConstraint("amount_minor > 0", name="is_some_money"),
        CheckConstraint(
            "(level IS NULL) = (from_day IS NOT NULL AND until_day IS NOT NULL)", name="is_a_fee_or_interest"
        ),
        CheckConstraint("(line_id IS NULL) = (released_at IS NOT NULL)", name="stands_on_a_line"),
        Index(
            "one_live_fee",
            "invoice_id",
            "level",
            unique=True,
            sqlite_where=text("released_at IS NULL AND level IS NOT NULL"),
            postgresql_where=text("released_at IS NULL AND level IS NOT NULL"),
        ),
        Index(
            "one_live_interest",
            "invoice_id",
            "from_day",
            unique=True,
            sqlite_where=text("released_at IS NULL AND from_day IS NOT NULL"),
            postgresql_where=text("released_at IS NULL AND from_day IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))  # the one that is late
    level: Mapped[int | None]
    from_day: Mapped[date | None]
    until_day: Mapped[date | None]
    amount_minor: Mapped[AmountMinor]
    line_id: Mapped[int | None] = mapped_column(ForeignKey("invoice_lines.id"))
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]


class CloseRun(Base):
    """One run of the month-end close; it can be killed and resumed at any point."""

    __tablename__ = "close_runs"

    id: Mapped[int] = mapped_column(primary_key=True)
    month: Mapped[date] = mapped_column(unique=True)
    started_at: Mapped[datetime]
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    steps: Mapped[list["CloseStep"]] = relationship(back_populates="run", order_by="CloseStep.client_id")


class CloseStep(Base):
    """What the close did for one client; a failure stops this client only."""

    __tablename__ = "close_steps"
    __table_args__ = (one_of("state", ("waiting", "drafted", "nothing", "issued", "failed")),)

    run_id: Mapped[int] = mapped_column(ForeignKey("close_runs.id"), primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    state: Mapped[str] = mapped_column(default="waiting")
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"))
    error: Mapped[str] = mapped_column(default="")
    left_out: Mapped[list[dict[str, Any]]]  # what is not on the invoice and why
    updated_at: Mapped[datetime]

    run: Mapped[CloseRun] = relationship(back_populates="steps")
    client: Mapped[Client] = relationship()
    invoice: Mapped[Invoice | None] = relationship()


class InvoiceTemplate(Base):
    """How invoices look, under a name; at most one is the company's own choice (docs/billing.md rule 22).

    ``layout`` is what `helpdesk.invoicing.domain.layout.Layout` says. Documents keep the layout that they were issued
    with, so that a template can be changed and removed. ``group_by`` is by what time shares a line on new drafts of
    clients that say nothing themselves; empty is by ticket.
    """

    __tablename__ = "invoice_templates"
    __table_args__ = (
        Index(
            "one_default_template",
            "is_default",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
        one_of("group_by", ("", *INVOICE_GROUPS)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    layout: Mapped[dict[str, Any]]
    group_by: Mapped[str] = mapped_column(default="", server_default="")
    logo_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    is_default: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime]


class ClientTemplate(Base):
    """The template that a client's invoices get in place of the company's."""

    __tablename__ = "client_templates"

    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("invoice_templates.id"), index=True)
