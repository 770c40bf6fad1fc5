"""Agreements say of what is told, and keep what was told of each month."""

import sqlalchemy as sa
from alembic import op

revision = "0320"
down_revision = "0300"
branch_labels = None
depends_on = None

EVERY = '["50", "80", "100", "forecast"]'


def upgrade() -> None:
    op.add_column("agreements", sa.Column("alert_thresholds", sa.JSON(), nullable=False, server_default=EVERY))
    op.add_column("agreements", sa.Column("alerts_client", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "retainer_alerts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("threshold", sa.String(), nullable=False),
        sa.Column("allowance_seconds", sa.Integer(), nullable=False),
        sa.Column("reached_seconds", sa.Integer(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "threshold IN ('50', '80', '100', 'forecast')", name=op.f("ck_retainer_alerts_threshold_is_known")
        ),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_retainer_alerts_agreement_id_agreements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retainer_alerts")),
        sa.UniqueConstraint(
            "agreement_id", "month", "threshold", name=op.f("uq_retainer_alerts_agreement_id_month_threshold")
        ),
    )


def downgrade() -> None:
    op.drop_table("retainer_alerts")
    op.execute("ALTER TABLE agreements DROP COLUMN alerts_client")
    op.execute("ALTER TABLE agreements DROP COLUMN alert_thresholds")
