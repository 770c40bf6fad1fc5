"""The index of what a project has spent holds the price before the time: so its groups lie side by side."""

from alembic import op

revision = "0761"
down_revision = "0750"
branch_labels = None
depends_on = None

NAME = "ix_time_entries_item_sums"
GROUP, TIME = ["work_item_id", "status", "billable"], ["started_at", "ended_at", "billable_seconds"]


def upgrade() -> None:
    op.drop_index(NAME, table_name="time_entries")
    op.create_index(NAME, "time_entries", [*GROUP, "rate_minor", *TIME])


def downgrade() -> None:
    op.drop_index(NAME, table_name="time_entries")
    op.create_index(NAME, "time_entries", [*GROUP, *TIME, "rate_minor"])
