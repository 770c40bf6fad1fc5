"""Agreements with terms by date, the tiers that we sell, closed periods, and the append-only ledger."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.clients.models import Client
from helpdesk.infra.db import AmountMinor, Base, one_of

THRESHOLDS = ("50", "80", "100", "forecast")
"""Of what alerts tell (rule 14): percent of a month's allowance, and a forecast beyond it; the gravest is 100."""
LEDGER_KINDS = ("grant", "carried_in", "top_up", "draw", "expiry", "carried_out", "overage", "adjustment")


class Agreement(Base):
    """A retainer with one client. Its periods are the months of its zone; what it covers is its scope."""

    __tablename__ = "agreements"
    __table_args__ = (CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name="ends_after_it_starts"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    name: Mapped[str]
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    time_zone: Mapped[str]
    currency: Mapped[str]
    created_at: Mapped[datetime]
    alert_thresholds: Mapped[list[str]] = mapped_column(
        default=lambda: list(THRESHOLDS), server_default='["50", "80", "100", "forecast"]'
    )
    alerts_client: Mapped[bool] = mapped_column(default=False, server_default=false())
    asks_for_seconds: Mapped[int | None]  # what is asked by itself at the cap, once a month; None: nothing
    statements_since: Mapped[datetime | None]  # from when on the client gets the statement of what is closed
    version: Mapped[int] = mapped_column(default=1)

    client: Mapped[Client] = relationship()
    terms: Mapped[list["AgreementTerms"]] = relationship(
        order_by="AgreementTerms.effective_on", back_populates="agreement"
    )
    scope: Mapped[list["AgreementScope"]] = relationship(back_populates="agreement")
    top_ups: Mapped[list["TopUp"]] = relationship(order_by="TopUp.valid_from", back_populates="agreement")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class AgreementScope(Base):
    """One project or work type that the agreement covers; without rows of a kind it covers all of that kind."""

    __tablename__ = "agreement_scope"
    __table_args__ = (
        UniqueConstraint("agreement_id", "project_id"),
        UniqueConstraint("agreement_id", "work_type_id"),
        CheckConstraint("(project_id IS NULL) <> (work_type_id IS NULL)", name="is_one_thing"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    project_id: Mapped[int | None] = mapped_column(ForeignKey("projects.id"))
    work_type_id: Mapped[int | None] = mapped_column(ForeignKey("work_types.id"))

    agreement: Mapped[Agreement] = relationship(back_populates="scope")


class AgreementTerms(Base):
    """The terms of docs/billing.md rule 8 from a date on; a change is a new row, never an edit.

    ``allowance_seconds`` and ``fee_minor`` are those of a month; of ``pool_months`` 3 a quarter shares its hours.
    """

    __tablename__ = "agreement_terms"
    __table_args__ = (
        UniqueConstraint("agreement_id", "effective_on"),
        one_of("fee_timing", ("advance", "arrears")),
        one_of("overage_basis", ("worked", "weighted")),
        one_of("draw_order", ("earliest_expiry", "current_month")),
        one_of("at_cap", ("warn", "ask", "stop")),
        CheckConstraint("allowance_seconds >= 0", name="allowance_is_not_negative"),
        CheckConstraint("fee_minor >= 0", name="fee_is_not_negative"),
        CheckConstraint("rollover_months >= 0", name="rollover_is_not_negative"),
        CheckConstraint("pool_months IN (1, 3)", name="pool_is_known"),
        CheckConstraint("overage_basis = 'worked' OR overage_rate_minor IS NOT NULL", name="weighted_has_a_rate"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    effective_on: Mapped[date]
    allowance_seconds: Mapped[int]
    fee_minor: Mapped[AmountMinor] = mapped_column(default=0)
    fee_timing: Mapped[str] = mapped_column(default="advance")
    overage_rate_minor: Mapped[AmountMinor | None]
    overage_basis: Mapped[str] = mapped_column(default="worked")
    rollover_months: Mapped[int] = mapped_column(default=0)
    rollover_cap_seconds: Mapped[int | None]
    draw_order: Mapped[str] = mapped_column(default="earliest_expiry")
    carry_deficit: Mapped[bool] = mapped_column(default=False)
    prorate: Mapped[bool] = mapped_column(default=True)
    multipliers: Mapped[list[dict[str, Any]]]  # [{"work_type_id": 3, "factor": "2"}]
    after_hours: Mapped[dict[str, Any]]  # {} or {"factor": "1.5", "business_hours": {"mon": ["09:00", "17:00"]}}
    at_cap: Mapped[str] = mapped_column(default="warn", server_default="warn")
    pool_months: Mapped[int] = mapped_column(default=1, server_default=text("1"))
    created_at: Mapped[datetime]

    agreement: Mapped[Agreement] = relationship(back_populates="terms")


class Tier(Base):
    """A bundle of terms that we sell, against which real time is replayed (rule 15); agreements do not depend on it."""

    __tablename__ = "tiers"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("allowance_seconds >= 0", name="allowance_is_not_negative"),
        CheckConstraint("fee_minor >= 0", name="fee_is_not_negative"),
        CheckConstraint("overage_rate_minor IS NULL OR overage_rate_minor >= 0", name="overage_is_not_negative"),
        CheckConstraint("rollover_months >= 0", name="rollover_is_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    currency: Mapped[str]
    allowance_seconds: Mapped[int]
    fee_minor: Mapped[AmountMinor]
    overage_rate_minor: Mapped[AmountMinor | None]  # None: overage is billed at the rate of the work
    rollover_months: Mapped[int]
    rollover_cap_seconds: Mapped[int | None]
    carry_deficit: Mapped[bool]
    archived_at: Mapped[datetime | None]  # not sold any more
    created_at: Mapped[datetime]


class TopUp(Base):
    """A block of hours bought beside the allowance; drawn after it, by expiry (rule 9).

    Never altered: one that nobody should have added is taken back with a reason, and counts nowhere any more.
    ``price_minor`` is of the whole block, in the agreement's currency; None is billed on no line.
    """

    __tablename__ = "top_ups"
    __table_args__ = (
        CheckConstraint("seconds > 0", name="is_some_time"),
        CheckConstraint("price_minor > 0", name="is_some_money"),
        CheckConstraint("expires_on >= valid_from", name="expires_after_it_starts"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    seconds: Mapped[int]
    valid_from: Mapped[date]
    expires_on: Mapped[date]
    price_minor: Mapped[AmountMinor | None]
    note: Mapped[str] = mapped_column(default="", server_default="")
    idempotency_key: Mapped[str | None] = mapped_column(index=True, unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    taken_back_at: Mapped[datetime | None]
    taken_back_because: Mapped[str] = mapped_column(default="", server_default="")

    agreement: Mapped[Agreement] = relationship(back_populates="top_ups")


class RetainerPeriod(Base):
    """A closed month of an agreement: a fact (rule 10). At most one revision of a month is live."""

    __tablename__ = "retainer_periods"
    __table_args__ = (
        UniqueConstraint("agreement_id", "month", "revision"),
        Index(
            "one_live_period",
            "agreement_id",
            "month",
            unique=True,
            sqlite_where=text("reversed_at IS NULL"),
            postgresql_where=text("reversed_at IS NULL"),
        ),
        CheckConstraint(
            "granted_seconds + carried_in_seconds + topped_up_seconds"
            " = used_seconds + expired_seconds + carried_out_seconds",
            name="balances",
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    month: Mapped[date]  # its first day
    revision: Mapped[int] = mapped_column(default=1)
    granted_seconds: Mapped[int]
    carried_in_seconds: Mapped[int]
    topped_up_seconds: Mapped[int]
    used_seconds: Mapped[int]
    expired_seconds: Mapped[int]
    carried_out_seconds: Mapped[int]
    overage_seconds: Mapped[int]
    fee_minor: Mapped[AmountMinor]
    closed_at: Mapped[datetime]
    closed_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    reversed_at: Mapped[datetime | None]

    agreement: Mapped[Agreement] = relationship()
    rows: Mapped[list["LedgerRow"]] = relationship(order_by="LedgerRow.position", back_populates="period")


class LedgerRow(Base):
    """One posting of a closed period. Append-only: a trigger refuses UPDATE and DELETE; undo is a reversing row.

    ``seconds`` is signed burn: grants add, draws and expiries take away. Draw and overage rows name the entry and
    the half-open range of its billable seconds. ``grants`` are pairs of name and seconds: what paid for a draw, all of
    it; None where nothing did, or the month was closed before grants were kept.
    """

    __tablename__ = "ledger_rows"
    __table_args__ = (
        UniqueConstraint("period_id", "position", "reverses"),
        one_of("kind", LEDGER_KINDS),
        Index("ix_ledger_rows_entry", "time_entry_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    period_id: Mapped[int] = mapped_column(ForeignKey("retainer_periods.id"))
    position: Mapped[int]
    reverses: Mapped[bool] = mapped_column(default=False)
    kind: Mapped[str]
    seconds: Mapped[int]
    time_entry_id: Mapped[int | None] = mapped_column(ForeignKey("time_entries.id"))
    from_second: Mapped[int | None]
    to_second: Mapped[int | None]
    price_minor: Mapped[AmountMinor | None]  # of an hour, for overage
    reason: Mapped[str]
    grants: Mapped[list[list[Any]] | None] = mapped_column(JSON)
    posted_at: Mapped[datetime]

    period: Mapped[RetainerPeriod] = relationship(back_populates="rows")


class RetainerAlert(Base):
    """A month of an agreement, or its quarter, has come so far: found and told once for each threshold of it (rule 14).

    Of a quarter ``month`` is the first. Whether the month is reopened or its terms change makes no difference. ``told``
    says who got a mail: ``manager``, ``client``, both or nobody.
    """

    __tablename__ = "retainer_alerts"
    __table_args__ = (one_of("threshold", THRESHOLDS), UniqueConstraint("agreement_id", "month", "threshold"))

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    month: Mapped[date]  # its first day
    threshold: Mapped[str]
    allowance_seconds: Mapped[int]
    reached_seconds: Mapped[int]  # burned, or forecast
    told: Mapped[list[str]]
    found_at: Mapped[datetime]


class HoursAsked(Base):
    """More hours for a month, asked of the client by a link (rule 14). Append-only, as evidence.

    ``says`` is what was shown, to the letter. The link is known by the hash of its token alone. ``asked_by_id`` is
    None where Helpdesk asked by itself, which it does once for a month.
    """

    __tablename__ = "hours_asked"
    __table_args__ = (
        CheckConstraint("seconds > 0", name="is_some_time"),
        Index(
            "one_asked_by_itself",
            "agreement_id",
            "month",
            unique=True,
            sqlite_where=text("asked_by_id IS NULL"),
            postgresql_where=text("asked_by_id IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"), index=True)
    month: Mapped[date]  # its first day
    seconds: Mapped[int]
    price_minor: Mapped[AmountMinor]  # of an hour
    most_minor: Mapped[AmountMinor]
    language: Mapped[str]
    address: Mapped[str]
    says: Mapped[str]
    says_sha256: Mapped[str]
    token_hash: Mapped[str] = mapped_column(unique=True)
    asked_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    agreement: Mapped[Agreement] = relationship()
    answers: Mapped[list["HoursAnswer"]] = relationship(order_by="HoursAnswer.id", back_populates="asked")


class HoursAnswer(Base):
    """What became of hours that were asked for. Append-only: a grant is revoked by a row of its own (rule 14).

    ``name``, ``note`` and ``address`` are those of who answered: for the client as they were typed and sent, for a
    revocation those of our own person, ``person_id``. ``shown`` is the text that stood on the page.
    """

    __tablename__ = "hours_answers"
    __table_args__ = (
        one_of("kind", ("granted", "refused", "revoked")),
        UniqueConstraint("asked_id", "kind"),
        Index(
            "one_decision",
            "asked_id",
            unique=True,
            sqlite_where=text("kind <> 'revoked'"),
            postgresql_where=text("kind <> 'revoked'"),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    asked_id: Mapped[int] = mapped_column(ForeignKey("hours_asked.id"))
    kind: Mapped[str]
    name: Mapped[str]
    note: Mapped[str]
    address: Mapped[str]
    shown: Mapped[str]
    shown_sha256: Mapped[str]
    answered_at: Mapped[datetime]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))

    asked: Mapped[HoursAsked] = relationship(back_populates="answers")


class RetainerStatement(Base):
    """A statement that went out to the client: when, to whom, which bytes (rule 10).

    The first of a month goes by itself, where the agreement says so; whatever becomes of the month, it goes once.
    """

    __tablename__ = "retainer_statements"
    __table_args__ = (
        UniqueConstraint("agreement_id", "month", "ordinal"),
        CheckConstraint("ordinal > 0", name="is_counted_from_one"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    agreement_id: Mapped[int] = mapped_column(ForeignKey("agreements.id"))
    month: Mapped[date]  # its first day
    ordinal: Mapped[int]
    period_id: Mapped[int] = mapped_column(ForeignKey("retainer_periods.id"))
    sent_to: Mapped[str]
    pdf_sha256: Mapped[str] = mapped_column(ForeignKey("blobs.sha256"))
    outgoing_message_id: Mapped[int | None] = mapped_column(ForeignKey("outgoing_messages.id"))
    created_at: Mapped[datetime]
