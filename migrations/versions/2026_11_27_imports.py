"""Imports of tables, the outcome of each of their lines, and the keys by which a line is known again."""

import sqlalchemy as sa
from alembic import op

revision = "0200"
down_revision = "0261"
branch_labels = None
depends_on = None

KINDS = "kind IN ('clients', 'contacts', 'projects', 'tasks', 'time')"


def upgrade() -> None:
    op.create_table(
        "imports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("line_count", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("started_by_id", sa.Integer(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(KINDS, name=op.f("ck_imports_kind_is_known")),
        sa.CheckConstraint("state IN ('draft', 'running', 'stopped', 'done')", name=op.f("ck_imports_state_is_known")),
        sa.CheckConstraint("(state = 'done') = (finished_at IS NOT NULL)", name=op.f("ck_imports_done_at_a_time")),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_imports_blob_sha256_blobs")),
        sa.ForeignKeyConstraint(["created_by_id"], ["people.id"], name=op.f("fk_imports_created_by_id_people")),
        sa.ForeignKeyConstraint(["started_by_id"], ["people.id"], name=op.f("fk_imports_started_by_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
    )
    op.create_index(op.f("ix_imports_blob_sha256"), "imports", ["blob_sha256"])
    op.create_index(op.f("ix_imports_state"), "imports", ["state"])
    op.create_table(
        "import_lines",
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("column", sa.String(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "outcome IN ('new', 'changed', 'same', 'refused')", name=op.f("ck_import_lines_outcome_is_known")
        ),
        sa.CheckConstraint(
            "(outcome = 'refused') = (message <> '')", name=op.f("ck_import_lines_refused_for_a_reason")
        ),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_import_lines_import_id_imports")),
        sa.PrimaryKeyConstraint("import_id", "line", name=op.f("pk_import_lines")),
    )
    op.create_index("ix_import_lines_outcome", "import_lines", ["import_id", "outcome"])
    op.create_table(
        "imported_keys",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("import_id", sa.Integer(), nullable=False),
        sa.CheckConstraint(KINDS, name=op.f("ck_imported_keys_kind_is_known")),
        sa.ForeignKeyConstraint(["import_id"], ["imports.id"], name=op.f("fk_imported_keys_import_id_imports")),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_imported_keys")),
    )
    op.create_index(op.f("ix_imported_keys_import_id"), "imported_keys", ["import_id"])


def downgrade() -> None:
    op.drop_table("imported_keys")
    op.drop_table("import_lines")
    op.drop_table("imports")
