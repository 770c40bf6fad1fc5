"""Contacts without a mail address; what a form for a new ticket has opened, and its files; who reported a ticket."""

import sqlalchemy as sa
from alembic import op

revision = "1220"
down_revision = "1020"
branch_labels = None
depends_on = None

NOBODY = "no-address-"


def upgrade() -> None:
    _let_address_be_missing(missing=True)
    op.create_table(
        "ticket_forms",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_ticket_forms_person_id_people")),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_ticket_forms_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ticket_forms")),
    )
    op.create_index(op.f("ix_ticket_forms_begun_at"), "ticket_forms", ["begun_at"])
    op.create_table(
        "ticket_form_files",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("form_key", sa.String(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["form_key"], ["ticket_forms.key"], name=op.f("fk_ticket_form_files_form_key_ticket_forms")
        ),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_ticket_form_files_blob_sha256_blobs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ticket_form_files")),
    )
    op.create_index(op.f("ix_ticket_form_files_form_key"), "ticket_form_files", ["form_key"])
    op.create_index(op.f("ix_ticket_form_files_blob_sha256"), "ticket_form_files", ["blob_sha256"])
    op.execute(
        "ALTER TABLE ticket_details ADD COLUMN reporter_id INTEGER "
        "CONSTRAINT fk_ticket_details_reporter_id_contacts REFERENCES contacts (id)"
    )


def downgrade() -> None:
    op.execute("ALTER TABLE ticket_details DROP COLUMN reporter_id")
    op.drop_index(op.f("ix_ticket_form_files_blob_sha256"), table_name="ticket_form_files")
    op.drop_index(op.f("ix_ticket_form_files_form_key"), table_name="ticket_form_files")
    op.drop_table("ticket_form_files")
    op.drop_index(op.f("ix_ticket_forms_begun_at"), table_name="ticket_forms")
    op.drop_table("ticket_forms")
    op.execute(f"UPDATE contacts SET email = '{NOBODY}' || id || '@sender.invalid' WHERE email IS NULL")
    _let_address_be_missing(missing=False)


def _let_address_be_missing(*, missing: bool) -> None:
    """Let a contact have no address, or not; on SQLite by another column, with its indexes and triggers made anew."""
    if op.get_bind().dialect.name != "sqlite":
        op.alter_column("contacts", "email", existing_type=sa.String(), nullable=missing)
        return
    rows = (
        op.get_bind()
        .exec_driver_sql(
            "SELECT type, name, sql FROM sqlite_master "
            "WHERE tbl_name = 'contacts' AND type IN ('index', 'trigger') AND sql LIKE '%email%'"
        )
        .all()
    )
    for kind, name, _sql in rows:
        op.execute(f"DROP {kind} {name}")
    op.execute("ALTER TABLE contacts ADD COLUMN address VARCHAR{}".format("" if missing else " NOT NULL DEFAULT ''"))
    op.execute("UPDATE contacts SET address = email")
    op.execute("ALTER TABLE contacts DROP COLUMN email")
    op.execute("ALTER TABLE contacts RENAME COLUMN address TO email")
    for _kind, _name, sql in rows:
        op.execute(sa.text(sql.replace(":", "\\:")))
