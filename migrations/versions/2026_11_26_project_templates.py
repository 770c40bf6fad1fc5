"""Templates: the tasks of a project under a name, from which another one begins."""

import sqlalchemy as sa
from alembic import op

revision = "0111"
down_revision = "0140"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "project_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("billing", sa.String(), nullable=False),
        sa.Column("budget_seconds", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["people.id"], name=op.f("fk_project_templates_created_by_id_people")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_project_templates_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_templates")),
        sa.UniqueConstraint("name", name=op.f("uq_project_templates_name")),
    )
    op.create_index("ix_project_templates_project_id", "project_templates", ["project_id"])
    op.create_table(
        "template_tasks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("starts_after_days", sa.Integer(), nullable=True),
        sa.Column("due_after_days", sa.Integer(), nullable=True),
        sa.Column("estimate_seconds", sa.Integer(), nullable=True),
        sa.Column("is_milestone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["template_tasks.id"], name=op.f("fk_template_tasks_parent_id_template_tasks")
        ),
        sa.ForeignKeyConstraint(
            ["template_id"], ["project_templates.id"], name=op.f("fk_template_tasks_template_id_project_templates")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_tasks")),
    )
    op.create_index("ix_template_tasks_template_id", "template_tasks", ["template_id"])


def downgrade() -> None:
    op.drop_table("template_tasks")
    op.drop_table("project_templates")
