"""Answers wait a moment before they leave, and can be taken back."""

import sqlalchemy as sa
from alembic import op

revision = "0681"
down_revision = "0680"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("undo_seconds", sa.Integer(), nullable=False, server_default="10"))
    op.add_column("outgoing_messages", sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "takebacks",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("typed", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_takebacks_message_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_takebacks_person_id")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_takebacks")),
    )
    op.create_index(op.f("ix_takebacks_person_id"), "takebacks", ["person_id"])


def downgrade() -> None:
    op.drop_table("takebacks")
    # Without the mark they were mails of a ticket that failed, and somebody would send them again. None is deleted.
    op.execute("UPDATE outgoing_messages SET about_kind = 'withdrawn' WHERE withdrawn_at IS NOT NULL")
    op.drop_column("outgoing_messages", "withdrawn_at")
    op.drop_column("company", "undo_seconds")
