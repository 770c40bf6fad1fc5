"""Mailboxes remember whether their server takes an envelope sender that is signed for one mail (VERP)."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("mailboxes", sa.Column("bounce_addresses", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.execute("ALTER TABLE mailboxes DROP COLUMN bounce_addresses")
