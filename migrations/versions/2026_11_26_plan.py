"""Plans: what follows what, milestones, what is left, baselines, and moves that can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0100"
down_revision = "0160"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("task_details", sa.Column("stated_remaining_seconds", sa.Integer(), nullable=True))
    op.add_column("task_details", sa.Column("stated_at_worked_seconds", sa.Integer(), nullable=True))
    op.add_column("task_details", sa.Column("is_milestone", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "task_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("predecessor_id", sa.Integer(), nullable=False),
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("lag_days", sa.Integer(), nullable=False),
        sa.Column("lag_in_working_days", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("successor_id <> predecessor_id", name=op.f("ck_task_links_joins_two_tasks")),
        sa.ForeignKeyConstraint(["predecessor_id"], ["work_items.id"], name=op.f("fk_task_links_predecessor_id")),
        sa.ForeignKeyConstraint(["successor_id"], ["work_items.id"], name=op.f("fk_task_links_successor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_task_links")),
        sa.UniqueConstraint("successor_id", "predecessor_id", name=op.f("uq_task_links_successor_id_predecessor_id")),
    )
    op.create_index(op.f("ix_task_links_predecessor_id"), "task_links", ["predecessor_id"])
    op.create_table(
        "plan_baselines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_plan_baselines_project_id")),
        sa.ForeignKeyConstraint(["taken_by_id"], ["people.id"], name=op.f("fk_plan_baselines_taken_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_baselines")),
        sa.UniqueConstraint("project_id", "name", name=op.f("uq_plan_baselines_project_id_name")),
    )
    op.create_table(
        "baseline_tasks",
        sa.Column("baseline_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.CheckConstraint("starts_on <= due_on", name=op.f("ck_baseline_tasks_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["baseline_id"], ["plan_baselines.id"], name=op.f("fk_baseline_tasks_baseline_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_baseline_tasks_work_item_id")),
        sa.PrimaryKeyConstraint("baseline_id", "work_item_id", name=op.f("pk_baseline_tasks")),
    )
    op.create_index(op.f("ix_baseline_tasks_work_item_id"), "baseline_tasks", ["work_item_id"])
    op.create_table(
        "plan_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("moved_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undoes_id", sa.Integer(), nullable=True),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_plan_moves_project_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_plan_moves_person_id")),
        sa.ForeignKeyConstraint(["undoes_id"], ["plan_moves.id"], name=op.f("fk_plan_moves_undoes_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_moves")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_plan_moves_undoes_id")),
    )
    op.create_index("ix_plan_moves_newest", "plan_moves", ["project_id", "person_id", "id"])


def downgrade() -> None:
    for table in ("plan_moves", "baseline_tasks", "plan_baselines", "task_links"):
        op.drop_table(table)
    for column in ("is_milestone", "stated_at_worked_seconds", "stated_remaining_seconds"):
        op.execute(f"ALTER TABLE task_details DROP COLUMN {column}")
