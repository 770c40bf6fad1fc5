"""An index of the entries that take longer than a day: hardly any does, and the pages of retainers ask for them."""

import sqlalchemy as sa
from alembic import op

revision = "0700"
down_revision = "0690"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(
        "ix_time_entries_long",
        "time_entries",
        ["ended_at"],
        sqlite_where=sa.text("julianday(ended_at) - julianday(started_at) > 1"),
        postgresql_where=sa.text("DATE_PART('epoch', ended_at - started_at) / 86400 > 1"),
    )


def downgrade() -> None:
    op.drop_index("ix_time_entries_long", table_name="time_entries")
