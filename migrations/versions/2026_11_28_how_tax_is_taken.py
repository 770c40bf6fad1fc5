"""The company says for all clients how tax is taken: rounded on the sum or on each line, on top of prices or in them.

What a client was set to stays. Whoever was set to nothing is as the company is, which is as they were.
"""

from alembic import op

revision = "0616"
down_revision = "0614"
branch_labels = None
depends_on = None

CHOICES = (("tax_per_line", "tax_rounding", "sum", "line"), ("prices_include_tax", "price_basis", "net", "gross"))
"""The flag of a client until now, the column in its place, and its words for no and yes."""


def upgrade() -> None:
    for flag, column, no, yes in CHOICES:
        _add("company", column, no, (no, yes))
        _add("clients", column, "company", ("company", no, yes))
        op.execute(f"UPDATE clients SET {column} = '{yes}' WHERE {flag}")
        op.execute(f"ALTER TABLE clients DROP COLUMN {flag}")


def downgrade() -> None:
    false, true = ("false", "true") if op.get_bind().dialect.name == "postgresql" else ("0", "1")
    for flag, column, _no, yes in reversed(CHOICES):
        op.execute(f"ALTER TABLE clients ADD COLUMN {flag} BOOLEAN NOT NULL DEFAULT {false}")
        op.execute(
            f"UPDATE clients SET {flag} = {true} WHERE {column} = '{yes}'"
            f" OR ({column} = 'company' AND EXISTS (SELECT 1 FROM company WHERE company.{column} = '{yes}'))"
        )
        for table in ("clients", "company"):
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _add(table: str, column: str, default: str, known: tuple[str, ...]) -> None:
    words = ", ".join(f"'{word}'" for word in known)
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR NOT NULL DEFAULT '{default}'"
        f" CONSTRAINT ck_{table}_{column}_is_known CHECK ({column} IN ({words}))"
    )
