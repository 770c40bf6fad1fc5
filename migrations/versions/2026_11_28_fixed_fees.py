"""What projects cost at a fixed fee, in instalments, and which line of an invoice bills each."""

import sqlalchemy as sa
from alembic import op

revision = "0540"
down_revision = "0343"
branch_labels = None
depends_on = None

FK = "fk_invoice_lines_fixed_fee_id_fixed_fees"


def upgrade() -> None:
    op.create_table(
        "fixed_fees",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("percent", sa.String(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_fixed_fees_is_some_money")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_fixed_fees_project_id_projects")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fixed_fees")),
    )
    op.create_index(op.f("ix_fixed_fees_project_id"), "fixed_fees", ["project_id"])
    op.add_column("projects", sa.Column("fixed_fee_minor", sa.BigInteger(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE invoice_lines ADD COLUMN fixed_fee_id INTEGER CONSTRAINT {FK} REFERENCES fixed_fees (id)"
        )
    else:
        op.add_column("invoice_lines", sa.Column("fixed_fee_id", sa.Integer(), nullable=True))
        op.create_foreign_key(op.f(FK), "invoice_lines", "fixed_fees", ["fixed_fee_id"], ["id"])
    op.create_index(op.f("ix_invoice_lines_fixed_fee_id"), "invoice_lines", ["fixed_fee_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_invoice_lines_fixed_fee_id"), "invoice_lines")
    op.execute("ALTER TABLE invoice_lines DROP COLUMN fixed_fee_id")
    op.execute("ALTER TABLE projects DROP COLUMN fixed_fee_minor")
    op.drop_table("fixed_fees")
