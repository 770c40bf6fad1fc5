"""Acts on many tickets of the queue, kept so that they can be undone."""

import sqlalchemy as sa
from alembic import op

revision = "0650"
down_revision = "0592"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "queue_acts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_queue_acts_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_queue_acts")),
    )
    op.create_index(op.f("ix_queue_acts_person_id"), "queue_acts", ["person_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_queue_acts_person_id"), table_name="queue_acts")
    op.drop_table("queue_acts")
