"""Indexes by which people find tickets, tasks, clients, projects, contacts and invoices by the beginnings of words.

On SQLite each table has a full-text table that triggers keep; on PostgreSQL a generated column with a GIN index.
Words are without case and accents. In the full-text tables a mark (a letter that nobody types, and an id) names what a
row belongs to; PostgreSQL asks its own indexes for that.
"""

from dataclasses import dataclass

from alembic import op

revision = "0220"
down_revision = "0200"
branch_labels = None
depends_on = None

MARK = "\u01c0"
LETTERS = {
    "ß": "ss", "ẞ": "ss", "æ": "ae", "Æ": "ae", "œ": "oe", "Œ": "oe", "þ": "th", "Þ": "th", "ø": "o", "Ø": "o", "ł": "l",
    "Ł": "l", "đ": "d", "Đ": "d", "ð": "d", "Ð": "d", "ħ": "h", "Ħ": "h", "ı": "i",
}  # fmt: skip
BETWEEN = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~«»¿¡·–—‘’‚“”„…"


@dataclass(frozen=True)
class Index:
    """What is found of a table: the words of its ``columns``, and the mark of the row that ``owner`` points at."""

    table: str
    columns: tuple[str, ...]
    owner: str = ""

    def words(self, row: str = "") -> str:
        """Return the SQL of the words of one row; ``row`` is what its columns are named with."""
        return " || ' ' || ".join(f"coalesce(CAST({row}{column} AS VARCHAR), '')" for column in self.columns)

    def marked(self, row: str = "") -> str:
        """Return the SQL of the words as the full-text table has them, with the mark."""
        mark = f" || ' {MARK}' || coalesce(CAST({row}{self.owner} AS VARCHAR), '')" if self.owner else ""
        return plain(self.words(row)) + mark


INDEXES = (
    Index("clients", ("name", "legal_name", "customer_number")),
    Index("projects", ("name",), "client_id"),
    Index("work_items", ("title",), "project_id"),
    Index("contacts", ("name", "email"), "client_id"),
    Index("invoices", ("number", "series_number"), "client_id"),
)


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def plain(words: str) -> str:
    """Return the SQL of ``words`` with letters that no accent makes written as people type them."""
    for letter, typed in LETTERS.items():
        words = f"replace({words}, '{letter}', '{typed}')"
    return words


def upgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    if not on_sqlite:
        bare = r"regexp_replace(normalize(words, NFKD), '[\u0300-\u036f]', '', 'g')"
        spaced = f"translate({plain(bare)}, {quoted(BETWEEN)}, '{' ' * len(BETWEEN)}')"
        op.execute(
            "CREATE FUNCTION folded(words text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE AS "
            f"$$ SELECT to_tsvector('simple'::regconfig, lower({spaced})) $$"
        )
    for index in INDEXES:
        (_index_sqlite if on_sqlite else _index_postgresql)(index)


def _index_sqlite(index: Index) -> None:
    table, name = index.table, f"found_{index.table}"
    put_in = f"INSERT INTO {name} (rowid, words) VALUES (NEW.id, {index.marked('NEW.')});"
    take_out = f"INSERT INTO {name} ({name}, rowid, words) VALUES ('delete', OLD.id, {index.marked('OLD.')});"
    changed = ", ".join(filter(None, (*index.columns, index.owner)))
    op.execute(
        f"CREATE VIRTUAL TABLE {name} USING fts5(words, content='', columnsize=0, prefix='1 2 3', "
        "tokenize='unicode61 remove_diacritics 2')"
    )
    op.execute(f"INSERT INTO {name} (rowid, words) SELECT id, {index.marked()} FROM {table}")
    op.execute(f"CREATE TRIGGER {name}_on_insert AFTER INSERT ON {table} BEGIN {put_in} END")
    op.execute(f"CREATE TRIGGER {name}_on_update AFTER UPDATE OF {changed} ON {table} BEGIN {take_out} {put_in} END")
    op.execute(f"CREATE TRIGGER {name}_on_delete AFTER DELETE ON {table} BEGIN {take_out} END")


def _index_postgresql(index: Index) -> None:
    op.execute(
        f"ALTER TABLE {index.table} ADD COLUMN found tsvector GENERATED ALWAYS AS (folded({index.words()})) STORED"
    )
    op.execute(f"CREATE INDEX ix_found_{index.table} ON {index.table} USING gin (found)")


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for index in INDEXES:
        if on_sqlite:
            for event in ("insert", "update", "delete"):
                op.execute(f"DROP TRIGGER found_{index.table}_on_{event}")
            op.execute(f"DROP TABLE found_{index.table}")
        else:
            op.execute(f"ALTER TABLE {index.table} DROP COLUMN found")
    if not on_sqlite:
        op.execute("DROP FUNCTION folded(text)")
