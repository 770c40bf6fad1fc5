"""What we know of people at clients: title, zone, further addresses, notes, and which of them were merged."""

import sqlalchemy as sa
from alembic import op

revision = "1140"
down_revision = "1080"
branch_labels = None
depends_on = None

STANDS = sa.text("undone_at IS NULL")
IS_FURTHER = sa.text("same_as_id IS NOT NULL")
OF_CONTACT = sa.text("contact_id IS NOT NULL")


def upgrade() -> None:
    op.add_column("contacts", sa.Column("title", sa.String(), server_default="", nullable=False))
    op.add_column("contacts", sa.Column("time_zone", sa.String(), server_default="", nullable=False))
    op.add_column("contacts", sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True))
    op.execute(
        "ALTER TABLE contacts ADD COLUMN same_as_id INTEGER "
        "CONSTRAINT fk_contacts_same_as_id_contacts REFERENCES contacts (id)"
    )
    op.create_index(
        "ix_contacts_same_as_id", "contacts", ["same_as_id"], sqlite_where=IS_FURTHER, postgresql_where=IS_FURTHER
    )
    op.create_index("ix_participants_contact", "participants", ["contact_id", "work_item_id"])
    op.create_index(
        "ix_messages_contact",
        "messages",
        ["contact_id", "posted_at"],
        sqlite_where=OF_CONTACT,
        postgresql_where=OF_CONTACT,
    )
    op.create_table(
        "client_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by_id", sa.Integer(), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_by_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("(contact_id IS NULL) <> (client_id IS NULL)", name=op.f("ck_client_notes_is_about_one")),
        sa.ForeignKeyConstraint(["changed_by_id"], ["people.id"], name=op.f("fk_client_notes_changed_by_id_people")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_notes_client_id_clients")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_client_notes_contact_id_contacts")),
        sa.ForeignKeyConstraint(["written_by_id"], ["people.id"], name=op.f("fk_client_notes_written_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_client_notes")),
    )
    op.create_index(op.f("ix_client_notes_contact_id"), "client_notes", ["contact_id"])
    op.create_index(op.f("ix_client_notes_client_id"), "client_notes", ["client_id"])
    op.create_table(
        "contact_merges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("into_id", sa.Integer(), nullable=False),
        sa.Column("merged_by_id", sa.Integer(), nullable=True),
        sa.Column("merged_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("moved", sa.JSON(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("after", sa.JSON(), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_contact_merges_contact_id_contacts")),
        sa.ForeignKeyConstraint(["into_id"], ["contacts.id"], name=op.f("fk_contact_merges_into_id_contacts")),
        sa.ForeignKeyConstraint(["merged_by_id"], ["people.id"], name=op.f("fk_contact_merges_merged_by_id_people")),
        sa.ForeignKeyConstraint(["undone_by_id"], ["people.id"], name=op.f("fk_contact_merges_undone_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contact_merges")),
    )
    op.create_index(op.f("ix_contact_merges_into_id"), "contact_merges", ["into_id"])
    op.create_index(
        "one_merge_of_a_contact",
        "contact_merges",
        ["contact_id"],
        unique=True,
        sqlite_where=STANDS,
        postgresql_where=STANDS,
    )


def downgrade() -> None:
    op.drop_index("one_merge_of_a_contact", table_name="contact_merges")
    op.drop_index(op.f("ix_contact_merges_into_id"), table_name="contact_merges")
    op.drop_table("contact_merges")
    op.drop_index(op.f("ix_client_notes_client_id"), table_name="client_notes")
    op.drop_index(op.f("ix_client_notes_contact_id"), table_name="client_notes")
    op.drop_table("client_notes")
    op.drop_index("ix_messages_contact", table_name="messages")
    op.drop_index("ix_participants_contact", table_name="participants")
    op.drop_index("ix_contacts_same_as_id", table_name="contacts")
    for column in ("same_as_id", "retired_at", "time_zone", "title"):
        op.execute(f"ALTER TABLE contacts DROP COLUMN {column}")
