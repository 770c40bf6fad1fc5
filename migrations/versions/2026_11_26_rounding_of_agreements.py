"""An agreement may have a rounding of its own, from a day on, before that of its client."""

from alembic import op

revision = "0163"
down_revision = "0121"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        "ALTER TABLE rounding_policies ADD COLUMN agreement_id INTEGER"
        " CONSTRAINT fk_rounding_policies_agreement_id_agreements REFERENCES agreements (id)"
    )
    op.create_index("one_rounding_a_day", "rounding_policies", ["agreement_id", "effective_on"], unique=True)


def downgrade() -> None:
    op.drop_index("one_rounding_a_day", "rounding_policies")
    op.execute("ALTER TABLE rounding_policies DROP COLUMN agreement_id")
