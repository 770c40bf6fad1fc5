"""Which team gets new tickets of a project, and those that open in a mailbox."""

from alembic import op

revision = "1201"
down_revision = "1210"
branch_labels = None
depends_on = None

TABLES = ("projects", "intake_sources")


def upgrade() -> None:
    for table in TABLES:
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN team_id INTEGER CONSTRAINT fk_{table}_team_id_teams REFERENCES teams (id)"
        )


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"ALTER TABLE {table} DROP COLUMN team_id")
