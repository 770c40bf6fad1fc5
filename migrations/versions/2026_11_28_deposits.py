"""Deposits: which deposit a line takes off."""

import sqlalchemy as sa
from alembic import op

revision = "0550"
down_revision = "0540"
branch_labels = None
depends_on = None

FK = "fk_invoice_lines_deducts_id_invoice_lines"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE invoice_lines ADD COLUMN deducts_id INTEGER CONSTRAINT {FK} REFERENCES invoice_lines (id)"
        )
    else:
        op.add_column("invoice_lines", sa.Column("deducts_id", sa.Integer(), nullable=True))
        op.create_foreign_key(op.f(FK), "invoice_lines", "invoice_lines", ["deducts_id"], ["id"])
    op.create_index(op.f("ix_invoice_lines_deducts_id"), "invoice_lines", ["deducts_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_invoice_lines_deducts_id"), "invoice_lines")
    op.execute("ALTER TABLE invoice_lines DROP COLUMN deducts_id")
