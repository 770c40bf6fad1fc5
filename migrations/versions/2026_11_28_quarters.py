"""Terms whose hours the three months of a quarter share."""

from alembic import op

revision = "0580"
down_revision = "0622"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE agreement_terms ADD COLUMN pool_months INTEGER DEFAULT 1 NOT NULL"
        " CONSTRAINT ck_agreement_terms_pool_is_known CHECK (pool_months IN (1, 3))"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE agreement_terms DROP COLUMN pool_months")
