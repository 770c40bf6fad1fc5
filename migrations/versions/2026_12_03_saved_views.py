"""Views of the queue that are kept under a name."""

import sqlalchemy as sa
from alembic import op

revision = "0710"
down_revision = "0700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "saved_views",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("view", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_saved_views_client_id_clients")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_saved_views_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_views")),
    )
    op.create_index(op.f("ix_saved_views_client_id"), "saved_views", ["client_id"])
    op.create_index(op.f("ix_saved_views_person_id"), "saved_views", ["person_id"])
    op.create_index(
        "uq_saved_views_name", "saved_views", [sa.text("coalesce(person_id, 0)"), sa.text("lower(name)")], unique=True
    )


def downgrade() -> None:
    op.drop_table("saved_views")
