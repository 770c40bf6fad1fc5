"""Calls and visits: with whom, which way, and whether they count as an answer."""

import sqlalchemy as sa
from alembic import op

revision = "1121"
down_revision = "1001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "talks",
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("reached", sa.Boolean(), nullable=False),
        sa.Column("answers", sa.Boolean(), nullable=False),
        sa.CheckConstraint("channel IN ('call', 'visit')", name=op.f("ck_talks_channel_is_known")),
        sa.CheckConstraint("direction IN ('in', 'out')", name=op.f("ck_talks_direction_is_known")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_talks_contact_id_contacts")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_talks_message_id_messages")),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_talks")),
    )
    op.create_index(op.f("ix_talks_contact_id"), "talks", ["contact_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_talks_contact_id"), table_name="talks")
    op.drop_table("talks")
