"""Who approves time, and the business hours of the company and of clients."""

import sqlalchemy as sa
from alembic import op

revision = "0151"
down_revision = "0130"
branch_labels = None
depends_on = None

CHECK = "ck_company_approved_by_is_known"
KNOWN = "approved_by IN ('managers', 'project_manager', 'account_manager')"
HOURS = "Mon-Fri 8:00-18:00"


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            "ALTER TABLE company ADD COLUMN approved_by VARCHAR NOT NULL DEFAULT 'managers' "
            f"CONSTRAINT {CHECK} CHECK ({KNOWN})"
        )
    else:
        op.add_column("company", sa.Column("approved_by", sa.String(), nullable=False, server_default="managers"))
        op.create_check_constraint(op.f(CHECK), "company", KNOWN)
    op.add_column("company", sa.Column("business_hours", sa.String(), nullable=False, server_default=HOURS))
    op.add_column("clients", sa.Column("business_hours", sa.String(), nullable=False, server_default=""))


def downgrade() -> None:
    op.execute("ALTER TABLE clients DROP COLUMN business_hours")
    for column in ("business_hours", "approved_by"):
        op.execute(f"ALTER TABLE company DROP COLUMN {column}")
