"""Forms that were acted on, so that each is good for one act."""

import sqlalchemy as sa
from alembic import op

revision = "1295"
down_revision = "1261"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sent_forms",
        sa.Column("act", sa.String(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("leads_to", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("act", name=op.f("pk_sent_forms")),
    )
    op.create_index(op.f("ix_sent_forms_sent_at"), "sent_forms", ["sent_at"])


def downgrade() -> None:
    op.drop_table("sent_forms")
