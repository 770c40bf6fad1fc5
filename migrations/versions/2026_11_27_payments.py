"""Payments, and what of each settles which invoice."""

import sqlalchemy as sa
from alembic import op

revision = "0310"
down_revision = "0320"
branch_labels = None
depends_on = None

METHODS = ("bank", "card", "cash", "other")
GUARDS = (
    (
        "payments",
        "UPDATE",
        "a payment is taken back, never altered",
        ("client_id", "received_on", "amount_minor", "currency"),
    ),
    ("payments", "DELETE", "a payment is taken back, never deleted", ()),
    ("payment_shares", "UPDATE", "a share is undone, never altered", ("payment_id", "invoice_id", "amount_minor")),
    ("payment_shares", "DELETE", "a share is undone, never deleted", ()),
)


def upgrade() -> None:
    op.create_table(
        "payments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_because", sa.String(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payments_is_some_money")),
        sa.CheckConstraint(
            "method IN ({})".format(", ".join(f"'{method}'" for method in METHODS)),
            name=op.f("ck_payments_method_is_known"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_payments_client_id_clients")),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_payments_created_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payments")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_payments_idempotency_key")),
    )
    op.create_index(op.f("ix_payments_client_id"), "payments", ["client_id"])
    op.create_table(
        "payment_shares",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_payment_shares_is_some_money")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_payment_shares_payment_id_payments")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_payment_shares_invoice_id_invoices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_shares")),
    )
    op.create_index(op.f("ix_payment_shares_payment_id"), "payment_shares", ["payment_id"])
    op.create_index(op.f("ix_payment_shares_invoice_id"), "payment_shares", ["invoice_id"])
    for table, event, says, frozen in GUARDS:
        _guard(table, event, says, frozen)


def downgrade() -> None:
    for table, event, _says, _frozen in GUARDS:
        name = f"keep_{table}_on_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
        if not _on_sqlite():
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("payment_shares")
    op.drop_table("payments")
    op.execute("UPDATE invoices SET status = 'issued' WHERE status IN ('part_paid', 'paid')")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


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
