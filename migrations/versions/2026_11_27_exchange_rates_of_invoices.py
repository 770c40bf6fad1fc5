"""An invoice in another currency keeps the rate to ours, its day and its source."""

import sqlalchemy as sa
from alembic import op

revision = "0342"
down_revision = "0341"
branch_labels = None
depends_on = None

GUARD = "keep_invoices_exchange_on_update"
SAYS = "the rate of exchange of an issued invoice never changes"
COLUMNS = ("company_currency", "exchange_rate", "exchanged_on", "exchange_source")


def upgrade() -> None:
    op.add_column("invoices", sa.Column("company_currency", sa.String(), nullable=False, server_default=""))
    op.add_column("invoices", sa.Column("exchange_rate", sa.String(), nullable=True))
    op.add_column("invoices", sa.Column("exchanged_on", sa.Date(), nullable=True))
    op.add_column("invoices", sa.Column("exchange_source", sa.String(), nullable=False, server_default=""))
    differs = "IS NOT" if _on_sqlite() else "IS DISTINCT FROM"
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in COLUMNS)
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
    for column in COLUMNS:
        op.execute(f"ALTER TABLE invoices DROP COLUMN {column}")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"
