"""Triggers that keep history: what was posted, fetched, charged or issued cannot be rewritten by anyone."""

from dataclasses import dataclass

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Guard:
    """One refusal: on ``table``, before ``event``, when ``condition`` holds for the row (or for its invoice)."""

    table: str
    event: str
    says: str
    condition: str = ""
    frozen: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return f"keep_{self.table}_on_{self.event.lower()}"


ISSUED = "OLD.number IS NOT NULL"
OF_ISSUED = "EXISTS (SELECT 1 FROM invoices WHERE invoices.id = {row}.invoice_id AND invoices.number IS NOT NULL)"
FETCHED = ("mailbox_id", "folder", "uid_validity", "uid", "blob_sha256", "size_bytes", "message_id", "received_at")
PRINTED = (
    "client_id",
    "month",
    "currency",
    "net_minor",
    "tax_minor",
    "total_minor",
    "series_id",
    "series_number",
    "number",
    "issued_on",
    "due_on",
    "canonical_json",
    "canonical_sha256",
)
CHARGED = ("time_entry_id", "from_second", "to_second", "burn_seconds", "kind", "holder_kind", "holder_id")

GUARDS = (
    Guard("audit_rows", "UPDATE", "audit rows are append-only"),
    Guard("audit_rows", "DELETE", "audit rows are append-only"),
    Guard("ledger_rows", "UPDATE", "ledger rows are append-only"),
    Guard("ledger_rows", "DELETE", "ledger rows are append-only"),
    Guard("retainer_periods", "DELETE", "a closed period is reversed, never deleted"),
    Guard("inbound_messages", "UPDATE", "what was fetched stays as it was", frozen=FETCHED),
    Guard("inbound_messages", "DELETE", "the inbound log keeps every message"),
    Guard("inbound_effects", "DELETE", "the effect of a message is kept"),
    Guard("outgoing_messages", "UPDATE", "a message keeps its Message-ID", frozen=("message_id", "idempotency_key")),
    Guard("outgoing_messages", "DELETE", "the outbox keeps every message"),
    Guard("charges", "UPDATE", "a charge is released, never altered", frozen=CHARGED),
    Guard("charges", "DELETE", "a charge is released, never deleted"),
    Guard("invoices", "UPDATE", "an issued invoice never changes", condition=ISSUED, frozen=PRINTED),
    Guard("invoices", "DELETE", "an issued invoice is never deleted", condition=ISSUED),
    Guard("invoice_lines", "INSERT", "an issued invoice never changes", condition=OF_ISSUED.format(row="NEW")),
    Guard("invoice_lines", "UPDATE", "an issued invoice never changes", condition=OF_ISSUED.format(row="OLD")),
    Guard("invoice_lines", "DELETE", "an issued invoice never changes", condition=OF_ISSUED.format(row="OLD")),
)


def condition_of(guard: Guard, *, differs: str) -> str:
    """Return the SQL condition under which the guard refuses."""
    changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in guard.frozen)
    parts = [part for part in (guard.condition, f"({changed})" if changed else "") if part]
    return " AND ".join(parts) or "1 = 1"


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in GUARDS:
        (_guard_sqlite if on_sqlite else _guard_postgresql)(guard)


def _guard_sqlite(guard: Guard) -> None:
    op.execute(
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} "
        f"WHEN {condition_of(guard, differs='IS NOT')} BEGIN SELECT RAISE(ABORT, '{guard.says}'); END"
    )


def _guard_postgresql(guard: Guard) -> None:
    kept = "OLD" if guard.event == "DELETE" else "NEW"
    op.execute(
        f"CREATE FUNCTION {guard.name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {condition_of(guard, differs='IS DISTINCT FROM')} "
        f"THEN RAISE EXCEPTION '{guard.says}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
        f"RETURN {kept}; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {guard.name} BEFORE {guard.event} ON {guard.table} "
        f"FOR EACH ROW EXECUTE FUNCTION {guard.name}()"
    )


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for guard in reversed(GUARDS):
        if on_sqlite:
            op.execute(f"DROP TRIGGER {guard.name}")
        else:
            op.execute(f"DROP TRIGGER {guard.name} ON {guard.table}")
            op.execute(f"DROP FUNCTION {guard.name}()")
