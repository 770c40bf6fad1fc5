"""Browsers that are told by web push, and what is on its way to them."""

import sqlalchemy as sa
from alembic import op

revision = "1042"
down_revision = "1062"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "push_browsers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("p256dh", sa.String(), nullable=False),
        sa.Column("auth", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_push_browsers_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_push_browsers")),
        sa.UniqueConstraint("endpoint", name=op.f("uq_push_browsers_endpoint")),
    )
    op.create_index(op.f("ix_push_browsers_person_id"), "push_browsers", ["person_id"])
    op.create_table(
        "pushes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("notice_id", sa.Integer(), nullable=False),
        sa.Column("browser_id", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["browser_id"], ["push_browsers.id"], name=op.f("fk_pushes_browser_id_push_browsers")),
        sa.ForeignKeyConstraint(["notice_id"], ["notices.id"], name=op.f("fk_pushes_notice_id_notices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pushes")),
        sa.UniqueConstraint("notice_id", "browser_id", name=op.f("uq_pushes_notice_id_browser_id")),
    )
    op.create_index(op.f("ix_pushes_browser_id"), "pushes", ["browser_id"])
    op.create_index(op.f("ix_pushes_next_attempt_at"), "pushes", ["next_attempt_at"])


def downgrade() -> None:
    op.drop_index(op.f("ix_pushes_next_attempt_at"), table_name="pushes")
    op.drop_index(op.f("ix_pushes_browser_id"), table_name="pushes")
    op.drop_table("pushes")
    op.drop_index(op.f("ix_push_browsers_person_id"), table_name="push_browsers")
    op.drop_table("push_browsers")
