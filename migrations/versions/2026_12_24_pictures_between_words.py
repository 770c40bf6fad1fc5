"""A picture between the words of an answer: the id by which its HTML names it, in a draft and in a mail."""

import sqlalchemy as sa
from alembic import op

revision = "1230"
down_revision = "1202"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("draft_files", "outgoing_attachments"):
        op.add_column(table, sa.Column("content_id", sa.String(), nullable=True))


def downgrade() -> None:
    for table in ("outgoing_attachments", "draft_files"):
        op.drop_column(table, "content_id")
