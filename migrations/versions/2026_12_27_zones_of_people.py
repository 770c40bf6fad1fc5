"""Staff are on the clock of the company unless they choose their own zone, which nobody could so far."""

from alembic import op

revision = "1260"
down_revision = "1250"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "UPDATE people SET time_zone = '' "
        "WHERE time_zone = 'UTC' OR time_zone = (SELECT time_zone FROM company WHERE id = 1)"
    )


def downgrade() -> None:
    op.execute(
        "UPDATE people SET time_zone = COALESCE((SELECT time_zone FROM company WHERE id = 1), 'UTC') "
        "WHERE time_zone = ''"
    )
