"""Reminders: what is set about them, what was sent, and what holds them."""

import sqlalchemy as sa
from alembic import op

revision = "0410"
down_revision = "0340"
branch_labels = None
depends_on = None

GUARDS = (
    (
        "invoice_reminders",
        "UPDATE",
        "a reminder that went out stays as it was",
        ("invoice_id", "level", "sent_on", "days_overdue", "open_minor", "outgoing_message_id", "created_at"),
    ),
    ("invoice_reminders", "DELETE", "a reminder that went out stays", ()),
    (
        "reminder_holds",
        "UPDATE",
        "a hold is ended, never altered",
        ("invoice_id", "through", "reason", "disputed", "created_at"),
    ),
    ("reminder_holds", "DELETE", "a hold is ended, never deleted", ()),
)


def upgrade() -> None:
    op.create_table(
        "reminder_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.CheckConstraint("id = 1", name=op.f("ck_reminder_settings_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_settings")),
    )
    op.create_table(
        "reminder_levels",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reminder_levels")),
    )
    op.create_table(
        "reminder_texts",
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("level", "language", name=op.f("pk_reminder_texts")),
    )
    op.create_table(
        "reminder_exceptions",
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_reminder_exceptions_client_id_clients")),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_reminder_exceptions")),
    )
    op.create_table(
        "reminder_holds",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("through", sa.Date(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("disputed", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_reminder_holds_invoice_id_invoices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminder_holds")),
    )
    live = sa.text("ended_at IS NULL")
    op.create_index(
        "one_live_hold", "reminder_holds", ["invoice_id"], unique=True, sqlite_where=live, postgresql_where=live
    )
    op.create_table(
        "invoice_reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("days_overdue", sa.Integer(), nullable=False),
        sa.Column("open_minor", sa.BigInteger(), nullable=False),
        sa.Column("outgoing_message_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("open_minor > 0", name=op.f("ck_invoice_reminders_is_some_money")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_reminders_invoice_id_invoices")),
        sa.ForeignKeyConstraint(
            ["outgoing_message_id"],
            ["outgoing_messages.id"],
            name=op.f("fk_invoice_reminders_outgoing_message_id_outgoing_messages"),
        ),
        sa.ForeignKeyConstraint(
            ["created_by_id"], ["people.id"], name=op.f("fk_invoice_reminders_created_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_reminders")),
        sa.UniqueConstraint("invoice_id", "level", name=op.f("uq_invoice_reminders_invoice_id_level")),
    )
    for table, event, says, frozen in GUARDS:
        _guard(table, event, says, frozen)


def downgrade() -> None:
    for table, event, _says, _frozen in GUARDS:
        name = f"keep_{table}_on_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
        if not _on_sqlite():
            op.execute(f"DROP FUNCTION {name}()")
    for table in (
        "invoice_reminders",
        "reminder_holds",
        "reminder_exceptions",
        "reminder_texts",
        "reminder_levels",
        "reminder_settings",
    ):
        op.drop_table(table)


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
