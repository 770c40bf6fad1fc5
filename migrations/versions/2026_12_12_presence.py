"""Who looks at a ticket or task, or writes on it, in which tab."""

import sqlalchemy as sa
from alembic import op

revision = "1061"
down_revision = "1000"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_presence",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("tab", sa.String(), nullable=False),
        sa.Column("doing", sa.String(), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("doing IN ('looking', 'note', 'reply')", name=op.f("ck_item_presence_doing_is_known")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_item_presence_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_item_presence_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("work_item_id", "person_id", "tab", name=op.f("pk_item_presence")),
    )
    op.create_index(op.f("ix_item_presence_seen_at"), "item_presence", ["seen_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_item_presence_seen_at"), table_name="item_presence")
    op.drop_table("item_presence")
