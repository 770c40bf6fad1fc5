"""Corrections of time: reversals, lock dates, who wrote an entry and whether it was changed after it was submitted."""

import sqlalchemy as sa
from alembic import op

revision = "0150"
down_revision = "0100"
branch_labels = None
depends_on = None

BEFORE = ("draft", "submitted", "approved", "rejected", "locked")
AFTER = (*BEFORE, "reversed")
CHECK = "ck_time_entries_status_is_known"
EVENTS = ("UPDATE", "DELETE")
SAYS = "a reversal is append-only"


def upgrade() -> None:
    _allow(AFTER)
    _add_pointer("time_entries", "created_by_id", "people")
    op.add_column("time_entries", sa.Column("edited_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "time_reversals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time_entry_id", sa.Integer(), nullable=False),
        sa.Column("replacement_id", sa.Integer(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reversed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("seconds >= 0", name=op.f("ck_time_reversals_reverses_no_negative_time")),
        sa.CheckConstraint("reason <> ''", name=op.f("ck_time_reversals_says_why")),
        sa.CheckConstraint(
            "replacement_id IS NULL OR replacement_id <> time_entry_id",
            name=op.f("ck_time_reversals_is_not_its_own_replacement"),
        ),
        sa.ForeignKeyConstraint(
            ["time_entry_id"], ["time_entries.id"], name=op.f("fk_time_reversals_time_entry_id_time_entries")
        ),
        sa.ForeignKeyConstraint(
            ["replacement_id"], ["time_entries.id"], name=op.f("fk_time_reversals_replacement_id_time_entries")
        ),
        sa.ForeignKeyConstraint(
            ["reversed_by_id"], ["people.id"], name=op.f("fk_time_reversals_reversed_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_reversals")),
        sa.UniqueConstraint("time_entry_id", name=op.f("uq_time_reversals_time_entry_id")),
        sa.UniqueConstraint("replacement_id", name=op.f("uq_time_reversals_replacement_id")),
    )
    for event in EVENTS:
        _guard(event)
    op.create_table(
        "time_locks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("scope_key", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("through", sa.Date(), nullable=True),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_time_locks_client_id_clients")),
        sa.ForeignKeyConstraint(["set_by_id"], ["people.id"], name=op.f("fk_time_locks_set_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_locks")),
        sa.UniqueConstraint("scope_key", name=op.f("uq_time_locks_scope_key")),
    )


def downgrade() -> None:
    op.drop_table("time_locks")
    for event in EVENTS:
        name = f"keep_time_reversals_on_{event.lower()}"
        op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else " ON time_reversals"))
        if not _on_sqlite():
            op.execute(f"DROP FUNCTION {name}()")
    op.drop_table("time_reversals")
    op.execute("UPDATE time_entries SET status = 'rejected' WHERE status = 'reversed'")
    for column in ("edited_at", "created_by_id"):
        op.execute(f"ALTER TABLE time_entries DROP COLUMN {column}")
    _allow(BEFORE)


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _guard(event: str) -> None:
    name = f"keep_time_reversals_on_{event.lower()}"
    if _on_sqlite():
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON time_reversals BEGIN SELECT RAISE(ABORT, '{SAYS}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON time_reversals FOR EACH ROW EXECUTE FUNCTION {name}()")


def _add_pointer(table: str, column: str, target: str) -> None:
    name = f"fk_{table}_{column}_{target}"
    if _on_sqlite():
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id)")
        return
    op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
    op.create_foreign_key(op.f(name), table, target, [column], ["id"])


def _allow(words: tuple[str, ...]) -> None:
    """Put the check of the status anew; on SQLite the table is written anew, and its triggers with it."""
    condition = "status IN ({})".format(", ".join(f"'{word}'" for word in words))
    if not _on_sqlite():
        op.drop_constraint(op.f(CHECK), "time_entries", type_="check")
        op.create_check_constraint(op.f(CHECK), "time_entries", condition)
        return
    kept = [
        row[0]
        for row in op.get_bind().exec_driver_sql(
            "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'time_entries'"
        )
    ]
    with op.batch_alter_table("time_entries", recreate="always", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.drop_constraint(op.f(CHECK), type_="check")
        batch.create_check_constraint(op.f(CHECK), condition)
    for trigger in kept:
        op.execute(trigger)
