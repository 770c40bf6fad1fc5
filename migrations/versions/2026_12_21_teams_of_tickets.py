"""Which team a ticket or task belongs to, and teams that are retired."""

import sqlalchemy as sa
from alembic import op

revision = "1200"
down_revision = "1220"
branch_labels = None
depends_on = None

OPEN_TICKET = sa.text("kind = 'ticket' AND status IN ('new', 'open', 'in_progress', 'waiting')")
OF_TEAM = sa.text("team_id IS NOT NULL")
COUNTED = {
    "ix_work_items_open_tickets": ["project_id", "assignee_id", "team_id", "status", "snoozed_until"],
    "ix_work_items_open_by_change": [
        "updated_at", "id", "project_id", "assignee_id", "team_id", "status", "snoozed_until",
    ],
}  # fmt: skip


def upgrade() -> None:
    op.add_column("teams", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE work_items ADD COLUMN team_id INTEGER CONSTRAINT fk_work_items_team_id_teams REFERENCES teams (id)"
    )
    op.create_index(
        "ix_work_items_team",
        "work_items",
        ["team_id", "updated_at", "id"],
        sqlite_where=OF_TEAM,
        postgresql_where=OF_TEAM,
    )
    for name, columns in COUNTED.items():
        op.drop_index(name, table_name="work_items")
        _index_open(name, columns)


def downgrade() -> None:
    op.drop_index("ix_work_items_team", table_name="work_items")
    for name, columns in COUNTED.items():
        op.drop_index(name, table_name="work_items")
        _index_open(name, [each for each in columns if each != "team_id"])
    op.execute("ALTER TABLE work_items DROP COLUMN team_id")
    op.drop_column("teams", "retired_at")


def _index_open(name: str, columns: list[str]) -> None:
    op.create_index(name, "work_items", columns, sqlite_where=OPEN_TICKET, postgresql_where=OPEN_TICKET)
