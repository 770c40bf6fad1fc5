"""What open pages are told, in the order of commits."""

import sqlalchemy as sa
from alembic import op

revision = "0130"
down_revision = "0180"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "live_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("audience_id", sa.Integer(), nullable=True),
        sa.Column("topic", sa.String(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.CheckConstraint("audience IN ('person', 'desk', 'item')", name=op.f("ck_live_events_audience_is_known")),
        sa.CheckConstraint(
            "(audience = 'desk') = (audience_id IS NULL)", name=op.f("ck_live_events_audience_is_named")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_live_events")),
    )
    op.create_index(op.f("ix_live_events_created_at"), "live_events", ["created_at"])


def downgrade() -> None:
    op.drop_table("live_events")
