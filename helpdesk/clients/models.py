"""Clients, their mail domains and their contacts."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, EmptyIsNull, one_of
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

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class ClientDomain(Base):
    """A mail domain that belongs to one client: its senders are the client's contacts (docs/mail.md rule 37)."""

    __tablename__ = "client_domains"

    domain: Mapped[str] = mapped_column(primary_key=True)  # lower case
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)

    client: Mapped[Client] = relationship(back_populates="domains")


class Contact(Base):
    """A person outside who writes to us, or calls. Without ``client_id`` nobody knows yet where they belong.

    Who has been reached by phone alone has no address, and gets no mail (docs/desk.md rule 84).

    A row with ``same_as_id`` is no person: its address is a further one of that contact, typed by somebody or brought
    by a merge (docs/desk.md rules 55 and 58). Nobody's ticket, message or note belongs to such a row.
    """

    __tablename__ = "contacts"
    __table_args__ = (
        Index(
            "ix_contacts_same_as_id",
            "same_as_id",
            sqlite_where=text("same_as_id IS NOT NULL"),
            postgresql_where=text("same_as_id IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(EmptyIsNull, nullable=True)
    phone: Mapped[str] = mapped_column(default="")
    language: Mapped[str] = mapped_column(default="")
    undeliverable_at: Mapped[datetime | None]
    undeliverable_why: Mapped[str] = mapped_column(default="")
    soft_bounces: Mapped[int] = mapped_column(default=0)  # in a row; a mail from the contact begins anew
    created_at: Mapped[datetime]
    title: Mapped[str] = mapped_column(default="", server_default="")  # what they are there: Head of IT
    time_zone: Mapped[str] = mapped_column(default="", server_default="")  # empty: the client's
    retired_at: Mapped[datetime | None]  # left, or is not to be offered any more
    same_as_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))

    client: Mapped[Client | None] = relationship()

    def why_no_mail(self, called: str) -> str:
        """Return why no mail can reach the contact, who is ``called`` so in the words; empty where it can."""
        if self.undeliverable_at is not None:
            return f"mail to {called} cannot be delivered"
        if not self.email:
            return f"{called} has no address"
        if self.email.lower().endswith(".invalid"):
            return f"nobody knows the address of {called}"
        return f"{called} has left" if self.retired_at is not None else ""


Index("uq_contacts_email_lower", func.lower(Contact.email), unique=True)


class Note(Base):
    """What we keep in mind about a contact or a client; nobody outside reads it (docs/desk.md rule 56)."""

    __tablename__ = "client_notes"
    __table_args__ = (CheckConstraint("(contact_id IS NULL) <> (client_id IS NULL)", name="is_about_one"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"), index=True)
    client_id: Mapped[int | None] = mapped_column(ForeignKey("clients.id"), index=True)
    text: Mapped[str]
    written_at: Mapped[datetime]
    written_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    changed_at: Mapped[datetime | None]
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class ContactMerge(Base):
    """One contact was merged into another, and what an undo gives back (docs/desk.md rules 58 to 60).

    ``moved`` names what went along: ``requests``, ``taking_part``, ``messages``, ``notes`` and ``addresses``.
    ``before`` has the values of both before, ``after`` those that the kept one got.
    """

    __tablename__ = "contact_merges"
    __table_args__ = (
        Index(
            "one_merge_of_a_contact",
            "contact_id",
            unique=True,
            sqlite_where=text("undone_at IS NULL"),
            postgresql_where=text("undone_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"))
    into_id: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    merged_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    merged_at: Mapped[datetime]
    moved: Mapped[dict[str, Any]]
    before: Mapped[dict[str, Any]]
    after: Mapped[dict[str, Any]]
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


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
