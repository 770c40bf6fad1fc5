"""Which single keys each person presses, and whether they want any."""

import sqlalchemy as sa
from alembic import op

revision = "1062"
down_revision = "1061"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("people", sa.Column("keys", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("people", sa.Column("single_keys", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("people", "single_keys")
    op.drop_column("people", "keys")
