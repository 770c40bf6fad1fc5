"""Decisions about proposed time, and indexes by which a person's acts are found."""

import sqlalchemy as sa
from alembic import op

revision = "0180"
down_revision = "0110"
branch_labels = None
depends_on = None

OF_PEOPLE = {"sqlite_where": sa.text("person_id IS NOT NULL"), "postgresql_where": sa.text("person_id IS NOT NULL")}
BY_PEOPLE = {"sqlite_where": sa.text("actor_id IS NOT NULL"), "postgresql_where": sa.text("actor_id IS NOT NULL")}
NOT_UNDONE = {"sqlite_where": sa.text("undone_at IS NULL"), "postgresql_where": sa.text("undone_at IS NULL")}


def upgrade() -> None:
    op.create_table(
        "proposal_decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("first_key", sa.String(), nullable=False),
        sa.Column("evidence", sa.JSON(), nullable=False),
        sa.Column("proposed_seconds", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(), nullable=False),
        sa.Column("entry_uuid", sa.String(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "decision IN ('accepted', 'dismissed')", name=op.f("ck_proposal_decisions_decision_is_known")
        ),
        sa.CheckConstraint(
            "(decision = 'accepted') = (entry_uuid IS NOT NULL)",
            name=op.f("ck_proposal_decisions_accepted_has_an_entry"),
        ),
        sa.CheckConstraint(
            "undone_at IS NULL OR decision = 'dismissed'", name=op.f("ck_proposal_decisions_only_dismissals_are_undone")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_proposal_decisions_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_proposal_decisions_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal_decisions")),
    )
    op.create_index(
        "one_decision_about_a_proposal", "proposal_decisions", ["person_id", "first_key"], unique=True, **NOT_UNDONE
    )
    op.create_index("ix_proposal_decisions_person", "proposal_decisions", ["person_id", "decided_at"])
    op.create_index(op.f("ix_proposal_decisions_work_item_id"), "proposal_decisions", ["work_item_id"])
    op.create_index(op.f("ix_proposal_decisions_entry_uuid"), "proposal_decisions", ["entry_uuid"])
    op.create_index("ix_messages_person", "messages", ["person_id", "posted_at"], **OF_PEOPLE)
    op.create_index("ix_audit_rows_actor", "audit_rows", ["actor_id", "at"], **BY_PEOPLE)


def downgrade() -> None:
    op.drop_index("ix_audit_rows_actor", table_name="audit_rows")
    op.drop_index("ix_messages_person", table_name="messages")
    op.drop_table("proposal_decisions")
