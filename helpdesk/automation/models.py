"""Rules, what happened that they have not looked at yet, the log of what they did, and macros."""

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.automation.domain.rules import Trigger
from helpdesk.automation.domain.waiting import UNITS
from helpdesk.infra.db import Base, one_of
from helpdesk.projects.models import WorkItem

WAITING = "state <> 'failed'"
OUTCOMES = ("done", "left", "failed")


class AutomationRule(Base):
    """What happens by itself: when, on which tickets, and what (docs/automation.md rule 1).

    ``conditions`` are ``{"field", "operator", "value"}``, of which all hold, or any; ``acts`` holds what is done, by
    the names of ``service.acts.Acts``.
    """

    __tablename__ = "automation_rules"
    __table_args__ = (
        one_of("trigger", tuple(Trigger)),
        one_of("unit", ("", *UNITS)),
        CheckConstraint("failures >= 0", name="failures_are_counted"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    position: Mapped[int]
    name: Mapped[str]
    active: Mapped[bool] = mapped_column(default=False)
    switched_on_at: Mapped[datetime | None]  # what was due before that is left alone (rule 9)
    trigger: Mapped[str]
    amount: Mapped[int] = mapped_column(default=0)  # of time, for a trigger that is one
    unit: Mapped[str] = mapped_column(default="")
    conditions: Mapped[list[dict[str, Any]]]
    any_condition: Mapped[bool] = mapped_column(default=False)
    acts: Mapped[dict[str, Any]]
    stops: Mapped[bool] = mapped_column(default=False)
    failures: Mapped[int] = mapped_column(default=0)  # in a row
    switched_off_why: Mapped[str] = mapped_column(default="")  # not empty: it did so itself
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class AutomationEvent(Base):
    """Something that happened to a ticket, written with it; gone when all rules have looked at it (rule 6)."""

    __tablename__ = "automation_events"
    __table_args__ = (
        one_of("state", ("waiting", "claimed", "failed")),
        one_of("trigger", tuple(Trigger)),
        Index("ix_automation_events_due", "state", "id", sqlite_where=text(WAITING), postgresql_where=text(WAITING)),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    trigger: Mapped[str]
    happened_at: Mapped[datetime]
    message_id: Mapped[int | None]  # no foreign key: an answer that is taken back is gone
    state: Mapped[str] = mapped_column(default="waiting")
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)


class AutomationRun(Base):
    """One rule that fitted one ticket: the rule as it was, why, and what it did or why it did not (rule 11).

    ``key`` is what it was about: a rule acts once on each.
    """

    __tablename__ = "automation_runs"
    __table_args__ = (
        one_of("outcome", OUTCOMES),
        UniqueConstraint("rule_id", "work_item_id", "key"),
        Index("ix_automation_runs_item", "work_item_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    rule_id: Mapped[int | None]  # no foreign key: the log outlives the rule
    rule_name: Mapped[str]
    rule_as_it_was: Mapped[dict[str, Any]]
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"))
    key: Mapped[str]
    since: Mapped[datetime | None]  # the ticket waited, for a rule that is a time
    at: Mapped[datetime]
    outcome: Mapped[str]
    because: Mapped[list[str]]
    did: Mapped[list[str]]
    why_not: Mapped[str] = mapped_column(default="")

    work_item: Mapped[WorkItem] = relationship()


FOR_TICKETS_ALONE = ("answer", "type", "snooze_days")
"""What of the acts of a macro a task knows nothing of (docs/automation.md rule 25)."""


class Macro(Base):
    """Several acts that a person does at once: of one person, or shared without (docs/automation.md rule 16).

    ``acts`` holds what is done, by the names of ``service.macros.MacroActs``.
    """

    __tablename__ = "macros"
    __table_args__ = (CheckConstraint("used >= 0", name="uses_are_counted"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    position: Mapped[int]
    name: Mapped[str]
    acts: Mapped[dict[str, Any]]
    used: Mapped[int] = mapped_column(default=0)  # on how many tickets and tasks
    used_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


Index("uq_macros_name", func.coalesce(Macro.person_id, 0), func.lower(Macro.name), unique=True)
