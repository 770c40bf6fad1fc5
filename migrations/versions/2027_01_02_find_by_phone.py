"""An index by which people are found by six digits of a phone number, however it is written.

On SQLite a full-text table of the digits that triggers keep, which finds any three of them and so any six; on
PostgreSQL a generated column of all six digits in a row, with a GIN index. Numbers of one contact are parted by commas.
"""

from alembic import op

revision = "1280"
down_revision = "1260"
branch_labels = None
depends_on = None

SIGNS = (" ", "-", "/", "(", ")", ".", "+", "\u00a0", "\u2013")
"""What people write between the digits of a number; a zero in brackets is not dialled."""
NAME = "found_contacts_numbers"


def digits(phone: str) -> str:
    """Return the SQL of a phone number without what stands between its digits."""
    phone = f"replace({phone}, '(0)', '')"
    for sign in SIGNS:
        phone = f"replace({phone}, '{sign}', '')"
    return phone


def upgrade() -> None:
    (_index_sqlite if op.get_bind().dialect.name == "sqlite" else _index_postgresql)()


def _index_sqlite() -> None:
    put_in = f"INSERT INTO {NAME} (rowid, digits) VALUES (NEW.id, {digits('NEW.phone')});"
    take_out = f"INSERT INTO {NAME} ({NAME}, rowid, digits) VALUES ('delete', OLD.id, {digits('OLD.phone')});"
    op.execute(f"CREATE VIRTUAL TABLE {NAME} USING fts5(digits, content='', columnsize=0, tokenize='trigram')")
    op.execute(f"INSERT INTO {NAME} (rowid, digits) SELECT id, {digits('phone')} FROM contacts")
    op.execute(f"CREATE TRIGGER {NAME}_on_insert AFTER INSERT ON contacts BEGIN {put_in} END")
    op.execute(f"CREATE TRIGGER {NAME}_on_update AFTER UPDATE OF phone ON contacts BEGIN {take_out} {put_in} END")
    op.execute(f"CREATE TRIGGER {NAME}_on_delete AFTER DELETE ON contacts BEGIN {take_out} END")


def _index_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION six_digits(phone text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ "
        "SELECT coalesce(array_agg(DISTINCT substr(d, n, 6)), '{}') "
        f"FROM (SELECT {digits('phone')} AS d) AS written, generate_series(1, length(d) - 5) AS n "
        "WHERE substr(d, n, 6) ~ '^[0-9]{6}$' $$"
    )
    op.execute("ALTER TABLE contacts ADD COLUMN found_numbers text[] GENERATED ALWAYS AS (six_digits(phone)) STORED")
    op.execute("CREATE INDEX ix_found_contacts_numbers ON contacts USING gin (found_numbers)")


def downgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for event in ("insert", "update", "delete"):
            op.execute(f"DROP TRIGGER {NAME}_on_{event}")
        op.execute(f"DROP TABLE {NAME}")
    else:
        op.execute("ALTER TABLE contacts DROP COLUMN found_numbers")
        op.execute("DROP FUNCTION six_digits(text)")
