"""Clients and lines of invoices say why they are taxed as they are."""

import sqlalchemy as sa
from alembic import op

revision = "0340"
down_revision = "0330"
branch_labels = None
depends_on = None

TABLES = ("clients", "invoice_lines")
CATEGORIES = ("S", "Z", "E", "AE", "K", "G", "O")


def upgrade() -> None:
    known = f"tax_category IN ({', '.join(repr(each) for each in CATEGORIES)})"
    for table in TABLES:
        check = f"ck_{table}_tax_category_is_known"
        if op.get_bind().dialect.name == "sqlite":
            op.execute(
                f"ALTER TABLE {table} ADD COLUMN tax_category VARCHAR NOT NULL DEFAULT 'S'"
                f" CONSTRAINT {check} CHECK ({known})"
            )
        else:
            op.add_column(table, sa.Column("tax_category", sa.String(), nullable=False, server_default="S"))
            op.create_check_constraint(op.f(check), table, known)
        op.add_column(table, sa.Column("tax_reason", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    for table in TABLES:
        for column in ("tax_reason", "tax_category"):
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
