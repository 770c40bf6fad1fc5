"""Expenses with their receipts, the lists they are made from, and what holds them once they are billed."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person
from helpdesk.expenses.domain.facts import BILLING, KINDS, UNITS
from helpdesk.infra.db import AmountMinor, Base, one_of
from helpdesk.kernel.taxes import TAX_CATEGORIES
from helpdesk.projects.models import Project, WorkItem

STATUSES = ("draft", "submitted", "approved", "rejected", "locked")
LIVE = text("released_at IS NULL")


class ExpenseCategory(Base):
    """What money was spent on. With a ``tax_category`` it has its own tax on invoices; empty: that of the client."""

    __tablename__ = "expense_categories"
    __table_args__ = (one_of("default_for", KINDS), one_of("tax_category", ("", *TAX_CATEGORIES)))

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    tax_category: Mapped[str] = mapped_column(default="", server_default="")
    tax_percent: Mapped[str] = mapped_column(default="")
    tax_reason: Mapped[str] = mapped_column(default="", server_default="")  # empty: the usual words of the category
    default_for: Mapped[str | None] = mapped_column(unique=True)  # the kind that is put here where nobody says
    archived_at: Mapped[datetime | None]


Index("uq_expense_categories_name_lower", func.lower(ExpenseCategory.name), unique=True)


class ExpenseRate(Base):
    """What is paid for a distance or a day by a table, such as "Car" or "Austria"; its amounts are its steps."""

    __tablename__ = "expense_rates"
    __table_args__ = (
        one_of("kind", ("mileage", "per_diem")),
        one_of("unit", UNITS),
        CheckConstraint("(kind = 'per_diem') = (unit = 'day')", name="days_are_per_diem"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    unit: Mapped[str]
    currency: Mapped[str]
    archived_at: Mapped[datetime | None]

    steps: Mapped[list["ExpenseRateStep"]] = relationship(order_by="ExpenseRateStep.effective_on")


Index("uq_expense_rates_name_lower", func.lower(ExpenseRate.name), unique=True)


class ExpenseRateStep(Base):
    """What the unit is worth from a day on; plain decimals. ``partial_amount`` is for a day that is not whole."""

    __tablename__ = "expense_rate_steps"
    __table_args__ = (UniqueConstraint("rate_id", "effective_on"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    rate_id: Mapped[int] = mapped_column(ForeignKey("expense_rates.id"))
    effective_on: Mapped[date]
    amount: Mapped[str]
    partial_amount: Mapped[str] = mapped_column(default="0")


class ExchangeRate(Base):
    """One unit of ``currency`` in ``to_currency``, on a day and by a source, as somebody entered it."""

    __tablename__ = "exchange_rates"
    __table_args__ = (
        UniqueConstraint("currency", "to_currency", "effective_on"),
        CheckConstraint("currency <> to_currency", name="is_between_two"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    currency: Mapped[str]
    to_currency: Mapped[str]
    effective_on: Mapped[date]
    rate: Mapped[str]
    source: Mapped[str]
    entered_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    entered_at: Mapped[datetime]


class Expense(Base):
    """What one person paid, or is owed, for work on one project; approved and billed like time.

    ``net``, ``tax`` and ``gross`` are in ``currency``, ``company_minor`` is the gross in our own one. ``bill_minor``
    is what the client pays before tax, frozen by the approval (docs/billing.md rules E1 to E5).
    """

    __tablename__ = "expenses"
    __table_args__ = (
        UniqueConstraint("uuid"),
        one_of("kind", KINDS),
        one_of("status", STATUSES),
        one_of("billing", BILLING),
        CheckConstraint("gross_minor = net_minor + tax_minor", name="gross_is_net_and_tax"),
        CheckConstraint("net_minor >= 0 AND tax_minor >= 0", name="is_not_negative"),
        CheckConstraint("(kind = 'amount') = (rate_id IS NULL)", name="rate_by_kind"),
        CheckConstraint("(exchange_rate IS NULL) = (company_minor IS NULL)", name="exchanged_by_a_rate"),
        CheckConstraint(
            "status NOT IN ('approved', 'locked') OR billing = 'not_billable' OR bill_minor IS NOT NULL",
            name="approved_has_its_price",
        ),
        Index("ix_expenses_day", "spent_on", "id"),
        Index("ix_expenses_person_day", "person_id", "spent_on", "id"),
        Index("ix_expenses_project_day", "project_id", "spent_on", "id"),
        Index("ix_expenses_status_day", "status", "spent_on", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    uuid: Mapped[str]
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"))
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    work_item_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"), index=True)
    category_id: Mapped[int] = mapped_column(ForeignKey("expense_categories.id"))
    kind: Mapped[str]
    spent_on: Mapped[date]
    note: Mapped[str] = mapped_column(default="")

    currency: Mapped[str]
    net_minor: Mapped[AmountMinor]
    tax_minor: Mapped[AmountMinor]
    gross_minor: Mapped[AmountMinor]
    tax_percent: Mapped[str] = mapped_column(default="0")
    tax_included: Mapped[bool] = mapped_column(default=True)

    rate_id: Mapped[int | None] = mapped_column(ForeignKey("expense_rates.id"))
    unit_amount: Mapped[str] = mapped_column(default="")  # of a km, a mile or a whole day, as the table had it
    partial_amount: Mapped[str] = mapped_column(default="")
    distance: Mapped[str] = mapped_column(default="")
    full_days: Mapped[int] = mapped_column(default=0)
    partial_days: Mapped[int] = mapped_column(default=0)

    company_currency: Mapped[str]
    exchange_rate: Mapped[str | None]  # one unit of currency in the company's; 1 where they are the same
    exchange_on: Mapped[date | None]
    exchange_source: Mapped[str] = mapped_column(default="")
    company_minor: Mapped[AmountMinor | None]

    billing: Mapped[str] = mapped_column(default="as_is")
    markup_percent: Mapped[str] = mapped_column(default="0")
    bill_minor: Mapped[AmountMinor | None]
    bill_currency: Mapped[str] = mapped_column(default="")
    bill_reason: Mapped[str] = mapped_column(default="")

    status: Mapped[str] = mapped_column(default="draft")
    rejected_because: Mapped[str] = mapped_column(default="")
    submitted_at: Mapped[datetime | None]
    approved_at: Mapped[datetime | None]
    approved_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)

    person: Mapped[Person] = relationship(foreign_keys=[person_id])
    approved_by: Mapped[Person | None] = relationship(foreign_keys=[approved_by_id])
    project: Mapped[Project] = relationship()
    work_item: Mapped[WorkItem | None] = relationship()
    category: Mapped[ExpenseCategory] = relationship()
    rate: Mapped[ExpenseRate | None] = relationship()
    receipts: Mapped[list["ExpenseReceipt"]] = relationship(order_by="ExpenseReceipt.id", back_populates="expense")
    claims: Mapped[list["ExpenseClaim"]] = relationship(back_populates="expense")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class ExpenseReceipt(Base):
    """A stored receipt: a picture that we drew anew, or a PDF that could be opened."""

    __tablename__ = "expense_receipts"
    __table_args__ = (
        one_of("content_type", ("image/jpeg", "image/png", "application/pdf")),
        UniqueConstraint("expense_id", "blob_sha256"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    expense_id: Mapped[int] = mapped_column(ForeignKey("expenses.id"))
    blob_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"), index=True)
    name: Mapped[str]
    content_type: Mapped[str]
    size_bytes: Mapped[int]
    added_at: Mapped[datetime]

    expense: Mapped[Expense] = relationship(back_populates="receipts")


class ExpenseClaim(Base):
    """Who bills an expense (rule E6): held by a draft, fixed by issue, or let go. At most one claim is live.

    ``holder_kind`` and ``holder_id`` are opaque here, as those of a charge for time.
    """

    __tablename__ = "expense_claims"
    __table_args__ = (
        one_of("state", ("held", "fixed", "released")),
        CheckConstraint("(state = 'released') = (released_at IS NOT NULL)", name="released_at_a_time"),
        Index("one_live_claim", "expense_id", unique=True, sqlite_where=LIVE, postgresql_where=LIVE),
        Index("ix_expense_claims_holder", "holder_kind", "holder_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    expense_id: Mapped[int] = mapped_column(ForeignKey("expenses.id"), index=True)
    amount_minor: Mapped[AmountMinor]
    currency: Mapped[str]
    holder_kind: Mapped[str]
    holder_id: Mapped[int]
    state: Mapped[str]
    created_at: Mapped[datetime]
    released_at: Mapped[datetime | None]

    expense: Mapped[Expense] = relationship(back_populates="claims")
