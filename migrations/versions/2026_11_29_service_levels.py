"""Service levels: calendars, policies and whom they cover, clocks of tickets, and what of a ticket is due."""

import sqlalchemy as sa
from alembic import op

revision = "0640"
down_revision = "0580"
branch_labels = None
depends_on = None

UNTOLD = sa.text("state = 'running' AND told IN ('', 'at_risk')")


def upgrade() -> None:
    op.create_table(
        "business_calendars",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("hours", sa.String(), nullable=False),
        sa.Column("holidays", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_business_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_business_calendars_name")),
    )
    op.create_table(
        "sla_policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("calendar_id", sa.Integer(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("measured_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("budgets", sa.JSON(), nullable=False),
        sa.Column("at_risk_percent", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("at_risk_percent BETWEEN 1 AND 99", name=op.f("ck_sla_policies_at_risk_is_a_share")),
        sa.ForeignKeyConstraint(["calendar_id"], ["business_calendars.id"], name=op.f("fk_sla_policies_calendar_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_policies")),
        sa.UniqueConstraint("name", name=op.f("uq_sla_policies_name")),
    )
    op.create_index(op.f("ix_sla_policies_calendar_id"), "sla_policies", ["calendar_id"])
    op.create_index(
        "one_default_sla_policy",
        "sla_policies",
        ["is_default"],
        unique=True,
        sqlite_where=sa.text("is_default"),
        postgresql_where=sa.text("is_default"),
    )
    op.create_table(
        "sla_scopes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(client_id IS NULL) <> (project_id IS NULL)", name=op.f("ck_sla_scopes_is_a_client_or_a_project")
        ),
        sa.ForeignKeyConstraint(["policy_id"], ["sla_policies.id"], name=op.f("fk_sla_scopes_policy_id")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_sla_scopes_client_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_sla_scopes_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_scopes")),
        sa.UniqueConstraint("client_id", name=op.f("uq_sla_scopes_client_id")),
        sa.UniqueConstraint("project_id", name=op.f("uq_sla_scopes_project_id")),
    )
    op.create_index(op.f("ix_sla_scopes_policy_id"), "sla_scopes", ["policy_id"])
    op.create_table(
        "sla_clocks",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("policy_id", sa.Integer(), nullable=False),
        sa.Column("budget_seconds", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at_risk_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("missed", sa.Boolean(), nullable=False),
        sa.Column("told", sa.String(), nullable=False),
        sa.CheckConstraint(
            "target IN ('first_answer', 'next_answer', 'resolution')", name=op.f("ck_sla_clocks_target_is_known")
        ),
        sa.CheckConstraint("state IN ('running', 'paused', 'stopped')", name=op.f("ck_sla_clocks_state_is_known")),
        sa.CheckConstraint("told IN ('', 'at_risk', 'missed', 'met')", name=op.f("ck_sla_clocks_told_is_known")),
        sa.CheckConstraint(
            "(state = 'stopped') = (stopped_at IS NOT NULL)", name=op.f("ck_sla_clocks_stops_at_an_instant")
        ),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_sla_clocks_work_item_id")),
        sa.ForeignKeyConstraint(["policy_id"], ["sla_policies.id"], name=op.f("fk_sla_clocks_policy_id")),
        sa.PrimaryKeyConstraint("work_item_id", "target", "started_at", name=op.f("pk_sla_clocks")),
    )
    op.create_index(op.f("ix_sla_clocks_policy_id"), "sla_clocks", ["policy_id"])
    op.create_index("ix_sla_clocks_untold", "sla_clocks", ["at_risk_at"], sqlite_where=UNTOLD, postgresql_where=UNTOLD)
    op.create_table(
        "ticket_dues",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at_risk_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("first_answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('running', 'paused', 'stopped')", name=op.f("ck_ticket_dues_state_is_known")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_ticket_dues_work_item_id")),
        sa.PrimaryKeyConstraint("work_item_id", name=op.f("pk_ticket_dues")),
    )
    op.create_index("ix_ticket_dues_due_at", "ticket_dues", ["due_at"])
    op.create_table(
        "sla_remeasuring",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("through_id", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_sla_remeasuring_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sla_remeasuring")),
    )


def downgrade() -> None:
    for table in ("sla_remeasuring", "ticket_dues", "sla_clocks", "sla_scopes", "sla_policies", "business_calendars"):
        op.drop_table(table)
