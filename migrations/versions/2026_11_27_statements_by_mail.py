"""Statements of retainers go out by mail, and mails that go out by themselves have words of the company's own."""

import sqlalchemy as sa
from alembic import op

revision = "0533"
down_revision = "0550"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "letter_texts",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("kind", "language", name=op.f("pk_letter_texts")),
    )
    op.add_column("agreements", sa.Column("statements_since", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "retainer_statements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("period_id", sa.Integer(), nullable=False),
        sa.Column("sent_to", sa.String(), nullable=False),
        sa.Column("pdf_sha256", sa.String(), nullable=False),
        sa.Column("outgoing_message_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("ordinal > 0", name=op.f("ck_retainer_statements_is_counted_from_one")),
        sa.ForeignKeyConstraint(
            ["agreement_id"], ["agreements.id"], name=op.f("fk_retainer_statements_agreement_id_agreements")
        ),
        sa.ForeignKeyConstraint(
            ["period_id"], ["retainer_periods.id"], name=op.f("fk_retainer_statements_period_id_retainer_periods")
        ),
        sa.ForeignKeyConstraint(["pdf_sha256"], ["blobs.sha256"], name=op.f("fk_retainer_statements_pdf_sha256_blobs")),
        sa.ForeignKeyConstraint(
            ["outgoing_message_id"],
            ["outgoing_messages.id"],
            name=op.f("fk_retainer_statements_outgoing_message_id_outgoing_messages"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retainer_statements")),
        sa.UniqueConstraint(
            "agreement_id", "month", "ordinal", name=op.f("uq_retainer_statements_agreement_id_month_ordinal")
        ),
    )


def downgrade() -> None:
    op.drop_table("retainer_statements")
    op.execute("ALTER TABLE agreements DROP COLUMN statements_since")
    op.drop_table("letter_texts")
