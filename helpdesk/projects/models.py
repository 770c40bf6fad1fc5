"""Projects, and the one table of work items that time lands on."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from helpdesk.accounts.models import Person, Team
from helpdesk.clients.models import Client
from helpdesk.infra.db import AmountMinor, Base, one_of

ITEM_STATUSES = ("new", "open", "in_progress", "waiting", "solved", "closed")
OPEN_STATUSES = ("new", "open", "in_progress", "waiting")
PRIORITIES = ("low", "normal", "high", "urgent")
DOINGS = ("looking", "note", "reply")
"""What somebody does with a work item, from the least to the most that others want to know of."""

OPEN_TICKET = "kind = 'ticket' AND status IN ('new', 'open', 'in_progress', 'waiting')"
CLOSED_TICKET = "kind = 'ticket' AND status IN ('solved', 'closed')"
"""What the queue is made of. In these very words, or SQLite does not see that its index answers."""
SNOOZED = "snoozed_until IS NOT NULL"
TYPED = "type_id IS NOT NULL"
OF_TEAM = "team_id IS NOT NULL"


class Project(Base):
    """Work for one client under one billing kind. ``is_triage`` marks where unresolved mail waits.

    ``budget_seconds`` and ``budget_minor`` only warn; billable time beyond ``max_billable_seconds`` is warned of or
    refused, as ``over_limit`` says.
    """

    __tablename__ = "projects"
    __table_args__ = (
        one_of("status", ("active", "paused", "done")),
        one_of("billing", ("hourly", "retainer", "fixed_fee", "internal")),
        one_of("over_limit", ("warn", "refuse")),
        CheckConstraint("budget_seconds IS NULL OR budget_seconds >= 0", name="budget_is_not_negative"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"), index=True)
    name: Mapped[str]
    status: Mapped[str] = mapped_column(default="active")
    billing: Mapped[str] = mapped_column(default="hourly")
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    is_triage: Mapped[bool] = mapped_column(default=False)
    is_default: Mapped[bool] = mapped_column(default=False)  # where the client's mail lands
    mail_slug: Mapped[str | None] = mapped_column(index=True, unique=True)  # support+slug@ (docs/mail.md rule 37)
    starts_on: Mapped[date | None]
    due_on: Mapped[date | None]
    budget_seconds: Mapped[int | None]
    budget_minor: Mapped[AmountMinor | None]
    fixed_fee_minor: Mapped[AmountMinor | None]  # what it costs in all, where it is billed so
    max_billable_seconds: Mapped[int | None]
    over_limit: Mapped[str] = mapped_column(default="warn", server_default="warn")
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))  # gets new tickets: docs/desk.md rule 76
    created_at: Mapped[datetime]

    client: Mapped[Client] = relationship()
    manager: Mapped[Person | None] = relationship()


class FixedFee(Base):
    """One instalment of a project's fixed fee, to be billed once, from its day on (docs/billing.md rule F1)."""

    __tablename__ = "fixed_fees"
    __table_args__ = (CheckConstraint("amount_minor > 0", name="is_some_money"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    text: Mapped[str]
    percent: Mapped[str | None]  # of the whole, as it was typed
    amount_minor: Mapped[AmountMinor]
    currency: Mapped[str]
    due_on: Mapped[date]
    created_at: Mapped[datetime]
    removed_at: Mapped[datetime | None]

    project: Mapped[Project] = relationship()


class ProjectMember(Base):
    """One person of a project's team."""

    __tablename__ = "project_members"

    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)


class BudgetAlert(Base):
    """A budget of a project has come so far: found once, and told once, for each threshold of one and the same budget.

    ``measure`` is what is counted, whole seconds or minor units, in ``budget`` and ``reached`` alike.
    """

    __tablename__ = "budget_alerts"
    __table_args__ = (
        one_of("measure", ("hours", "money")),
        one_of("threshold", ("50", "80", "100", "forecast")),
        UniqueConstraint("project_id", "measure", "threshold", "budget"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    measure: Mapped[str]
    threshold: Mapped[str]
    budget: Mapped[int] = mapped_column(BigInteger)
    reached: Mapped[int] = mapped_column(BigInteger)
    found_at: Mapped[datetime]


class ProjectTemplate(Base):
    """The tasks of a project under a name, from which another one begins; seen by who may see that project."""

    __tablename__ = "project_templates"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    billing: Mapped[str]
    budget_seconds: Mapped[int | None]
    manager_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    created_at: Mapped[datetime]
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class TemplateTask(Base):
    """One task of a template; its days are counted from the start of the project (0 is that day)."""

    __tablename__ = "template_tasks"

    id: Mapped[int] = mapped_column(primary_key=True)
    template_id: Mapped[int] = mapped_column(ForeignKey("project_templates.id"), index=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("template_tasks.id"))
    position: Mapped[int]
    title: Mapped[str]
    starts_after_days: Mapped[int | None]
    due_after_days: Mapped[int | None]
    estimate_seconds: Mapped[int | None]
    is_milestone: Mapped[bool] = mapped_column(default=False)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    priority: Mapped[str] = mapped_column(default="normal", server_default="normal")
    tags: Mapped[list[str]] = mapped_column(default=list, server_default="[]")


class TemplateLink(Base):
    """One task of a template follows another, as :class:`TaskLink` says it of tasks."""

    __tablename__ = "template_links"
    __table_args__ = (CheckConstraint("successor_id <> predecessor_id", name="joins_two_tasks"),)

    successor_id: Mapped[int] = mapped_column(ForeignKey("template_tasks.id"), primary_key=True)
    predecessor_id: Mapped[int] = mapped_column(ForeignKey("template_tasks.id"), primary_key=True)
    lag_days: Mapped[int]
    lag_in_working_days: Mapped[bool]


class TemplateMember(Base):
    """One person of the team that a template was kept with."""

    __tablename__ = "template_members"

    template_id: Mapped[int] = mapped_column(ForeignKey("project_templates.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)


class WorkItem(Base):
    """A ticket (a conversation opened it) or a task (a plan did): the same timer, rate, approval and invoice.

    ``number`` is what people say and write; ``version`` guards against two people changing it at once.
    """

    __tablename__ = "work_items"
    __table_args__ = (
        one_of("kind", ("ticket", "task")),
        one_of("status", ITEM_STATUSES),
        one_of("priority", PRIORITIES),
        Index("ix_work_items_queue", "kind", "status", "updated_at"),
        Index(  # all that every page counts of the queue, closed tickets aside
            "ix_work_items_open_tickets",
            "project_id",
            "assignee_id",
            "team_id",
            "status",
            "snoozed_until",
            sqlite_where=text(OPEN_TICKET),
            postgresql_where=text(OPEN_TICKET),
        ),
        Index("ix_work_items_snoozed", "snoozed_until", sqlite_where=text(SNOOZED), postgresql_where=text(SNOOZED)),
        Index(  # the views of the queue, newest change first
            "ix_work_items_open_by_change",
            "updated_at",
            "id",
            "project_id",
            "assignee_id",
            "team_id",
            "status",
            "snoozed_until",
            sqlite_where=text(OPEN_TICKET),
            postgresql_where=text(OPEN_TICKET),
        ),
        Index(
            "ix_work_items_closed_by_change",
            "updated_at",
            "id",
            "project_id",
            sqlite_where=text(CLOSED_TICKET),
            postgresql_where=text(CLOSED_TICKET),
        ),
        Index("ix_work_items_type_id", "type_id", sqlite_where=text(TYPED), postgresql_where=text(TYPED)),
        Index(  # what a team has, newest change first
            "ix_work_items_team",
            "team_id",
            "updated_at",
            "id",
            sqlite_where=text(OF_TEAM),
            postgresql_where=text(OF_TEAM),
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(unique=True)
    kind: Mapped[str]
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"), index=True)
    title: Mapped[str]
    status: Mapped[str] = mapped_column(default="new")
    priority: Mapped[str] = mapped_column(default="normal")
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"), index=True)
    team_id: Mapped[int | None] = mapped_column(ForeignKey("teams.id"))  # beside the person: docs/desk.md rule 73
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    snoozed_until: Mapped[datetime | None]  # an open ticket sleeps until then (docs/desk.md rule 10)
    type_id: Mapped[int | None] = mapped_column(ForeignKey("ticket_types.id"))  # docs/desk.md rule 35
    version: Mapped[int] = mapped_column(default=1)

    project: Mapped[Project] = relationship()
    assignee: Mapped[Person | None] = relationship()
    team: Mapped[Team | None] = relationship()
    task_details: Mapped["TaskDetails | None"] = relationship(
        back_populates="work_item", foreign_keys="TaskDetails.work_item_id"
    )
    tags: Mapped[list["ItemTag"]] = relationship(back_populates="work_item", order_by="ItemTag.tag")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012 - SQLAlchemy reads it from the class


class TicketType(Base):
    """What kind of thing a ticket is about. A retired one stays on its tickets, and is not offered any more."""

    __tablename__ = "ticket_types"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    position: Mapped[int]
    created_at: Mapped[datetime]
    retired_at: Mapped[datetime | None]


Index("uq_ticket_types_name_lower", func.lower(TicketType.name), unique=True)


class ItemTag(Base):
    """One tag of one work item, in lower case."""

    __tablename__ = "item_tags"

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    tag: Mapped[str] = mapped_column(primary_key=True, index=True)

    work_item: Mapped[WorkItem] = relationship(back_populates="tags")


class ItemFollower(Base):
    """Somebody who is told what is written on a work item, or with ``follows`` off, who said that they are not."""

    __tablename__ = "item_followers"

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True, index=True)
    follows: Mapped[bool]
    since: Mapped[datetime]


class ItemPresence(Base):
    """Somebody who has a work item before them in one tab of a browser, and what they do there; gone in a minute."""

    __tablename__ = "item_presence"
    __table_args__ = (one_of("doing", DOINGS),)

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("people.id"), primary_key=True)
    tab: Mapped[str] = mapped_column(primary_key=True)
    doing: Mapped[str]
    seen_at: Mapped[datetime] = mapped_column(index=True)


class TaskDetails(Base):
    """What a plan knows of a work item: parent, dates, estimate. One row for each task."""

    __tablename__ = "task_details"
    __table_args__ = (CheckConstraint("parent_id IS NULL OR parent_id <> work_item_id", name="is_not_its_own_parent"),)

    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("work_items.id"), index=True)
    starts_on: Mapped[date | None]
    due_on: Mapped[date | None]
    estimate_seconds: Mapped[int | None]
    stated_remaining_seconds: Mapped[int | None]  # what somebody said is left, when so much had been worked:
    stated_at_worked_seconds: Mapped[int | None]
    is_milestone: Mapped[bool] = mapped_column(default=False)
    position: Mapped[int] = mapped_column(default=0)

    work_item: Mapped[WorkItem] = relationship(back_populates="task_details", foreign_keys=[work_item_id])


class TaskLink(Base):
    """One task follows another: it begins when that one has ended and the lag has gone by (finish to start)."""

    __tablename__ = "task_links"
    __table_args__ = (
        UniqueConstraint("successor_id", "predecessor_id"),
        CheckConstraint("successor_id <> predecessor_id", name="joins_two_tasks"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    predecessor_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), index=True)
    successor_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"))
    lag_days: Mapped[int] = mapped_column(default=0)  # negative: it may begin before the other has ended
    lag_in_working_days: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Baseline(Base):
    """What a project's plan was at one moment, under a name, to compare with what became of it."""

    __tablename__ = "plan_baselines"
    __table_args__ = (UniqueConstraint("project_id", "name"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    name: Mapped[str]
    taken_at: Mapped[datetime]
    taken_by_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))


class BaselineTask(Base):
    """The days that one task had when the baseline was taken."""

    __tablename__ = "baseline_tasks"
    __table_args__ = (CheckConstraint("starts_on <= due_on", name="ends_after_it_starts"),)

    baseline_id: Mapped[int] = mapped_column(ForeignKey("plan_baselines.id"), primary_key=True)
    work_item_id: Mapped[int] = mapped_column(ForeignKey("work_items.id"), primary_key=True, index=True)
    starts_on: Mapped[date]
    due_on: Mapped[date]


class PlanMove(Base):
    """One act that changed days of a plan, with all that it pushed, so that it can be undone; an undo is one too.

    ``changes`` holds for each task its id, its version afterwards, and its days before and after (ISO, or null).
    """

    __tablename__ = "plan_moves"
    __table_args__ = (
        UniqueConstraint("undoes_id"),
        Index("ix_plan_moves_newest", "project_id", "person_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    project_id: Mapped[int] = mapped_column(ForeignKey("projects.id"))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    moved_at: Mapped[datetime]
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("plan_moves.id"))
    changes: Mapped[list[dict[str, Any]]]
