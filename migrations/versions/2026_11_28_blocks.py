"""Blocks of hours: their price and note, who added and took them back, and which line of an invoice bills each."""

import re

import sqlalchemy as sa
from alembic import op

revision = "0560"
down_revision = "0430"
branch_labels = None
depends_on = None

CHECK = "ck_invoice_lines_kind_is_known"
BEFORE = (
    "retainer_fee",
    "overage",
    "time",
    "expense",
    "free",
    "discount",
    "surcharge",
    "fixed_fee",
    "deposit",
    "late_fee",
)
GUARDS = (
    (
        "top_ups",
        "UPDATE",
        "a block is taken back, never altered",
        ("agreement_id", "seconds", "valid_from", "expires_on", "price_minor", "created_at"),
    ),
    ("top_ups", "DELETE", "a block is taken back, never deleted", ()),
)


def upgrade() -> None:
    _allow((*BEFORE, "block"))
    _add("top_ups", "price_minor", "BIGINT CONSTRAINT ck_top_ups_is_some_money CHECK (price_minor > 0)")
    _add("top_ups", "created_by_id", "INTEGER CONSTRAINT fk_top_ups_created_by_id_people REFERENCES people (id)")
    _add("invoice_lines", "top_up_id", "INTEGER CONSTRAINT fk_invoice_lines_top_up_id_top_ups REFERENCES top_ups (id)")
    op.add_column("top_ups", sa.Column("note", sa.String(), nullable=False, server_default=""))
    op.add_column("top_ups", sa.Column("idempotency_key", sa.String(), nullable=True))
    op.add_column("top_ups", sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("top_ups", sa.Column("taken_back_because", sa.String(), nullable=False, server_default=""))
    op.create_index(op.f("ix_top_ups_idempotency_key"), "top_ups", ["idempotency_key"], unique=True)
    op.create_index(op.f("ix_invoice_lines_top_up_id"), "invoice_lines", ["top_up_id"])
    for table, event, says, frozen in GUARDS:
        _guard(table, event, says, frozen)


def downgrade() -> None:
    for table, event, _says, _frozen in GUARDS:
        name = f"keep_{table}_on_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
        if not _on_sqlite():
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_index(op.f("ix_invoice_lines_top_up_id"), "invoice_lines")
    op.drop_index(op.f("ix_top_ups_idempotency_key"), "top_ups")
    op.execute("ALTER TABLE invoice_lines DROP COLUMN top_up_id")
    for column in (
        "taken_back_because",
        "taken_back_at",
        "idempotency_key",
        "note",
        "created_by_id",
        "price_minor",
    ):
        op.execute(f"ALTER TABLE top_ups DROP COLUMN {column}")
    _allow(BEFORE)


def _add(table: str, column: str, said: str) -> None:
    """Add a column with its constraint, which both databases take in one statement."""
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column} {said}")


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
