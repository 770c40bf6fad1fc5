"""An entry keeps the currency of the cost that it was approved with; so far that was our own company's."""

import sqlalchemy as sa
from alembic import op

revision = "0162"
down_revision = "0120"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("time_entries", sa.Column("cost_rate_currency", sa.String(), nullable=True))
    op.execute(
        "UPDATE time_entries SET cost_rate_currency = (SELECT min(currency) FROM company)"
        " WHERE cost_rate_minor IS NOT NULL"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE time_entries DROP COLUMN cost_rate_currency")
