"""Whether who begins a reply on a ticket that nobody has gets it."""

import sqlalchemy as sa
from alembic import op

revision = "1060"
down_revision = "1040"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("typing_assigns", sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    op.drop_column("company", "typing_assigns")
