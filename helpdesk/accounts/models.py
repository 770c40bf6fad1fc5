"""Staff, teams, sessions and sign-in attempts."""

from datetime import date, datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, false, func, true
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.infra.db import Base, one_of
from helpdesk.infra.policy import STAFF


class Person(Base):
    """A member of staff. ``email`` is unique without regard to case."""

    __tablename__ = "people"
    __table_args__ = (one_of("role", tuple(sorted(STAFF))),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[str]
    time_zone: Mapped[str] = mapped_column(default="")  # empty: our company's
    language: Mapped[str] = mapped_column(default="en")
    active: Mapped[bool] = mapped_column(default=True)
    mail_notifications: Mapped[bool] = mapped_column(default=True)
    notes_reading: Mapped[bool] = mapped_column(default=True, server_default=true())
    dense_rows: Mapped[bool] = mapped_column(default=False, server_default=false())  # of the queue
    plain_box: Mapped[bool] = mapped_column(default=False, server_default=false())  # writes without the editor
    keys: Mapped[dict[str, str]] = mapped_column(JSON(), default=dict, server_default="{}")  # ours -> their own
    single_keys: Mapped[bool] = mapped_column(default=True, server_default=true())
    created_at: Mapped[datetime]

    memberships: Mapped[list["TeamMember"]] = relationship(back_populates="person")


Index("uq_people_email_lower", func.lower(Person.email), unique=True)


class WeeklyTarget(Base):
    """How long somebody means to work in a week, from a Monday on; ``person_id`` None: everybody without one."""

    __tablename__ = "weekly_targets"
    __table_args__ = (CheckConstraint("target_seconds BETWEEN 0 AND 604800", name="fits_a_week"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    effective_on: Mapped[date]
    target_seconds: Mapped[int]
    created_at: Mapped[datetime]


Index("uq_weekly_targets_from", func.coalesce(WeeklyTarget.person_id, 0), WeeklyTarget.effective_on, unique=True)


class Team(Base):
    """A group of staff; a client can be restricted to one, and tickets can be its. A retired one gets no more."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    retired_at: Mapped[datetime | None]


class TeamMember(Base):
    """One person in one team."""

    __tablename__ = "team_members"

    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)

    person: Mapped[Person] = relationship(back_populates="memberships")


class PersonSession(Base):
    """A signed-in browser. Only the token's hash is stored; sign-in always makes a new row."""

    __tablename__ = "person_sessions"

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), index=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str]
    user_agent: Mapped[str]

    person: Mapped[Person] = relationship()


class SignInAttempt(Base):
    """One failed attempt, counted by a key (an account or an address); old rows are swept."""

    __tablename__ = "sign_in_attempts"
    __table_args__ = (Index("ix_sign_in_attempts_key_at", "key", "at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str]
    at: Mapped[datetime]
