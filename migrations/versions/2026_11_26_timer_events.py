"""The timer as events: what devices told, append-only, and what an entry of the timer asks its person."""

import sqlalchemy as sa
from alembic import op

revision = "0120"
down_revision = "0170"
branch_labels = None
depends_on = None

KINDS = "'start', 'stop', 'pause', 'resume', 'change', 'ask', 'keep', 'trim', 'discard', 'restore'"
SAYS = "timer events are append-only"


def upgrade() -> None:
    op.create_table(
        "timer_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("said_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device", sa.String(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=True),
        sa.Column("entry_uuid", sa.String(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.CheckConstraint(f"kind IN ({KINDS})", name=op.f("ck_timer_events_kind_is_known")),
        sa.CheckConstraint("at <= received_at OR device = ''", name=op.f("ck_timer_events_no_device_tells_the_future")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_timer_events_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_timer_events_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timer_events")),
        sa.UniqueConstraint("uuid", name=op.f("uq_timer_events_uuid")),
    )
    op.create_index("ix_timer_events_person_at", "timer_events", ["person_id", "at"])
    op.create_index("ix_timer_events_entry", "timer_events", ["entry_uuid"])
    op.create_table(
        "timer_states",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("paused_uuid", sa.String(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_timer_states_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_timer_states")),
    )
    # Columns with their constraint in one statement: no copy of the table, and what SQLite keeps beside it stays.
    op.execute(
        "ALTER TABLE time_entries ADD COLUMN asks VARCHAR NOT NULL DEFAULT '' "
        "CONSTRAINT ck_time_entries_asking_is_draft CHECK (asks = '' OR status = 'draft')"
    )
    op.add_column("time_entries", sa.Column("differs", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("time_entries", sa.Column("timer_says", sa.JSON(), nullable=True))
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for event in ("UPDATE", "DELETE"):
        (_guard_sqlite if on_sqlite else _guard_postgresql)(event)


def _guard_sqlite(event: str) -> None:
    op.execute(
        f"CREATE TRIGGER keep_timer_events_on_{event.lower()} BEFORE {event} ON timer_events "
        f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    )


def _guard_postgresql(event: str) -> None:
    name = f"keep_timer_events_on_{event.lower()}"
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{SAYS}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON timer_events FOR EACH ROW EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for event in ("update", "delete"):
        if not on_sqlite:
            op.execute(f"DROP TRIGGER keep_timer_events_on_{event} ON timer_events")
            op.execute(f"DROP FUNCTION keep_timer_events_on_{event}()")
    op.drop_table("timer_states")
    op.drop_table("timer_events")
    for column in ("timer_says", "differs", "asks"):
        op.drop_column("time_entries", column)
