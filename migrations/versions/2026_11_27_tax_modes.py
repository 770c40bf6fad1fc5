"""Tax that is rounded on each line, and prices with tax in them: of a client, and kept by its invoices."""

import sqlalchemy as sa
from alembic import op

revision = "0341"
down_revision = "0520"
branch_labels = None
depends_on = None

COLUMNS = ("tax_per_line", "prices_include_tax")
GUARD = "keep_invoices_tax_on_update"
SAYS = "how an issued invoice takes tax never changes"


def upgrade() -> None:
    for table in ("clients", "invoices"):
        for column in COLUMNS:
            op.add_column(table, sa.Column(column, sa.Boolean(), nullable=False, server_default=sa.false()))
    changed = " OR ".join(f"OLD.{column} <> NEW.{column}" for column in COLUMNS)
    condition = f"OLD.number IS NOT NULL AND ({changed})"
    if _on_sqlite():
        op.execute(
            f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON invoices WHEN {condition} "
            f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
        )
        return
    op.execute(
        f"CREATE FUNCTION {GUARD}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} "
        f"THEN RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN NEW; END $$"
    )
    op.execute(f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON invoices FOR EACH ROW EXECUTE FUNCTION {GUARD}()")


def downgrade() -> None:
    op.execute(f"DROP TRIGGER {GUARD}" + ("" if _on_sqlite() else " ON invoices"))
    if not _on_sqlite():
        op.execute(f"DROP FUNCTION {GUARD}()")
    for table in ("clients", "invoices"):
        for column in COLUMNS:
            op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
