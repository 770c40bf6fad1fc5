"""Types of tickets: four to begin with, and which of them a ticket is."""

import sqlalchemy as sa
from alembic import op

revision = "1120"
down_revision = "1042"
branch_labels = None
depends_on = None

FIRST = ("Question", "Incident", "Problem", "Request")
IS_TYPED = sa.text("type_id IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "ticket_types",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_types")),
    )
    op.create_index("uq_ticket_types_name_lower", "ticket_types", [sa.literal_column("lower(name)")], unique=True)
    for position, name in enumerate(FIRST):  # a house that is set up already gets those that a new one begins with
        op.execute(
            "INSERT INTO ticket_types (name, position, created_at) "
            f"SELECT '{name}', {position}, CURRENT_TIMESTAMP FROM company WHERE id = 1"
        )
    op.execute(
        "ALTER TABLE work_items ADD COLUMN type_id INTEGER "
        "CONSTRAINT fk_work_items_type_id_ticket_types REFERENCES ticket_types (id)"
    )
    op.create_index(
        "ix_work_items_type_id", "work_items", ["type_id"], sqlite_where=IS_TYPED, postgresql_where=IS_TYPED
    )


def downgrade() -> None:
    op.drop_index("ix_work_items_type_id", table_name="work_items")
    op.execute("ALTER TABLE work_items DROP COLUMN type_id")
    op.drop_index("uq_ticket_types_name_lower", table_name="ticket_types")
    op.drop_table("ticket_types")
