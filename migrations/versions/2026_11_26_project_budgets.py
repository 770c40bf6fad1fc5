"""Projects have a team, a limit of billable hours, and alerts of their budgets."""

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0163"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Plain ALTER TABLE, which both databases know, spares SQLite from building the table anew.
    op.execute("ALTER TABLE projects ADD COLUMN max_billable_seconds INTEGER")
    op.execute(
        "ALTER TABLE projects ADD COLUMN over_limit VARCHAR DEFAULT 'warn' NOT NULL "
        "CONSTRAINT ck_projects_over_limit_is_known CHECK (over_limit IN ('warn', 'refuse'))"
    )
    op.create_table(
        "project_members",
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_project_members_person_id_people")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_members_project_id_projects")),
        sa.PrimaryKeyConstraint("project_id", "person_id", name=op.f("pk_project_members")),
    )
    op.create_index("ix_project_members_person_id", "project_members", ["person_id"])
    op.create_table(
        "budget_alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("measure", sa.String(), nullable=False),
        sa.Column("threshold", sa.String(), nullable=False),
        sa.Column("budget", sa.BigInteger(), nullable=False),
        sa.Column("reached", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("measure IN ('hours', 'money')", name=op.f("ck_budget_alerts_measure_is_known")),
        sa.CheckConstraint(
            "threshold IN ('50', '80', '100', 'forecast')", name=op.f("ck_budget_alerts_threshold_is_known")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_budget_alerts_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_budget_alerts")),
        sa.UniqueConstraint(
            "project_id",
            "measure",
            "threshold",
            "budget",
            name=op.f("uq_budget_alerts_project_id_measure_threshold_budget"),
        ),
    )


def downgrade() -> None:
    op.drop_table("budget_alerts")
    op.drop_table("project_members")
    op.execute("ALTER TABLE projects DROP COLUMN over_limit")
    op.execute("ALTER TABLE projects DROP COLUMN max_billable_seconds")
