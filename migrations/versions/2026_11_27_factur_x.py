"""Invoices may be electronic ones too, by the company's setting or a client's own; we may have a tax number alone."""

import sqlalchemy as sa
from alembic import op

revision = "0465"
down_revision = "0420"
branch_labels = None
depends_on = None

CHECK = "ck_clients_factur_x_is_known"
KNOWN = "factur_x IN ('company', 'always', 'never')"


def upgrade() -> None:
    op.add_column("company", sa.Column("tax_number", sa.String(), nullable=False, server_default=""))
    op.add_column("company", sa.Column("factur_x", sa.Boolean(), nullable=False, server_default=sa.false()))
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"ALTER TABLE clients ADD COLUMN factur_x VARCHAR NOT NULL DEFAULT 'company'"
            f" CONSTRAINT {CHECK} CHECK ({KNOWN})"
        )
    else:
        op.add_column("clients", sa.Column("factur_x", sa.String(), nullable=False, server_default="company"))
        op.create_check_constraint(op.f(CHECK), "clients", KNOWN)


def downgrade() -> None:
    op.execute("ALTER TABLE clients DROP COLUMN factur_x")
    op.execute("ALTER TABLE company DROP COLUMN factur_x")
    op.execute("ALTER TABLE company DROP COLUMN tax_number")
