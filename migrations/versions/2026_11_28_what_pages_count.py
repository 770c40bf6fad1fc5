"""Indexes of what pages count: open tickets for the frame of every page, submitted time for the queue of approvals."""

import sqlalchemy as sa
from alembic import op

revision = "0617"
down_revision = "0618"
branch_labels = None
depends_on = None

OPEN_TICKET = "kind = 'ticket' AND status IN ('new', 'open', 'in_progress', 'waiting')"
FEW = {
    "ix_work_items_open_tickets": ("work_items", ["project_id", "assignee_id", "status"], OPEN_TICKET),
    "ix_time_entries_submitted": (
        "time_entries",
        ["person_id", "started_at", "ended_at", "work_item_id"],
        "status = 'submitted'",
    ),
}


def upgrade() -> None:
    for name, (table, columns, condition) in FEW.items():
        op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def downgrade() -> None:
    for name, (table, _columns, _condition) in FEW.items():
        op.drop_index(name, table_name=table)
