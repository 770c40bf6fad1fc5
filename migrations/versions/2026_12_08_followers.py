"""Who follows a ticket or task, and who said that they do not."""

import sqlalchemy as sa
from alembic import op

revision = "1040"
down_revision = "0857"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "item_followers",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("follows", sa.Boolean(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_item_followers_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_item_followers_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("work_item_id", "person_id", name=op.f("pk_item_followers")),
    )
    op.create_index(op.f("ix_item_followers_person_id"), "item_followers", ["person_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_item_followers_person_id"), table_name="item_followers")
    op.drop_table("item_followers")
