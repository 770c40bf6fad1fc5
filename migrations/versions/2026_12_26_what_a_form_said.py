"""A form for a new ticket knows what it said, so that it opens nothing else in silence."""

import sqlalchemy as sa
from alembic import op

revision = "1250"
down_revision = "1231"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ticket_forms", sa.Column("said", sa.String(), nullable=True))


def downgrade() -> None:
    op.drop_column("ticket_forms", "said")
