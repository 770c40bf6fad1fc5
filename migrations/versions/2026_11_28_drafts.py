"""Drafts: what people have begun to write on tickets and tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0660"
down_revision = "0650"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "drafts",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("body", sa.String(), nullable=False),
        sa.Column("worked", sa.String(), nullable=False),
        sa.Column("work_type_id", sa.Integer(), nullable=True),
        sa.Column("billable", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("saved_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("kind IN ('reply', 'note')", name=op.f("ck_drafts_kind_is_known")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_drafts_person_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_drafts_work_item_id")),
        sa.PrimaryKeyConstraint("person_id", "work_item_id", "kind", name=op.f("pk_drafts")),
    )
    op.create_index(op.f("ix_drafts_work_item_id"), "drafts", ["work_item_id"])


def downgrade() -> None:
    op.drop_table("drafts")
