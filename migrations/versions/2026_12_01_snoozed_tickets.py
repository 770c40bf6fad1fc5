"""Tickets can sleep until an instant; the index of open tickets says so, and another finds whose time has come."""

import sqlalchemy as sa
from alembic import op

revision = "0670"
down_revision = "0660"
branch_labels = None
depends_on = None

OPEN = "ix_work_items_open_tickets"
COLUMNS = ["project_id", "assignee_id", "status"]
OPEN_TICKET = sa.text("kind = 'ticket' AND status IN ('new', 'open', 'in_progress', 'waiting')")
SNOOZED = sa.text("snoozed_until IS NOT NULL")


def upgrade() -> None:
    op.add_column("work_items", sa.Column("snoozed_until", sa.DateTime(timezone=True), nullable=True))
    _index_open([*COLUMNS, "snoozed_until"])
    op.create_index(
        "ix_work_items_snoozed", "work_items", ["snoozed_until"], sqlite_where=SNOOZED, postgresql_where=SNOOZED
    )


def downgrade() -> None:
    op.drop_index("ix_work_items_snoozed", table_name="work_items")
    _index_open(COLUMNS)
    op.execute("ALTER TABLE work_items DROP COLUMN snoozed_until")


def _index_open(columns: list[str]) -> None:
    op.drop_index(OPEN, table_name="work_items")
    op.create_index(OPEN, "work_items", columns, sqlite_where=OPEN_TICKET, postgresql_where=OPEN_TICKET)
