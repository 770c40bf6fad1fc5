"""Links between tickets and tasks."""

import sqlalchemy as sa
from alembic import op

revision = "0857"
down_revision = "0770"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_links",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("other_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('related', 'part', 'duplicate')", name=op.f("ck_item_links_kind_is_known")),
        sa.CheckConstraint("work_item_id <> other_id", name=op.f("ck_item_links_joins_two_items")),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_item_links_created_by_id_people")),
        sa.ForeignKeyConstraint(["other_id"], ["work_items.id"], name=op.f("fk_item_links_other_id_work_items")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_item_links_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("work_item_id", "other_id", name=op.f("pk_item_links")),
    )
    op.create_index(op.f("ix_item_links_other_id"), "item_links", ["other_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_item_links_other_id"), table_name="item_links")
    op.drop_table("item_links")
