"""The company's own words of reminders stand where those of every other mail stand."""

import sqlalchemy as sa
from alembic import op

revision = "0622"
down_revision = "0617"
branch_labels = None
depends_on = None

LEVELS = range(1, 6)


def upgrade() -> None:
    op.execute(
        "INSERT INTO letter_texts (kind, language, subject, text, changed_at)"
        " SELECT 'reminder_' || level, language, subject, text, CURRENT_TIMESTAMP FROM reminder_texts"
    )
    op.drop_table("reminder_texts")


def downgrade() -> None:
    op.create_table(
        "reminder_texts",
        sa.Column("level", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("level", "language", name=op.f("pk_reminder_texts")),
    )
    for level in LEVELS:
        op.execute(
            "INSERT INTO reminder_texts (level, language, subject, text)"
            f" SELECT {level}, language, subject, text FROM letter_texts WHERE kind = 'reminder_{level}'"
        )
    op.execute("DELETE FROM letter_texts WHERE kind LIKE 'reminder_%'")
