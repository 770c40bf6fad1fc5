"""Mailboxes with OAuth and health, rules, limits, spam, bounces, tags, and who was brought into a conversation."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


@dataclass(frozen=True)
class Check:
    """A constraint on ``table`` whose words this revision widens."""

    table: str
    column: str
    before: tuple[str, ...]
    after: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"ck_{self.table}_{self.column}_is_known"


STARTS = ("now", "all")
STATES = ("received", "processing", "done", "ignored", "quarantined")
PURPOSES = ("acknowledgement", "reply", "invoice", "notice")
WIDENED = (
    Check("intake_sources", "start_from", STARTS, ("now", "days", "all")),
    Check("inbound_messages", "state", STATES, ("received", "processing", "done", "ignored", "held", "quarantined")),
    Check("outgoing_messages", "purpose", PURPOSES, (*PURPOSES, "notification")),
)


def text_column(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.String(), nullable=False, server_default="")


def instant(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=True)


def number(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=False, server_default="0")


def flag(name: str, *, default: bool = False) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.true() if default else sa.false())


def listed(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False, server_default="[]")


def new_columns() -> tuple[tuple[str, tuple[sa.Column[object], ...]], ...]:
    """Return what each table gets; a column with a check or a key of its own is in ``upgrade``."""
    return (
        ("people", (flag("mail_notifications", default=True),)),
        ("contacts", (text_column("undeliverable_why"), number("soft_bounces"))),
        ("mailboxes", (instant("removed_at"), text_column("smtp_fingerprint"))),
        ("projects", (sa.Column("mail_slug", sa.String(), nullable=True),)),
        ("outgoing_messages", (instant("bounced_at"), text_column("bounce_report"))),
        ("ticket_details", (instant("spam_at"),)),
        ("participants", (instant("removed_at"),)),
        ("messages", (text_column("reply_to"), instant("discarded_at"))),
        ("attachments", (flag("folded"),)),
        (
            "intake_sources",
            (
                text_column("processed_folder"),
                sa.Column("start_days", sa.Integer(), nullable=True),
                instant("failing_since"),
                number("backlog_count"),
                instant("reconciled_at"),
                listed("missing_uids"),
                instant("tested_at"),
                listed("test_report"),
                text_column("imap_fingerprint"),
                number("generation"),
                sa.Column("floor_uid", sa.BigInteger(), nullable=False, server_default="0"),
                instant("renewed_at"),
                instant("probe_sent_at"),
                instant("probe_arrived_at"),
            ),
        ),
        (
            "inbound_messages",
            (
                instant("fetched_at"),
                flag("headers_only"),
                flag("move_pending"),
                listed("decisions"),
                instant("erased_at"),
                text_column("erased_by"),
                text_column("erased_why"),
            ),
        ),
    )


WORDED = (
    ("mailboxes", "auth", ("password", "oauth")),
    ("participants", "added_by", ("mail", "copy", "reply", "staff")),
    ("inbound_messages", "origin", ("imap", "import")),
)
INDEXED = (
    ("attachments", ("blob_sha256",), "ix_attachments_blob_sha256", False),
    ("projects", ("mail_slug",), "ix_projects_mail_slug", True),
    ("inbound_messages", ("from_address", "received_at"), "ix_inbound_messages_sender", False),
)
POINTERS = (
    ("ticket_details", "spam_by_id", "people"),
    ("messages", "passed_on_by_id", "people"),
    ("participants", "message_id", "messages"),
)


INBOUND_INDEXES = (
    ("ix_inbound_messages_outcome", ["outcome", "id"]),
    ("ix_inbound_messages_received_at", ["received_at"]),
    ("ix_inbound_messages_message_id", ["message_id"]),
    ("ix_inbound_messages_blob", ["blob_sha256"]),
)


def upgrade() -> None:
    for table, columns in new_columns():
        for column in columns:
            op.add_column(table, column)
    op.execute("UPDATE intake_sources SET floor_uid = backlog_uid WHERE start_from = 'now'")
    for table, column_name, words in WORDED:
        _add_worded(table, column_name, words)
    for table, column_name, target in POINTERS:
        _add_pointer(table, column_name, target)
    for check in WIDENED:
        _allow(check, check.after)
    for table, names, index, unique in INDEXED:
        op.create_index(index, table, names, unique=unique)
    for name, columns in INBOUND_INDEXES:
        op.create_index(name, "inbound_messages", columns, unique=False)
    _make_tables()


def downgrade() -> None:
    for name, _ in INBOUND_INDEXES:
        op.drop_index(name, "inbound_messages")
    for table in ("item_tags", "blocked_senders", "mail_rules", "intake_limits", "mailbox_grants"):
        op.drop_table(table)
    for table, _, index, _ in INDEXED:
        op.drop_index(index, table)
    op.execute("UPDATE intake_sources SET start_from = 'all' WHERE start_from = 'days'")
    op.execute("UPDATE inbound_messages SET state = 'quarantined' WHERE state = 'held'")
    op.execute("UPDATE outgoing_messages SET purpose = 'notice' WHERE purpose = 'notification'")
    rewritten = {check.table: tuple(name for table, name, _ in WORDED if table == check.table) for check in WIDENED}
    for check in WIDENED:
        _allow(check, check.before, without=rewritten[check.table])
    for table, column_name, _ in (*WORDED, *POINTERS):
        if table not in rewritten:
            _drop(table, (column_name,))
    for table, columns in new_columns():
        _drop(table, [column.name for column in columns])


def _on_sqlite() -> bool:
    return op.get_bind().dialect.name == "sqlite"


def _add_worded(table: str, column: str, words: tuple[str, ...]) -> None:
    """Add a column that holds one of ``words``, the first one where there are rows."""
    name = f"ck_{table}_{column}_is_known"
    if _on_sqlite():
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN {column} VARCHAR NOT NULL DEFAULT '{words[0]}' "
            f"CONSTRAINT {name} CHECK ({_among(column, words)})"
        )
        return
    op.add_column(table, sa.Column(column, sa.String(), nullable=False, server_default=words[0]))
    op.create_check_constraint(op.f(name), table, _among(column, words))


def _add_pointer(table: str, column: str, target: str) -> None:
    if _on_sqlite():
        name = f"fk_{table}_{column}_{target}"
        op.execute(f"ALTER TABLE {table} ADD COLUMN {column} INTEGER CONSTRAINT {name} REFERENCES {target} (id)")
        return
    op.add_column(table, sa.Column(column, sa.Integer(), nullable=True))
    op.create_foreign_key(op.f(f"fk_{table}_{column}_{target}"), table, target, [column], ["id"])


def _drop(table: str, columns: Sequence[str]) -> None:
    for column in columns:
        op.execute(f"ALTER TABLE {table} DROP COLUMN {column}")


def _allow(check: Check, words: tuple[str, ...], *, without: tuple[str, ...] = ()) -> None:
    """Put the check anew with ``words``; on SQLite its table is written anew, and its triggers with it.

    ``without`` are columns that go: SQLite drops one with a check of the table only by writing the table anew.
    """
    if not _on_sqlite():
        op.drop_constraint(op.f(check.name), check.table, type_="check")
        op.create_check_constraint(op.f(check.name), check.table, _among(check.column, words))
        _drop(check.table, without)
        return
    triggers = op.get_bind().exec_driver_sql(
        "SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = ?", (check.table,)
    )
    kept = [row[0] for row in triggers]
    with op.batch_alter_table(check.table, recreate="always", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.drop_constraint(op.f(check.name), type_="check")
        batch.create_check_constraint(op.f(check.name), _among(check.column, words))
        for column in without:
            batch.drop_constraint(op.f(f"ck_{check.table}_{column}_is_known"), type_="check")
            batch.drop_column(column)
    for trigger in kept:
        op.execute(trigger)


def _among(column: str, words: tuple[str, ...]) -> str:
    listing = ", ".join(f"'{word}'" for word in words)
    return f"{column} IN ({listing})"


def _make_tables() -> None:
    op.create_table(
        "mailbox_grants",
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("flow", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("client_secret", sa.String(), nullable=False),
        sa.Column("authorize_url", sa.String(), nullable=False),
        sa.Column("token_url", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("refresh_token", sa.String(), nullable=False),
        sa.Column("access_token", sa.String(), nullable=False),
        sa.Column("access_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("obtained_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failed_refreshes", sa.Integer(), nullable=False),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("pending_state", sa.String(), nullable=False),
        sa.Column("pending_verifier", sa.String(), nullable=False),
        sa.Column("pending_until", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "provider IN ('google', 'microsoft', 'other')", name=op.f("ck_mailbox_grants_provider_is_known")
        ),
        sa.CheckConstraint(
            "flow IN ('authorization_code', 'client_credentials')", name=op.f("ck_mailbox_grants_flow_is_known")
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_mailbox_grants_mailbox_id_mailboxes")),
        sa.PrimaryKeyConstraint("mailbox_id", name=op.f("pk_mailbox_grants")),
    )
    op.create_table(
        "intake_limits",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("acknowledgement_pause_minutes", sa.Integer(), nullable=False),
        sa.Column("acknowledgements_a_day", sa.Integer(), nullable=False),
        sa.Column("reopenings_an_hour", sa.Integer(), nullable=False),
        sa.Column("new_tickets_an_hour", sa.Integer(), nullable=False),
        sa.Column("reopens_within_days", sa.Integer(), nullable=False),
        sa.Column("largest_mail_mb", sa.Integer(), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_intake_limits_only_one")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_limits")),
    )
    op.create_table(
        "mail_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("any_condition", sa.Boolean(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("priority", sa.String(), nullable=True),
        sa.Column("tags", sa.JSON(), nullable=False),
        sa.Column("ignore_reason", sa.String(), nullable=False),
        sa.Column("automatic_may_open", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_mail_rules_project_id_projects")),
        sa.ForeignKeyConstraint(["assignee_id"], ["people.id"], name=op.f("fk_mail_rules_assignee_id_people")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_rules")),
    )
    op.create_table(
        "blocked_senders",
        sa.Column("pattern", sa.String(), nullable=False),
        sa.Column("blocked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("blocked_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["blocked_by_id"], ["people.id"], name=op.f("fk_blocked_senders_blocked_by_id_people")),
        sa.PrimaryKeyConstraint("pattern", name=op.f("pk_blocked_senders")),
    )
    op.create_table(
        "item_tags",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_item_tags_work_item_id_work_items")),
        sa.PrimaryKeyConstraint("work_item_id", "tag", name=op.f("pk_item_tags")),
    )
    op.create_index(op.f("ix_item_tags_tag"), "item_tags", ["tag"], unique=False)
