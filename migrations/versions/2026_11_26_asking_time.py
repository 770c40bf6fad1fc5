"""An index of time that asks its person to decide, which every page counts."""

import sqlalchemy as sa
from alembic import op

revision = "0190"
down_revision = "0111"
branch_labels = None
depends_on = None

ASKING = "(asks <> '' OR differs)"


def upgrade() -> None:
    op.create_index(
        "ix_time_entries_asking",
        "time_entries",
        ["person_id"],
        sqlite_where=sa.text(ASKING),
        postgresql_where=sa.text(ASKING),
    )


def downgrade() -> None:
    op.drop_index("ix_time_entries_asking", table_name="time_entries")
