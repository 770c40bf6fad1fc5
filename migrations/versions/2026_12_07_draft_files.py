"""Files of drafts: what goes along when an answer or a note is sent."""

import sqlalchemy as sa
from alembic import op

revision = "0770"
down_revision = "0761"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draft_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_draft_files_blob_sha256")),
        sa.ForeignKeyConstraint(
            ["person_id", "work_item_id", "kind"],
            ["drafts.person_id", "drafts.work_item_id", "drafts.kind"],
            name=op.f("fk_draft_files_person_id"),
            onupdate="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draft_files")),
    )
    op.create_index("ix_draft_files_draft", "draft_files", ["person_id", "work_item_id", "kind"])
    op.create_index("ix_draft_files_blob_sha256", "draft_files", ["blob_sha256"])


def downgrade() -> None:
    op.drop_table("draft_files")
