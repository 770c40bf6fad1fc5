"""Indexes of time: all that sums of a project are made of, and the few entries that pages look for among very many."""

import sqlalchemy as sa
from alembic import op

revision = "0240"
down_revision = "0220"
branch_labels = None
depends_on = None

SUMMED = ["work_item_id", "status", "billable", "started_at", "ended_at", "billable_seconds", "rate_minor"]
FEW = {
    "rejected": ("person_id", "status = 'rejected'"),
    "resumes": ("resumes_id", "resumes_id IS NOT NULL"),
}


def upgrade() -> None:
    op.create_index("ix_time_entries_item_sums", "time_entries", SUMMED)
    op.drop_index("ix_time_entries_work_item_id", table_name="time_entries")
    for name, (column, condition) in FEW.items():
        op.create_index(
            f"ix_time_entries_{name}",
            "time_entries",
            [column],
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text(condition),
        )


def downgrade() -> None:
    for name in FEW:
        op.drop_index(f"ix_time_entries_{name}", table_name="time_entries")
    op.create_index("ix_time_entries_work_item_id", "time_entries", ["work_item_id"])
    op.drop_index("ix_time_entries_item_sums", table_name="time_entries")
