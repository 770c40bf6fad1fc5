"""Drafts can be changed: lines with quantities, discounts and surcharges, and by what their time is grouped.

The kinds of fixed fees and deposits come along, so that the check is written anew only once.
"""

import re

import sqlalchemy as sa
from alembic import op

revision = "0510"
down_revision = "0350"
branch_labels = None
depends_on = None

CHECK = "ck_invoice_lines_kind_is_known"
KINDS = ("retainer_fee", "overage", "time", "expense", "free")
MORE = (*KINDS, "discount", "surcharge", "fixed_fee", "deposit")
GROUPS = ("entry", "ticket", "project", "work_type", "person", "day", "rate")
GROUPED = (("invoices", "group_by"), ("clients", "invoice_group_by"))


def upgrade() -> None:
    _allow(MORE)
    op.add_column("invoice_lines", sa.Column("quantity", sa.String(), nullable=True))
    op.add_column("invoice_lines", sa.Column("adjusts_percent", sa.String(), nullable=True))
    op.add_column("invoice_lines", sa.Column("adjusts_lines", sa.JSON(), nullable=True))
    op.add_column("invoices", sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
    for table, column in GROUPED:
        _add_group(table, column)


def downgrade() -> None:
    for table, column in reversed(GROUPED):
        if not _on_sqlite():
            op.drop_constraint(op.f(f"ck_{table}_{column}_is_known"), table, type_="check")
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")
    op.execute("ALTER TABLE invoices DROP COLUMN ended_at")
    for column in ("adjusts_lines", "adjusts_percent", "quantity"):
        op.execute(f"ALTER TABLE invoice_lines DROP COLUMN {column}")
    _allow(KINDS)


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _add_group(table: str, column: str) -> None:
    check, known = f"ck_{table}_{column}_is_known", f"{column} IN ({_quoted(GROUPS)})"
    if _on_sqlite():
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR NOT NULL DEFAULT 'ticket'"
            f" CONSTRAINT {check} CHECK ({known})"
        )
        return
    op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default="ticket"))
    op.create_check_constraint(op.f(check), table, known)


def _allow(kinds: tuple[str, ...]) -> None:
    """Put the check of the kinds anew."""
    condition = f"kind IN ({_quoted(kinds)})"
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


def _quoted(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)
