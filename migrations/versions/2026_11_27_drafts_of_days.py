"""Drafts of some days: from which to which they bill."""

import sqlalchemy as sa
from alembic import op

revision = "0520"
down_revision = "0530"
branch_labels = None
depends_on = None

DAYS = ("first_day", "last_day")
GUARD = "keep_invoices_days_on_update"
SAYS = "an issued invoice never changes"


def upgrade() -> None:
    for column in DAYS:
        op.add_column("invoices", sa.Column(column, sa.Date(), nullable=True))
    differs = "IS NOT" if _on_sqlite() else "IS DISTINCT FROM"
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in DAYS)
    condition = f"OLD.number IS NOT NULL AND ({changed})"
    if _on_sqlite():
        op.execute(
            f"CREATE TRIGGER {GUARD} BEFORE UPDATE ON invoices WHEN {condition}"
            f" BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
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
    for column in reversed(DAYS):
        op.execute(f"ALTER TABLE invoices DROP COLUMN {column}")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
