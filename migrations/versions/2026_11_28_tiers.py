"""The tiers that we sell, by which retainers are advised."""

import sqlalchemy as sa
from alembic import op

revision = "0450"
down_revision = "0510"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tiers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("allowance_seconds", sa.Integer(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("overage_rate_minor", sa.BigInteger(), nullable=True),
        sa.Column("rollover_months", sa.Integer(), nullable=False),
        sa.Column("rollover_cap_seconds", sa.Integer(), nullable=True),
        sa.Column("carry_deficit", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("allowance_seconds >= 0", name=op.f("ck_tiers_allowance_is_not_negative")),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_tiers_fee_is_not_negative")),
        sa.CheckConstraint(
            "overage_rate_minor IS NULL OR overage_rate_minor >= 0", name=op.f("ck_tiers_overage_is_not_negative")
        ),
        sa.CheckConstraint("rollover_months >= 0", name=op.f("ck_tiers_rollover_is_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tiers")),
        sa.UniqueConstraint("name", name=op.f("uq_tiers_name")),
    )


def downgrade() -> None:
    op.drop_table("tiers")
