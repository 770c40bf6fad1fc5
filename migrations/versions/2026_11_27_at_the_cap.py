"""Terms of retainers say what becomes of time beyond the allowance."""

from alembic import op

revision = "0330"
down_revision = "0310"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE agreement_terms ADD COLUMN at_cap VARCHAR DEFAULT 'warn' NOT NULL "
        "CONSTRAINT ck_agreement_terms_at_cap_is_known CHECK (at_cap IN ('warn', 'ask', 'stop'))"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE agreement_terms DROP COLUMN at_cap")
