"""Drafts and canned replies keep their formatting, and a person can do without the editor."""

import sqlalchemy as sa
from alembic import op

revision = "1080"
down_revision = "1041"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("html", sa.String(), server_default="", nullable=False))
    op.add_column("canned_replies", sa.Column("html", sa.String(), server_default="", nullable=False))
    op.add_column("people", sa.Column("plain_box", sa.Boolean(), server_default=sa.false(), nullable=False))


def downgrade() -> None:
    op.execute("ALTER TABLE people DROP COLUMN plain_box")
    op.execute("ALTER TABLE canned_replies DROP COLUMN html")
    op.execute("ALTER TABLE drafts DROP COLUMN html")
