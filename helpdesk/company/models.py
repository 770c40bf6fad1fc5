"""Our own company: one row."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, false, true
from sqlalchemy.orm import Mapped, mapped_column

from helpdesk.infra.db import Base, one_of
from helpdesk.kernel.taxes import PRICE_BASES, ROUNDINGS

BUSINESS_HOURS = "Mon-Fri 8:00-18:00"
CREDIT_NOTES = "CN-{year}-{number:04}"
OWN_ID = 1
"""The id of the only company there is."""
APPROVERS = ("managers", "project_manager", "account_manager")


class Company(Base):
    """The firm that runs this desk: what stands on its invoices, and its defaults. There is exactly one row."""

    __tablename__ = "company"
    __table_args__ = (
        CheckConstraint("id = 1", name="only_one"),
        one_of("approved_by", APPROVERS),
        one_of("tax_rounding", ROUNDINGS),
        one_of("price_basis", PRICE_BASES),
    )

    id: Mapped[int] = mapped_column(primary_key=True, default=1)
    name: Mapped[str]
    legal_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")  # lines as printed
    country: Mapped[str] = mapped_column(default="")  # ISO 3166-1 alpha-2
    vat_id: Mapped[str] = mapped_column(default="")
    tax_number: Mapped[str] = mapped_column(default="", server_default="")  # of the tax office; for who has no VAT ID
    registration: Mapped[str] = mapped_column(default="")
    email: Mapped[str] = mapped_column(default="")
    website: Mapped[str] = mapped_column(default="")
    bank_name: Mapped[str] = mapped_column(default="")
    iban: Mapped[str] = mapped_column(default="")
    bic: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="EUR")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    language: Mapped[str] = mapped_column(default="en")
    payment_days: Mapped[int] = mapped_column(default=14)
    tax_percent: Mapped[str] = mapped_column(default="0")  # plain decimal
    tax_rounding: Mapped[str] = mapped_column(default="sum", server_default="sum")  # a client may say otherwise
    price_basis: Mapped[str] = mapped_column(default="net", server_default="net")  # a client may say otherwise
    invoice_number_pattern: Mapped[str] = mapped_column(default="INV-{year}-{number:04}")
    credit_note_number_pattern: Mapped[str] = mapped_column(default=CREDIT_NOTES, server_default=CREDIT_NOTES)
    invoice_numbers_yearly: Mapped[bool] = mapped_column(default=True, server_default=true())  # with a year in them
    credit_note_numbers_yearly: Mapped[bool] = mapped_column(default=True, server_default=true())
    invoice_terms: Mapped[str] = mapped_column(default="")
    factur_x: Mapped[bool] = mapped_column(default=False, server_default=false())  # a client may say otherwise
    logo_sha256: Mapped[str | None] = mapped_column(ForeignKey("blobs.sha256"))
    self_approval: Mapped[bool] = mapped_column(default=False)
    timer_idle_minutes: Mapped[int] = mapped_column(default=120)  # without a sign of its person a timer asks; 0: never
    timer_limit_hours: Mapped[int] = mapped_column(default=10)  # a longer timer asks; 0: never
    approved_by: Mapped[str] = mapped_column(default="managers", server_default="managers")
    notes_reading: Mapped[bool] = mapped_column(default=True, server_default=true())  # a person may switch it off too
    business_hours: Mapped[str] = mapped_column(default=BUSINESS_HOURS, server_default=BUSINESS_HOURS)
    undo_seconds: Mapped[int] = mapped_column(default=10, server_default="10")  # an answer can be taken back; 0: never
    typing_assigns: Mapped[bool] = mapped_column(default=True, server_default=true())  # a reply begun is a ticket taken
    created_at: Mapped[datetime]


class LetterText(Base):
    """The company's own words of a mail that goes out by itself, with ``{{name}}`` substitution alone; else ours go."""

    __tablename__ = "letter_texts"

    kind: Mapped[str] = mapped_column(primary_key=True)
    language: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str]
    text: Mapped[str]
    changed_at: Mapped[datetime]
