"""Macros: several acts on a ticket that a person does at once."""

import sqlalchemy as sa
from alembic import op

revision = "1210"
down_revision = "1200"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "macros",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("acts", sa.JSON(), nullable=False),
        sa.Column("used", sa.Integer(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("used >= 0", name=op.f("ck_macros_uses_are_counted")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_macros_person_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_macros")),
    )
    op.create_index(
        "uq_macros_name", "macros", [sa.text("coalesce(person_id, 0)"), sa.text("lower(name)")], unique=True
    )


def downgrade() -> None:
    op.drop_table("macros")
