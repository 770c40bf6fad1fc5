"""A rate may have a last day, after which the next level counts."""

from alembic import op

revision = "0161"
down_revision = "0150"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE rates ADD COLUMN ends_on DATE"
        " CONSTRAINT ck_rates_ends_after_it_begins CHECK (ends_on IS NULL OR ends_on >= effective_on)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE rates DROP COLUMN ends_on")
