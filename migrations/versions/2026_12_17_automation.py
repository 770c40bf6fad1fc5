"""Rules that act on tickets by themselves, what they have to look at, and their log; two examples, switched off."""

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "1020"
down_revision = "1121"
branch_labels = None
depends_on = None

TRIGGERS = (
    "opened_by_mail", "opened_by_hand", "client_answered", "we_answered", "noted", "status_changed", "assigned",
    "tagged", "priority_changed", "at_risk", "missed", "since_client", "since_answer", "since_status",
)  # fmt: skip
IS_WAITING = sa.text("state <> 'failed'")
REMINDER = """Hello {{requester.first_name}},

we are waiting for your answer on “{{ticket.subject}}”. Is there anything that you need from us? Just answer this mail.

{{company.name}}"""


def _one_of(column: str, words: tuple[str, ...], table: str) -> sa.CheckConstraint:
    listed = ", ".join(f"'{word}'" for word in words)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=op.f(f"ck_{table}_{column}_is_known"))


def upgrade() -> None:
    rules = op.create_table(
        "automation_rules",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("switched_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("conditions", sa.JSON(), nullable=False),
        sa.Column("any_condition", sa.Boolean(), nullable=False),
        sa.Column("acts", sa.JSON(), nullable=False),
        sa.Column("stops", sa.Boolean(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("switched_off_why", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        _one_of("trigger", TRIGGERS, "automation_rules"),
        _one_of("unit", ("", "hours", "days", "working_hours"), "automation_rules"),
        sa.CheckConstraint("failures >= 0", name=op.f("ck_automation_rules_failures_are_counted")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_rules")),
    )
    op.create_table(
        "automation_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("trigger", sa.String(), nullable=False),
        sa.Column("happened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        _one_of("state", ("waiting", "claimed", "failed"), "automation_events"),
        _one_of("trigger", TRIGGERS, "automation_events"),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_automation_events_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_events")),
    )
    op.create_index(op.f("ix_automation_events_work_item_id"), "automation_events", ["work_item_id"])
    op.create_index(
        "ix_automation_events_due",
        "automation_events",
        ["state", "id"],
        sqlite_where=IS_WAITING,
        postgresql_where=IS_WAITING,
    )
    op.create_table(
        "automation_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_id", sa.Integer(), nullable=True),
        sa.Column("rule_name", sa.String(), nullable=False),
        sa.Column("rule_as_it_was", sa.JSON(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("because", sa.JSON(), nullable=False),
        sa.Column("did", sa.JSON(), nullable=False),
        sa.Column("why_not", sa.String(), nullable=False),
        _one_of("outcome", ("done", "left", "failed"), "automation_runs"),
        sa.ForeignKeyConstraint(
            ["work_item_id"], ["work_items.id"], name=op.f("fk_automation_runs_work_item_id_work_items")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_automation_runs")),
        sa.UniqueConstraint("rule_id", "work_item_id", "key", name=op.f("uq_automation_runs_rule_id_work_item_id_key")),
    )
    op.create_index("ix_automation_runs_item", "automation_runs", ["work_item_id"])
    op.bulk_insert(
        rules, [_example(1, "Reminder after 3 days", 3, _REMINDS), _example(2, "Close after 7 days", 7, _CLOSES)]
    )


def downgrade() -> None:
    op.drop_table("automation_runs")
    op.drop_table("automation_events")
    op.drop_table("automation_rules")


_REMINDS = {"mail_text": REMINDER}
_CLOSES = {"status": "closed"}


def _example(position: int, name: str, days: int, acts: dict[str, str]) -> dict[str, object]:
    now = datetime.now(UTC)
    return {
        "position": position,
        "name": name,
        "active": False,
        "switched_on_at": None,
        "trigger": "since_answer",
        "amount": days,
        "unit": "days",
        "conditions": [{"field": "status", "operator": "is", "value": "waiting"}],
        "any_condition": False,
        "acts": acts,
        "stops": False,
        "failures": 0,
        "switched_off_why": "",
        "created_at": now,
        "changed_at": now,
    }
