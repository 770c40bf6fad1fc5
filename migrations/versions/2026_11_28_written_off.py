"""An index of what is written off: it is little, and the pages of retainers ask for it."""

import sqlalchemy as sa
from alembic import op

revision = "0592"
down_revision = "0640"
branch_labels = None
depends_on = None

WRITTEN_OFF = sa.text("kind = 'written_off' AND released_at IS NULL")


def upgrade() -> None:
    op.create_index(
        "ix_charges_written_off",
        "charges",
        ["time_entry_id"],
        sqlite_where=WRITTEN_OFF,
        postgresql_where=WRITTEN_OFF,
    )


def downgrade() -> None:
    op.drop_index("ix_charges_written_off", table_name="charges")
