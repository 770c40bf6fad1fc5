"""Time entries say why approved time waits for approval again: its ticket moved to another project."""

import sqlalchemy as sa
from alembic import op

revision = "0160"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("time_entries", sa.Column("returned_because", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.execute("ALTER TABLE time_entries DROP COLUMN returned_because")
