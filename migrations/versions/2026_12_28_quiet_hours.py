"""People have hours in which they are told nothing by push and bundled mail, and what comes then waits."""

import sqlalchemy as sa
from alembic import op

revision = "1261"
down_revision = "1280"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "quiet_times",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("begins", sa.Time(), nullable=False),
        sa.Column("ends", sa.Time(), nullable=False),
        sa.Column("days", sa.String(), nullable=False),
        sa.Column("whole_days", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_quiet_times_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_quiet_times")),
    )
    op.add_column("pushes", sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("pushes", "held_until")
    op.drop_table("quiet_times")
