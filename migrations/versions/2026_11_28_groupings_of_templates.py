"""Templates of invoices say by what time shares a line, for clients that say nothing themselves.

Until now every client said something, and "ticket" whoever had chosen nothing: those go by their template from now on,
which says nothing yet, so that everybody's lines stay what they are.
"""

from alembic import op

revision = "0614"
down_revision = "0570"
branch_labels = None
depends_on = None

CHECK = "ck_clients_invoice_group_by_is_known"
GROUPS = ("entry", "ticket", "project", "work_type", "person", "day", "rate")
OR_NOTHING = ("", *GROUPS)


def upgrade() -> None:
    _add("invoice_templates", "group_by", "ck_invoice_templates_group_by_is_known", OR_NOTHING, default="")
    _say("ticket", instead="", known=OR_NOTHING)


def downgrade() -> None:
    _say("", instead="ticket", known=GROUPS)
    op.execute("ALTER TABLE invoice_templates DROP COLUMN group_by")


def _say(before: str, *, instead: str, known: tuple[str, ...]) -> None:
    """Let clients say something else in place of what nobody chose, and check them for what is known then."""
    if op.get_bind().dialect.name == "postgresql":  # SQLite lets two checks have one name
        op.drop_constraint(op.f(CHECK), "clients", type_="check")
    _add("clients", "said_group_by", CHECK, known, default=instead)
    op.execute(f"UPDATE clients SET said_group_by = invoice_group_by WHERE invoice_group_by <> '{before}'")
    op.execute("ALTER TABLE clients DROP COLUMN invoice_group_by")
    op.execute("ALTER TABLE clients RENAME COLUMN said_group_by TO invoice_group_by")


def _add(table: str, column: str, check: str, known: tuple[str, ...], *, default: str) -> None:
    words = ", ".join(f"'{word}'" for word in known)
    op.execute(
        f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR NOT NULL DEFAULT '{default}'"
        f" CONSTRAINT {check} CHECK ({column} IN ({words}))"
    )
