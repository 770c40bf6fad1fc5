"""Tickets that were merged into others, and what an undo gives back."""

import sqlalchemy as sa
from alembic import op

revision = "0740"
down_revision = "0710"
branch_labels = None
depends_on = None

STANDS = sa.text("undone_at IS NULL")


def upgrade() -> None:
    op.execute(
        "ALTER TABLE ticket_details ADD COLUMN merged_into_id INTEGER "
        "CONSTRAINT fk_ticket_details_merged_into_id_work_items REFERENCES work_items (id)"
    )
    op.create_index(op.f("ix_ticket_details_merged_into_id"), "ticket_details", ["merged_into_id"])
    op.create_table(
        "ticket_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("merged_by_id", sa.Integer(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["into_id"], ["work_items.id"], name=op.f("fk_ticket_merges_into_id_work_items")),
        sa.ForeignKeyConstraint(["merged_by_id"], ["people.id"], name=op.f("fk_ticket_merges_merged_by_id_people")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["people.id"], name=op.f("fk_ticket_merges_undone_by_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_ticket_merges_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_merges")),
    )
    op.create_index(op.f("ix_ticket_merges_into_id"), "ticket_merges", ["into_id"])
    op.create_index(
        "one_merge_of_a_ticket",
        "ticket_merges",
        ["work_item_id"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )


def downgrade() -> None:
    op.drop_index("one_merge_of_a_ticket", table_name="ticket_merges")
    op.drop_index(op.f("ix_ticket_merges_into_id"), table_name="ticket_merges")
    op.drop_table("ticket_merges")
    op.drop_index(op.f("ix_ticket_details_merged_into_id"), table_name="ticket_details")
    op.execute("ALTER TABLE ticket_details DROP COLUMN merged_into_id")
