"""Credit notes: which invoice one corrects, which line its lines credit, and which charges it let go."""

import sqlalchemy as sa
from alembic import op

revision = "0300"
down_revision = "0240"
branch_labels = None
depends_on = None

PATTERN = "CN-{year}-{number:04}"
KEY = "one_live_invoice_by_key"
KIND_GUARD = "keep_invoices_kind_on_update"
KIND_SAYS = "what a document corrects, and why, never changes"
KINDS = ("OLD.kind {differs} NEW.kind", "OLD.corrects_id {differs} NEW.corrects_id", "OLD.reason {differs} NEW.reason")
CREDITED_SAYS = "what a credit note let go stays credited"
EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    op.add_column(
        "company", sa.Column("credit_note_number_pattern", sa.String(), nullable=False, server_default=PATTERN)
    )
    op.add_column("invoices", sa.Column("kind", sa.String(), nullable=False, server_default="invoice"))
    op.add_column("invoices", sa.Column("reason", sa.String(), nullable=False, server_default=""))
    _add_pointer("invoices", "corrects_id", "invoices")
    op.create_index(op.f("ix_invoices_corrects_id"), "invoices", ["corrects_id"])
    _add_pointer("invoice_lines", "credits_id", "invoice_lines")
    op.create_index(op.f("ix_invoice_lines_credits_id"), "invoice_lines", ["credits_id"])
    op.add_column("invoice_lines", sa.Column("releases", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.create_table(
        "credited_charges",
        sa.Column("charge_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["charge_id"], ["charges.id"], name=op.f("fk_credited_charges_charge_id_charges")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["invoice_lines.id"], name=op.f("fk_credited_charges_line_id_invoice_lines")
        ),
        sa.PrimaryKeyConstraint("charge_id", name=op.f("pk_credited_charges")),
    )
    op.create_index(op.f("ix_credited_charges_line_id"), "credited_charges", ["line_id"])
    differs = "IS NOT" if _on_sqlite() else "IS DISTINCT FROM"
    changed = " OR ".join(kind.format(differs=differs) for kind in KINDS)
    _guard(KIND_GUARD, "invoices", "UPDATE", KIND_SAYS, f"OLD.number IS NOT NULL AND ({changed})")
    for event in EVENTS:
        _guard(f"keep_credited_charges_on_{event.lower()}", "credited_charges", event, CREDITED_SAYS, "1 = 1")
    _live_key("'void', 'dropped', 'credited'")


def downgrade() -> None:
    _live_key("'void', 'dropped'")
    for event in EVENTS:
        _unguard(f"keep_credited_charges_on_{event.lower()}", "credited_charges")
    _unguard(KIND_GUARD, "invoices")
    op.drop_table("credited_charges")
    op.execute("ALTER TABLE invoice_lines DROP COLUMN releases")
    _drop_pointer("invoice_lines", "credits_id")
    _drop_pointer("invoices", "corrects_id")
    for table, column in (("invoices", "reason"), ("invoices", "kind"), ("company", "credit_note_number_pattern")):
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _live_key(ended: str) -> None:
    """Say anew which invoices keep others of their key out."""
    op.drop_index(KEY, "invoices")
    where = sa.text(f"status NOT IN ({ended})")
    op.create_index(KEY, "invoices", ["idempotency_key"], unique=True, sqlite_where=where, postgresql_where=where)


def _add_pointer(table: str, column: str, target: str) -> None:
    name = f"fk_{table}_{column}_{target}"
    if _on_sqlite():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id)")
        return
    op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
    op.create_foreign_key(op.f(name), table, target, [column], ["id"])


def _drop_pointer(table: str, column: str) -> None:
    op.drop_index(op.f(f"ix_{table}_{column}"), table)
    op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _guard(name: str, table: str, event: str, says: str, condition: str) -> None:
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


def _unguard(name: str, table: str) -> None:
    op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
    if not _on_sqlite():
        op.execute(f"DROP FUNCTION {name}()")
