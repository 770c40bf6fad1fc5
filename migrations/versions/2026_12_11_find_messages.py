"""An index of what stands in messages: FTS5 on SQLite, word vectors with a GIN index on PostgreSQL.

Words come without case and accents from the application, which describes a message anew in the transaction that
changed it; triggers note which ones in ``found_pending``. What was written before is described here.
"""

import json

import sqlalchemy as sa
from alembic import op

from helpdesk.kernel.words import words_of

revision = "1000"
down_revision = "1140"
branch_labels = None
depends_on = None

MARK = "\u01c0"
LONGEST_TEXT, LONGEST_WORD, LAST_PLACE = 65_536, 40, 16_383
BATCH = 1_000
THEIRS = "SELECT id FROM messages WHERE work_item_id = NEW.{id} AND kind <> 'event'"
NOTED = (
    ("messages", "INSERT", "NEW.kind <> 'event'", "VALUES (NEW.id)"),
    (
        "messages",
        "UPDATE OF work_item_id, kind, contact_id, person_id, text, reply_text, trimmed_text, discarded_at",
        "NEW.kind <> 'event' OR OLD.kind <> 'event'",
        "VALUES (NEW.id)",
    ),
    ("messages", "DELETE", "OLD.kind <> 'event'", "VALUES (OLD.id)"),
    ("attachments", "INSERT", "", "VALUES (NEW.message_id)"),
    (
        "attachments",
        "UPDATE OF message_id, name, inline, folded",
        "(NEW.name, NEW.inline, NEW.folded, NEW.message_id) <> (OLD.name, OLD.inline, OLD.folded, OLD.message_id)",
        "VALUES (NEW.message_id), (OLD.message_id)",
    ),
    ("attachments", "DELETE", "", "VALUES (OLD.message_id)"),
    (
        "work_items",
        "UPDATE OF title, project_id",
        "NEW.title <> OLD.title OR NEW.project_id <> OLD.project_id",
        THEIRS.format(id="id"),
    ),
    ("ticket_details", "INSERT", "", THEIRS.format(id="work_item_id")),
    (
        "ticket_details",
        "UPDATE OF requester_id",
        "NEW.requester_id <> OLD.requester_id",
        THEIRS.format(id="work_item_id"),
    ),
)
READ = """
SELECT m.id, w.title, substr(m.reply_text, 1, 65536), substr(m.trimmed_text, 1, 65536), substr(m.text, 1, 65536),
  m.contact_id, m.person_id, d.requester_id, w.project_id
FROM messages m JOIN work_items w ON w.id = m.work_item_id LEFT JOIN ticket_details d ON d.work_item_id = w.id
WHERE m.id > :beyond AND m.kind <> 'event' AND m.discarded_at IS NULL ORDER BY m.id LIMIT :most
"""
FILES = """
SELECT message_id, name FROM attachments
WHERE message_id > :beyond AND message_id <= :last AND NOT inline AND NOT folded ORDER BY message_id, position
"""


def upgrade() -> None:
    connection = op.get_bind()
    on_sqlite = connection.dialect.name == "sqlite"
    op.execute("CREATE TABLE found_pending (message_id INTEGER NOT NULL)")
    if on_sqlite:
        op.execute(
            "CREATE VIRTUAL TABLE found_messages USING fts5(subject, words, files, marks, columnsize=0, prefix='3', "
            "tokenize='ascii')"
        )
    else:
        op.execute("CREATE TABLE found_messages (rowid INTEGER PRIMARY KEY, words tsvector NOT NULL)")
    _describe(connection, on_sqlite=on_sqlite)
    if not on_sqlite:
        op.execute("CREATE INDEX ix_found_messages ON found_messages USING gin (words)")
    for number, (table, event, condition, noted) in enumerate(NOTED, 1):
        name, when = f"found_messages_{number}", f" WHEN ({condition})" if condition else ""
        note = f"INSERT INTO found_pending (message_id) {noted};"
        if on_sqlite:
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW{when} BEGIN {note} END")
        else:
            body = f"BEGIN {note} RETURN NULL; END"
            op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
            op.execute(f"CREATE TRIGGER {name} AFTER {event} ON {table} FOR EACH ROW{when} EXECUTE FUNCTION {name}()")


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for number, (table, *_) in enumerate(NOTED, 1):
        name = f"found_messages_{number}"
        op.execute(f"DROP TRIGGER {name}" if on_sqlite else f"DROP TRIGGER {name} ON {table}")
        if not on_sqlite:
            op.execute(f"DROP FUNCTION {name}()")
    op.execute("DROP TABLE found_messages")
    op.execute("DROP TABLE found_pending")


def _describe(connection: sa.Connection, *, on_sqlite: bool) -> None:
    """Describe all messages that there are, a batch at a time."""
    beyond = 0
    while rows := connection.execute(sa.text(READ), {"beyond": beyond, "most": BATCH}).all():
        files: dict[int, list[str]] = {}
        for message_id, name in connection.execute(sa.text(FILES), {"beyond": beyond, "last": rows[-1][0]}):
            files.setdefault(message_id, []).append(name)
        described = [_described(row, files.get(row[0], ())) for row in rows]
        if on_sqlite:
            connection.execute(
                sa.text(
                    "INSERT INTO found_messages (rowid, subject, words, files, marks)"
                    " VALUES (:id, :subject, :words, :files, :marks)"
                ),
                [{name: each if name == "id" else " ".join(each) for name, each in one.items()} for one in described],
            )
        else:
            given = json.dumps([{"id": one["id"], "words": _vector(one)} for one in described], ensure_ascii=False)
            connection.execute(
                sa.text(
                    "INSERT INTO found_messages (rowid, words) SELECT given.id, given.words"
                    " FROM json_to_recordset(CAST(:rows AS json)) AS given(id integer, words tsvector)"
                ),
                {"rows": given},
            )
        beyond = rows[-1][0]


def _described(row: sa.Row, names: list[str]) -> dict:
    message_id, title, reply, trimmed, text, contact_id, person_id, requester_id, project_id = row
    whose = {"a": contact_id, "p": person_id, "r": requester_id, "j": project_id}
    marks = ["x", *(f"{letter}{row_id}" for letter, row_id in whose.items() if row_id is not None)]
    return {
        "id": message_id,
        "subject": _words(title),
        "words": _words(f"{reply}\n{trimmed}" if reply.strip() or trimmed.strip() else text),
        "files": _words("\n".join(names)),
        "marks": [MARK + mark for mark in [*marks, *(["f"] if names else [])]],
    }


def _words(written: str) -> list[str]:
    found, room = [], 250_000  # PostgreSQL refuses a text of more than 1,048,575 bytes
    for word in words_of(written[:LONGEST_TEXT]):
        room -= len(word[:LONGEST_WORD].encode()) + 8
        if room < 0:
            break
        found.append(word[:LONGEST_WORD])
    return found


def _vector(one: dict) -> str:
    places: dict[str, list[str]] = {}
    at = 1
    for part, weight in (("subject", "A"), ("words", ""), ("files", "B")):
        for word in one[part]:
            kept = places.setdefault(word, [])
            if at < LAST_PLACE:
                kept.append(f"{at}{weight}")
            at += 1
        at += 2
    return " ".join([*(f"{word}:{','.join(at)}" if at else word for word, at in places.items()), *one["marks"]])
