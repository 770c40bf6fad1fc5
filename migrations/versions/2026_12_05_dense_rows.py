"""Everybody says how high the rows of the queue are."""

import sqlalchemy as sa
from alembic import op

revision = "0750"
down_revision = "0740"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("dense_rows", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.execute("ALTER TABLE people DROP COLUMN dense_rows")
