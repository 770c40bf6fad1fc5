"""What people read, kept for a short time, and who wants none of it kept."""

import sqlalchemy as sa
from alembic import op

revision = "0260"
down_revision = "0190"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reading_spans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ended_at >= started_at", name=op.f("ck_reading_spans_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_reading_spans_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_reading_spans_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reading_spans")),
        sa.UniqueConstraint("person_id", "uuid", name=op.f("uq_reading_spans_person_id_uuid")),
    )
    op.create_index("ix_reading_spans_person_ended", "reading_spans", ["person_id", "ended_at"])
    op.create_index(op.f("ix_reading_spans_work_item_id"), "reading_spans", ["work_item_id"])
    op.create_index(op.f("ix_reading_spans_ended_at"), "reading_spans", ["ended_at"])
    for table in ("company", "people"):
        op.add_column(table, sa.Column("notes_reading", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    for table in ("people", "company"):
        op.execute(f"ALTER TABLE {table} DROP COLUMN notes_reading")
    op.drop_table("reading_spans")
