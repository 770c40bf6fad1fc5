"""The question whether clients are content."""

import sqlalchemy as sa
from alembic import op

revision = "1141"
down_revision = "1120"
branch_labels = None
depends_on = None

ANSWERED = sa.text("answered_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "satisfaction_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("after_hours", sa.Integer(), nullable=False),
        sa.Column("every_days", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_satisfaction_settings_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_satisfaction_settings")),
    )
    op.create_table(
        "satisfaction_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answer", sa.String(), server_default="", nullable=False),
        sa.Column("comment", sa.String(), server_default="", nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changes", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint(
            "answer IN ('', 'good', 'okay', 'bad')", name=op.f("ck_satisfaction_questions_answer_is_known")
        ),
        sa.CheckConstraint(
            "(answer = '') = (answered_at IS NULL)", name=op.f("ck_satisfaction_questions_is_answered_at_a_time")
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"], ["contacts.id"], name=op.f("fk_satisfaction_questions_contact_id_contacts")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_satisfaction_questions_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_satisfaction_questions_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_satisfaction_questions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_satisfaction_questions_token_hash")),
        sa.UniqueConstraint("work_item_id", "closed_at", name=op.f("uq_satisfaction_questions_work_item_id_closed_at")),
    )
    op.create_index("ix_satisfaction_questions_contact", "satisfaction_questions", ["contact_id", "asked_at"])
    op.create_index("ix_satisfaction_questions_asked", "satisfaction_questions", ["asked_at"])
    op.create_index(
        "ix_satisfaction_questions_answered",
        "satisfaction_questions",
        ["answered_at"],
        sqlite_where=ANSWERED,
        postgresql_where=ANSWERED,
    )


def downgrade() -> None:
    op.drop_table("satisfaction_questions")
    op.drop_table("satisfaction_settings")
