"""Categories of expenses say what kind of tax they have on invoices, and why there is none.

A percentage that one had until now is that of a standard or reduced rate.
"""

import sqlalchemy as sa
from alembic import op

revision = "0618"
down_revision = "0616"
branch_labels = None
depends_on = None

CATEGORIES = ("", "S", "Z", "E", "AE", "K", "G", "O")
CHECK = "ck_expense_categories_tax_category_is_known"


def upgrade() -> None:
    words = ", ".join(f"'{category}'" for category in CATEGORIES)
    op.execute(
        "ALTER TABLE expense_categories ADD COLUMN tax_category VARCHAR NOT NULL DEFAULT ''"
        f" CONSTRAINT {CHECK} CHECK (tax_category IN ({words}))"
    )
    op.add_column("expense_categories", sa.Column("tax_reason", sa.String(), nullable=False, server_default=""))
    op.execute("UPDATE expense_categories SET tax_category = 'S' WHERE tax_percent <> ''")


def downgrade() -> None:
    for column in ("tax_reason", "tax_category"):
        op.execute(f"ALTER TABLE expense_categories DROP COLUMN {column}")
