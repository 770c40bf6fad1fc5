"""What was paid back of a client's credit, and of which payments."""

import sqlalchemy as sa
from alembic import op

revision = "0420"
down_revision = "0450"
branch_labels = None
depends_on = None

METHODS = ("bank", "card", "cash", "other")
GUARDS = (
    (
        "refunds",
        "UPDATE",
        "a refund is undone, never altered",
        ("client_id", "paid_on", "amount_minor", "currency", "method", "reference", "reason"),
    ),
    ("refunds", "DELETE", "a refund is undone, never deleted", ()),
    ("refund_parts", "UPDATE", "a refund is undone, never altered", ("refund_id", "payment_id", "amount_minor")),
    ("refund_parts", "DELETE", "a refund is undone, never deleted", ()),
)


def upgrade() -> None:
    op.create_table(
        "refunds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("method", sa.String(), nullable=False),
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_because", sa.String(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refunds_is_some_money")),
        sa.CheckConstraint(
            "method IN ({})".format(", ".join(f"'{method}'" for method in METHODS)),
            name=op.f("ck_refunds_method_is_known"),
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_refunds_client_id_clients")),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_refunds_created_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refunds")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_refunds_idempotency_key")),
    )
    op.create_index(op.f("ix_refunds_client_id"), "refunds", ["client_id"])
    op.create_table(
        "refund_parts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("refund_id", sa.Integer(), nullable=False),
        sa.Column("payment_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ck_refund_parts_is_some_money")),
        sa.ForeignKeyConstraint(["refund_id"], ["refunds.id"], name=op.f("fk_refund_parts_refund_id_refunds")),
        sa.ForeignKeyConstraint(["payment_id"], ["payments.id"], name=op.f("fk_refund_parts_payment_id_payments")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_refund_parts")),
    )
    op.create_index(op.f("ix_refund_parts_refund_id"), "refund_parts", ["refund_id"])
    op.create_index(op.f("ix_refund_parts_payment_id"), "refund_parts", ["payment_id"])
    for table, event, says, frozen in GUARDS:
        _guard(table, event, says, frozen)


def downgrade() -> None:
    for table, event, _says, _frozen in GUARDS:
        name = f"keep_{table}_on_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
        if not _on_sqlite():
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("refund_parts")
    op.drop_table("refunds")


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
