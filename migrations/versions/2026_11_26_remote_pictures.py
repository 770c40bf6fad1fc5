"""Pictures from elsewhere that somebody asked to see in a mail."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "remote_pictures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("url", sa.String(), nullable=False),
        sa.Column("place", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked_by_id", sa.Integer(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("fetched_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("blob_sha256", sa.String(), nullable=True),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.CheckConstraint("state IN ('wanted', 'shown', 'missing')", name=op.f("ck_remote_pictures_state_is_known")),
        sa.CheckConstraint(
            "(state = 'shown') = (blob_sha256 IS NOT NULL)", name=op.f("ck_remote_pictures_is_shown_from_a_file")
        ),
        sa.ForeignKeyConstraint(["asked_by_id"], ["people.id"], name=op.f("fk_remote_pictures_asked_by_id_people")),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_remote_pictures_blob_sha256_blobs")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_remote_pictures_message_id_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remote_pictures")),
        sa.UniqueConstraint("message_id", "place", name=op.f("uq_remote_pictures_message_id_place")),
    )
    op.create_index("ix_remote_pictures_blob_sha256", "remote_pictures", ["blob_sha256"])
    op.create_index("ix_remote_pictures_wanted", "remote_pictures", ["state", "asked_at"])


def downgrade() -> None:
    op.drop_table("remote_pictures")
