"""What people are told, what they choose to be told, and who is mentioned in a note."""

import sqlalchemy as sa
from alembic import op

revision = "1041"
down_revision = "1060"
branch_labels = None
depends_on = None

KINDS = "kind IN ('assigned', 'mentioned', 'reply', 'at_risk', 'rejected', 'retainer', 'new_ticket')"


def upgrade() -> None:
    op.create_table(
        "notices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("excerpt", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=True),
        sa.Column("in_app", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mail_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_notices_kind_is_known")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notices_person_id_people")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_notices_work_item_id_work_items")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notices")),
        sa.UniqueConstraint("person_id", "key", name=op.f("uq_notices_person_id_key")),
    )
    op.create_index("ix_notices_newest", "notices", ["person_id", "id"])
    op.create_index("ix_notices_key", "notices", ["key"])
    unread, to_mail = sa.text("read_at IS NULL"), sa.text("mail_due_at IS NOT NULL")
    op.create_index(
        "ix_notices_unread",
        "notices",
        ["person_id", "work_item_id"],
        sqlite_where=unread,
        postgresql_where=unread,
    )
    op.create_index("ix_notices_to_mail", "notices", ["mail_due_at"], sqlite_where=to_mail, postgresql_where=to_mail)
    op.create_table(
        "notice_choices",
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_notice_choices_kind_is_known")),
        sa.CheckConstraint("channel IN ('app', 'mail', 'push')", name=op.f("ck_notice_choices_channel_is_known")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_notice_choices_person_id_people")),
        sa.PrimaryKeyConstraint("person_id", "kind", "channel", name=op.f("pk_notice_choices")),
    )
    op.add_column("messages", sa.Column("mentions", sa.JSON(), nullable=False, server_default="[]"))


def downgrade() -> None:
    op.drop_column("messages", "mentions")
    op.drop_table("notice_choices")
    op.drop_index("ix_notices_to_mail", table_name="notices")
    op.drop_index("ix_notices_unread", table_name="notices")
    op.drop_index("ix_notices_key", table_name="notices")
    op.drop_index("ix_notices_newest", table_name="notices")
    op.drop_table("notices")
