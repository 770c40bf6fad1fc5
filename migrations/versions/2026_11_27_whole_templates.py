"""What templates keep beside tasks: what follows what, the team, who does what, priorities and tags."""

import sqlalchemy as sa
from alembic import op

revision = "0261"
down_revision = "0260"
branch_labels = None
depends_on = None

PEOPLE = (("project_templates", "manager_id"), ("template_tasks", "assignee_id"))


def upgrade() -> None:
    op.create_table(
        "template_links",
        sa.Column("successor_id", sa.Integer(), nullable=False),
        sa.Column("predecessor_id", sa.Integer(), nullable=False),
        sa.Column("lag_days", sa.Integer(), nullable=False),
        sa.Column("lag_in_working_days", sa.Boolean(), nullable=False),
        sa.CheckConstraint("successor_id <> predecessor_id", name=op.f("ck_template_links_joins_two_tasks")),
        sa.ForeignKeyConstraint(
            ["successor_id"], ["template_tasks.id"], name=op.f("fk_template_links_successor_id_template_tasks")
        ),
        sa.ForeignKeyConstraint(
            ["predecessor_id"], ["template_tasks.id"], name=op.f("fk_template_links_predecessor_id_template_tasks")
        ),
        sa.PrimaryKeyConstraint("successor_id", "predecessor_id", name=op.f("pk_template_links")),
    )
    op.create_table(
        "template_members",
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["template_id"], ["project_templates.id"], name=op.f("fk_template_members_template_id_project_templates")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_template_members_person_id_people")),
        sa.PrimaryKeyConstraint("template_id", "person_id", name=op.f("pk_template_members")),
    )
    for table, column in PEOPLE:
        name = f"fk_{table}_{column}_people"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES people (id)")
    op.add_column("template_tasks", sa.Column("priority", sa.String(), nullable=False, server_default="normal"))
    op.add_column("template_tasks", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_table("template_members")
    op.drop_table("template_links")
    for table, column in (("template_tasks", "tags"), ("template_tasks", "priority"), *PEOPLE):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
