"""Late fees and interest: what is set about them, the kind of their lines, and what was charged."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0430"
down_revision = "0536"
branch_labels = None
depends_on = None

CHECK = "ck_invoice_lines_kind_is_known"
BEFORE = ("retainer_fee", "overage", "time", "expense", "free", "discount", "surcharge", "fixed_fee", "deposit")
GUARDS = (
    (
        "late_charges",
        "UPDATE",
        "a late charge is released, never altered",
        ("invoice_id", "level", "from_day", "until_day", "amount_minor", "created_at"),
    ),
    ("late_charges", "DELETE", "a late charge is released, never deleted", ()),
)


def upgrade() -> None:
    op.add_column("reminder_settings", sa.Column("yearly_percent", sa.String(), nullable=False, server_default=""))
    op.add_column(
        "reminder_settings", sa.Column("interest_on_net", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("reminder_levels", sa.Column("fee", sa.String(), nullable=False, server_default=""))
    _allow((*BEFORE, "late_fee"))
    op.create_table(
        "late_charges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=True),
        sa.Column("from_day", sa.Date(), nullable=True),
        sa.Column("until_day", sa.Date(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_late_charges_is_some_money")),
        sa.CheckConstraint(
            "(level IS NULL) = (from_day IS NOT NULL AND until_day IS NOT NULL)",
            name=op.f("ck_late_charges_is_a_fee_or_interest"),
        ),
        sa.CheckConstraint(
            "(line_id IS NULL) = (released_at IS NOT NULL)", name=op.f("ck_late_charges_stands_on_a_line")
        ),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_late_charges_invoice_id_invoices")),
        sa.ForeignKeyConstraint(["line_id"], ["invoice_lines.id"], name=op.f("fk_late_charges_line_id_invoice_lines")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_late_charges")),
        sa.UniqueConstraint("line_id", name=op.f("uq_late_charges_line_id")),
    )
    for name, column in (("one_live_fee", "level"), ("one_live_interest", "from_day")):
        live = sa.text(f"released_at IS NULL AND {column} IS NOT NULL")
        op.create_index(
            name, "late_charges", ["invoice_id", column], unique=True, sqlite_where=live, postgresql_where=live
        )
    for table, event, says, frozen in GUARDS:
        _guard(table, event, says, frozen)


def downgrade() -> None:
    for table, event, _says, _frozen in GUARDS:
        name = f"keep_{table}_on_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
        if not _on_sqlite():
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("late_charges")
    _allow(BEFORE)
    op.execute("ALTER TABLE reminder_levels DROP COLUMN fee")
    op.execute("ALTER TABLE reminder_settings DROP COLUMN interest_on_net")
    op.execute("ALTER TABLE reminder_settings DROP COLUMN yearly_percent")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _allow(kinds: tuple[str, ...]) -> None:
    """Put the check of the kinds of lines anew."""
    condition = "kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds))
    if _on_sqlite():
        _write_anew(re.compile(r"kind IN \([^)]*\)"), condition)
        return
    op.drop_constraint(op.f(CHECK), "invoice_lines", type_="check")
    op.create_check_constraint(op.f(CHECK), "invoice_lines", condition)


def _write_anew(check: re.Pattern[str], condition: str) -> None:
    """Write the table of SQLite anew with another check, word for word as it was else, with indexes and triggers."""
    rows = op.get_bind().exec_driver_sql("SELECT type, sql FROM sqlite_master WHERE tbl_name = 'invoice_lines'").all()
    [table] = [sql for kind, sql in rows if kind == "table"]
    _head, _, body = check.sub(condition, table, count=1).partition("(")
    op.execute(f"CREATE TABLE new_invoice_lines ({body}")
    op.execute("INSERT INTO new_invoice_lines SELECT * FROM invoice_lines")
    op.execute("DROP TABLE invoice_lines")
    op.execute("ALTER TABLE new_invoice_lines RENAME TO invoice_lines")
    for kind, sql in rows:
        if kind in {"index", "trigger"} and sql:
            op.execute(sql)


def _guard(table: str, event: str, says: str, frozen: tuple[str, ...]) -> None:
    name = f"keep_{table}_on_{event.lower()}"
    differs = "IS NOT" if _on_sqlite() else "IS DISTINCT FROM"
    condition = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in frozen) or "1 = 1"
    if _on_sqlite():
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {condition} BEGIN SELECT RAISE(ABORT, '{says}'); END"
        )
        return
    kept = "OLD" if event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {condition} "
        f"THEN RAISE EXCEPTION '{says}' USING ERRCODE = 'integrity_constraint_violation'; END IF; RETURN {kept}; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
