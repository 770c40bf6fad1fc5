"""Indexes of the queue: views by their newest change, spam, and tickets that came of others."""

import sqlalchemy as sa
from alembic import op

revision = "0690"
down_revision = "0681"
branch_labels = None
depends_on = None

OPEN_TICKET = "kind = 'ticket' AND status IN ('new', 'open', 'in_progress', 'waiting')"
CLOSED_TICKET = "kind = 'ticket' AND status IN ('solved', 'closed')"
BY_CHANGE = ["updated_at", "id", "project_id"]
FEW = {
    "ix_work_items_open_by_change": ("work_items", [*BY_CHANGE, "assignee_id", "status", "snoozed_until"], OPEN_TICKET),
    "ix_work_items_closed_by_change": ("work_items", BY_CHANGE, CLOSED_TICKET),
    "ix_ticket_details_related_to_id": ("ticket_details", ["related_to_id"], "related_to_id IS NOT NULL"),
    "ix_ticket_details_spam": ("ticket_details", ["work_item_id"], "spam_at IS NOT NULL"),
}


def upgrade() -> None:
    for name, (table, columns, condition) in FEW.items():
        op.create_index(name, table, columns, sqlite_where=sa.text(condition), postgresql_where=sa.text(condition))


def downgrade() -> None:
    for name, (table, _columns, _condition) in FEW.items():
        op.drop_index(name, table_name=table)
