"""Rows of the timesheet, and the hours a week that people mean to work."""

import sqlalchemy as sa
from alembic import op

revision = "0140"
down_revision = "0151"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "timesheet_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("work_type_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_timesheet_rows_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_timesheet_rows_work_item_id_work_items")
        ),
        sa.ForeignKeyConstraint(
            ["work_type_id"], ["work_types.id"], name=op.f("fk_timesheet_rows_work_type_id_work_types")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timesheet_rows")),
    )
    op.create_index(
        "uq_timesheet_rows_row",
        "timesheet_rows",
        ["person_id", "monday", "work_item_id", sa.text("coalesce(work_type_id, 0)")],
        unique=True,
    )
    op.create_table(
        "weekly_targets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("target_seconds", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("target_seconds BETWEEN 0 AND 604800", name=op.f("ck_weekly_targets_fits_a_week")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_weekly_targets_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_targets")),
    )
    op.create_index(
        "uq_weekly_targets_from", "weekly_targets", [sa.text("coalesce(person_id, 0)"), "effective_on"], unique=True
    )


def downgrade() -> None:
    op.drop_table("weekly_targets")
    op.drop_table("timesheet_rows")
