"""Clients are asked for more hours by a link; what was asked and answered is append-only."""

import sqlalchemy as sa
from alembic import op

revision = "0350"
down_revision = "0410"
branch_labels = None
depends_on = None

KEPT = {"hours_asked": "hours that were asked for are append-only", "hours_answers": "an answer is append-only"}
EVENTS = ("UPDATE", "DELETE")


def upgrade() -> None:
    op.execute("ALTER TABLE agreements ADD COLUMN asks_for_seconds INTEGER")
    op.create_table(
        "hours_asked",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("most_minor", sa.BigInteger(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("says", sa.String(), nullable=False),
        sa.Column("says_sha256", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_hours_asked_is_some_time")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_hours_asked_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name=op.f("fk_hours_asked_asked_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_asked")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_hours_asked_token_hash")),
    )
    op.create_index(op.f("ix_hours_asked_agreement_id"), "hours_asked", ["agreement_id"])
    _one_of("one_asked_by_itself", "hours_asked", ["agreement_id", "month"], "asked_by_id IS NULL")
    op.create_table(
        "hours_answers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("asked_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("shown", sa.String(), nullable=False),
        sa.Column("shown_sha256", sa.String(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('granted', 'refused', 'revoked')", name=op.f("ck_hours_answers_kind_is_known")),
        sa.ForeignKeyConstraint(["asked_id"], ["hours_asked.id"], name=op.f("fk_hours_answers_asked_id_hours_asked")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_hours_answers_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_answers")),
        sa.UniqueConstraint("asked_id", "kind", name=op.f("uq_hours_answers_asked_id_kind")),
    )
    _one_of("one_decision", "hours_answers", ["asked_id"], "kind <> 'revoked'")
    for table, says in KEPT.items():
        for event in EVENTS:
            _guard(table, event, says)


def downgrade() -> None:
    for table in reversed(KEPT):
        for event in EVENTS:
            name = f"keep_{table}_on_{event.lower()}"
            op.execute(f"DROP TRIGGER {name}" + ("" if _on_sqlite() else f" ON {table}"))
            if not _on_sqlite():
                op.execute(f"DROP FUNCTION {name}()")
        op.drop_table(table)
    op.execute("ALTER TABLE agreements DROP COLUMN asks_for_seconds")


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _one_of(name: str, table: str, columns: list[str], where: str) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=True, sqlite_where=condition, postgresql_where=condition)


def _guard(table: str, event: str, says: str) -> None:
    name = f"keep_{table}_on_{event.lower()}"
    if _on_sqlite():
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{says}'); END")
        return
    op.execute(
        f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"RAISE EXCEPTION '{says}' USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")
