"""Invoices have links for their clients, who can ask about a line."""

import sqlalchemy as sa
from alembic import op

revision = "0530"
down_revision = "0465"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proof_settings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("shows_names", sa.Boolean(), nullable=False, server_default=sa.true()),
        sa.Column("shows_notes", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.CheckConstraint("id = 1", name=op.f("ck_proof_settings_only_one")),
        sa.CheckConstraint("days >= 0", name=op.f("ck_proof_settings_days_to_come")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_settings")),
    )
    op.create_table(
        "proof_links",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("salt", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_proof_links_invoice_id_invoices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proof_links")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_proof_links_token_hash")),
    )
    op.create_index(op.f("ix_proof_links_invoice_id"), "proof_links", ["invoice_id"])
    op.create_table(
        "line_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("line_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_line_questions_invoice_id_invoices")),
        sa.ForeignKeyConstraint(
            ["line_id"], ["invoice_lines.id"], name=op.f("fk_line_questions_line_id_invoice_lines")
        ),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_line_questions_work_item_id_work_items")
        ),
        sa.ForeignKeyConstraint(
            ["answered_by_id"], ["people.id"], name=op.f("fk_line_questions_answered_by_id_people")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_line_questions")),
    )
    op.create_index("ix_line_questions_invoice", "line_questions", ["invoice_id", "asked_at"])
    op.create_index(op.f("ix_line_questions_work_item_id"), "line_questions", ["work_item_id"])


def downgrade() -> None:
    for table in ("line_questions", "proof_links", "proof_settings"):
        op.drop_table(table)
