"""Whether the numbers of invoices and credit notes begin with 1 each year, or go on and on."""

import sqlalchemy as sa
from alembic import op

revision = "0343"
down_revision = "0342"
branch_labels = None
depends_on = None

COLUMNS = ("invoice_numbers_yearly", "credit_note_numbers_yearly")


def upgrade() -> None:
    for column in COLUMNS:
        op.add_column("company", sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.true()))


def downgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE company DROP COLUMN {column}")
