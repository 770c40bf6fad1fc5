"""Clients, their mail domains and their contacts."""

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, one_of
from helpdesk.kernel.taxes import PRICE_BASES, ROUNDINGS, TAX_CATEGORIES

INVOICE_GROUPS = ("entry", "ticket", "project", "work_type", "person", "day", "rate")
"""What can share a line of time on the client's invoices (docs/billing.md rule 18)."""
FACTUR_X = ("company", "always", "never")
"""Whether a client gets electronic invoices: as the company has set it, or whatever that is."""


class Client(Base):
    """A firm we work for. Our own company is one too (``is_internal``): Triage and internal work belong to it."""

    __tablename__ = "clients"
    __table_args__ = (
        one_of("tax_category", TAX_CATEGORIES),
        one_of("invoice_group_by", ("", *INVOICE_GROUPS)),
        one_of("factur_x", FACTUR_X),
        one_of("tax_rounding", ("company", *ROUNDINGS)),
        one_of("price_basis", ("company", *PRICE_BASES)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    legal_name: Mapped[str] = mapped_column(default="")
    address: Mapped[str] = mapped_column(default="")
    country: Mapped[str] = mapped_column(default="")
    vat_id: Mapped[str] = mapped_column(default="")
    customer_number: Mapped[str] = mapped_column(default="")
    purchase_order: Mapped[str] = mapped_column(default="")
    invoice_email: Mapped[str] = mapped_column(default="")
    currency: Mapped[str] = mapped_column(default="EUR")
    time_zone: Mapped[str] = mapped_column(default="UTC")
    language: Mapped[str] = mapped_column(default="en")
    tax_percent: Mapped[str] = mapped_column(default="0")
    tax_category: Mapped[str] = mapped_column(default="S", server_default="S")  # at 0 percent: the zero rate
    tax_reason: Mapped[str] = mapped_column(default="", server_default="")  # empty: the usual words of the category
    factur_x: Mapped[str] = mapped_column(default="company", server_default="company")
    tax_rounding: Mapped[str] = mapped_column(default="company", server_default="company")
    price_basis: Mapped[str] = mapped_column(default="company", server_default="company")
    payment_days: Mapped[int] = mapped_column(default=14)
    business_hours: Mapped[str] = mapped_column(default="", server_default="")  # empty: the company's
    invoice_group_by: Mapped[str] = mapped_column(default="", server_default="")  # empty: as its template says
    is_internal: Mapped[bool] = mapped_column(default=False)
    account_manager_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    restricted_team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)

    domains: Mapped[list["ClientDomain"]] = relationship(back_populates="client", order_by="ClientDomain.domain")
    contacts: Mapped[list["Contact"]] = relationship(back_populates="client", order_by="Contact.name")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class ClientDomain(Base):
    """A mail domain that belongs to one client: its senders are the client's contacts (docs/mail.md rule 37)."""

    __tablename__ = "client_domains"

    domain: Mapped[str] = mapped_column(primary_key=True)  # lower case
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)

    client: Mapped[Client] = relationship(back_populates="domains")


class Contact(Base):
    """A person outside who writes to us. Without ``client_id`` nobody knows yet where they belong."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    undeliverable_at: Mapped[datetime | None]
    undeliverable_why: Mapped[str] = mapped_column(default="")
    soft_bounces: Mapped[int] = mapped_column(default=0)  # in a row; a mail from the contact begins anew
    created_at: Mapped[datetime]

    client: Mapped[Client | None] = relationship(back_populates="contacts")


Index("uq_contacts_email_lower", func.lower(Contact.email), unique=True)


class TimeLock(Base):
    """The last day whose time and expenses are locked, for everybody (no client) or for one client; a row for each."""

    __tablename__ = "time_locks"
    __table_args__ = (UniqueConstraint("scope_key"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    scope_key: Mapped[str]  # company, or client:7
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"))
    through: Mapped[date | None]  # None: nothing is locked
    set_at: Mapped[datetime]
    set_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
