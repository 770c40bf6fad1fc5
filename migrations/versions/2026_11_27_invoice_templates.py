"""Invoices get templates: how they look, under names, for the company and for clients."""

import sqlalchemy as sa
from alembic import op

revision = "0536"
down_revision = "0533"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "invoice_templates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("layout", sa.JSON(), nullable=False),
        sa.Column("logo_sha256", sa.String(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["logo_sha256"], ["blobs.sha256"], name=op.f("fk_invoice_templates_logo_sha256_blobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_templates")),
        sa.UniqueConstraint("name", name=op.f("uq_invoice_templates_name")),
    )
    only = sa.text("is_default")
    op.create_index(
        "one_default_template",
        "invoice_templates",
        ["is_default"],
        unique=True,
        sqlite_where=only,
        postgresql_where=only,
    )
    op.create_table(
        "client_templates",
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("template_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_templates_client_id_clients")),
        sa.ForeignKeyConstraint(
            ["template_id"], ["invoice_templates.id"], name=op.f("fk_client_templates_template_id_invoice_templates")
        ),
        sa.PrimaryKeyConstraint("client_id", name=op.f("pk_client_templates")),
    )
    op.create_index(op.f("ix_client_templates_template_id"), "client_templates", ["template_id"])


def downgrade() -> None:
    op.drop_table("client_templates")
    op.drop_table("invoice_templates")
