"""An index of when messages were written, by which those before a day are found."""

from alembic import op

revision = "1001"
down_revision = "1141"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_messages_posted_at", "messages", ["posted_at"])


def downgrade() -> None:
    op.drop_index("ix_messages_posted_at", table_name="messages")
