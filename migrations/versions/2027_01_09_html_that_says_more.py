"""A mail whose HTML says more than its text is known by that. Of those that are here already the page decides itself."""

import sqlalchemy as sa
from alembic import op

revision = "1300"
down_revision = "1290"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("messages", sa.Column("html_says_more", sa.Boolean(), nullable=True))


def downgrade() -> None:
    op.drop_column("messages", "html_says_more")
