"""Which grants paid for what a closed month drew; of what was closed before nothing is known."""

import sqlalchemy as sa
from alembic import op

revision = "0570"
down_revision = "0560"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ledger_rows", sa.Column("grants", sa.JSON(), nullable=True))


def downgrade() -> None:
    op.execute("ALTER TABLE ledger_rows DROP COLUMN grants")
