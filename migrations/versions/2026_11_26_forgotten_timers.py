"""When a timer asks: without a sign of its person for some time, or past a limit."""

import sqlalchemy as sa
from alembic import op

revision = "0121"
down_revision = "0162"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("company", sa.Column("timer_idle_minutes", sa.Integer(), nullable=False, server_default="120"))
    op.add_column("company", sa.Column("timer_limit_hours", sa.Integer(), nullable=False, server_default="10"))


def downgrade() -> None:
    for column in ("timer_limit_hours", "timer_idle_minutes"):
        op.drop_column("company", column)
