"""Expenses with receipts and claims, their categories, the tables of mileage and days, and rates of exchange."""

import sqlalchemy as sa
from alembic import op

revision = "0170"
down_revision = "0161"
branch_labels = None
depends_on = None

CLAIMED = ("expense_id", "amount_minor", "currency", "holder_kind", "holder_id")
BILLED = (
    "person_id",
    "project_id",
    "spent_on",
    "currency",
    "net_minor",
    "tax_minor",
    "gross_minor",
    "billing",
    "bill_minor",
    "bill_currency",
)
GUARDS = (
    ("expense_claims", "UPDATE", "a claim is released, never altered", "", CLAIMED),
    ("expense_claims", "DELETE", "a claim is released, never deleted", "", ()),
    ("expenses", "UPDATE", "a billed expense never changes", "OLD.status = 'locked'", BILLED),
    ("expenses", "DELETE", "a billed expense is never deleted", "OLD.status = 'locked'", ()),
)
CATEGORIES = (
    ("Travel", None),
    ("Accommodation", None),
    ("Meals", None),
    ("Mileage", "mileage"),
    ("Per diem", "per_diem"),
    ("Software and licences", None),
    ("Hardware", None),
    ("Postage", None),
    ("Other", "amount"),
)


def upgrade() -> None:
    op.create_table(
        "expense_categories",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("tax_percent", sa.String(), nullable=False),
        sa.Column("default_for", sa.String(), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "default_for IN ('amount', 'mileage', 'per_diem')", name=op.f("ck_expense_categories_default_for_is_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_categories")),
        sa.UniqueConstraint("default_for", name=op.f("uq_expense_categories_default_for")),
    )
    op.create_table(
        "expense_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("unit", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("(kind = 'per_diem') = (unit = 'day')", name=op.f("ck_expense_rates_days_are_per_diem")),
        sa.CheckConstraint("kind IN ('mileage', 'per_diem')", name=op.f("ck_expense_rates_kind_is_known")),
        sa.CheckConstraint("unit IN ('km', 'mi', 'day')", name=op.f("ck_expense_rates_unit_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_rates")),
    )
    op.create_table(
        "exchange_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("to_currency", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("rate", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("entered_by_id", sa.Integer(), nullable=True),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("currency <> to_currency", name=op.f("ck_exchange_rates_is_between_two")),
        sa.ForeignKeyConstraint(["entered_by_id"], ["people.id"], name=op.f("fk_exchange_rates_entered_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exchange_rates")),
        sa.UniqueConstraint(
            "currency", "to_currency", "effective_on", name=op.f("uq_exchange_rates_currency_to_currency_effective_on")
        ),
    )
    op.create_table(
        "expense_rate_steps",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rate_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.String(), nullable=False),
        sa.Column("partial_amount", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["rate_id"], ["expense_rates.id"], name=op.f("fk_expense_rate_steps_rate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_rate_steps")),
        sa.UniqueConstraint("rate_id", "effective_on", name=op.f("uq_expense_rate_steps_rate_id_effective_on")),
    )
    op.create_table(
        "expenses",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=True),
        sa.Column("category_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("spent_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.String(), nullable=False),
        sa.Column("tax_included", sa.Boolean(), nullable=False),
        sa.Column("rate_id", sa.Integer(), nullable=True),
        sa.Column("unit_amount", sa.String(), nullable=False),
        sa.Column("partial_amount", sa.String(), nullable=False),
        sa.Column("distance", sa.String(), nullable=False),
        sa.Column("full_days", sa.Integer(), nullable=False),
        sa.Column("partial_days", sa.Integer(), nullable=False),
        sa.Column("company_currency", sa.String(), nullable=False),
        sa.Column("exchange_rate", sa.String(), nullable=True),
        sa.Column("exchange_on", sa.Date(), nullable=True),
        sa.Column("exchange_source", sa.String(), nullable=False),
        sa.Column("company_minor", sa.BigInteger(), nullable=True),
        sa.Column("billing", sa.String(), nullable=False),
        sa.Column("markup_percent", sa.String(), nullable=False),
        sa.Column("bill_minor", sa.BigInteger(), nullable=True),
        sa.Column("bill_currency", sa.String(), nullable=False),
        sa.Column("bill_reason", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("rejected_because", sa.String(), nullable=False),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(kind = 'amount') = (rate_id IS NULL)", name=op.f("ck_expenses_rate_by_kind")),
        sa.CheckConstraint("billing IN ('markup', 'as_is', 'not_billable')", name=op.f("ck_expenses_billing_is_known")),
        sa.CheckConstraint("kind IN ('amount', 'mileage', 'per_diem')", name=op.f("ck_expenses_kind_is_known")),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'approved', 'rejected', 'locked')",
            name=op.f("ck_expenses_status_is_known"),
        ),
        sa.CheckConstraint(
            "status NOT IN ('approved', 'locked') OR billing = 'not_billable' OR bill_minor IS NOT NULL",
            name=op.f("ck_expenses_approved_has_its_price"),
        ),
        sa.CheckConstraint(
            "(exchange_rate IS NULL) = (company_minor IS NULL)", name=op.f("ck_expenses_exchanged_by_a_rate")
        ),
        sa.CheckConstraint("gross_minor = net_minor + tax_minor", name=op.f("ck_expenses_gross_is_net_and_tax")),
        sa.CheckConstraint("net_minor >= 0 AND tax_minor >= 0", name=op.f("ck_expenses_is_not_negative")),
        sa.ForeignKeyConstraint(["approved_by_id"], ["people.id"], name=op.f("fk_expenses_approved_by_id")),
        sa.ForeignKeyConstraint(["category_id"], ["expense_categories.id"], name=op.f("fk_expenses_category_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_expenses_person_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_expenses_project_id")),
        sa.ForeignKeyConstraint(["rate_id"], ["expense_rates.id"], name=op.f("fk_expenses_rate_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_expenses_work_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expenses")),
        sa.UniqueConstraint("uuid", name=op.f("uq_expenses_uuid")),
    )
    op.create_index("ix_expenses_day", "expenses", ["spent_on", "id"], unique=False)
    op.create_index("ix_expenses_person_day", "expenses", ["person_id", "spent_on", "id"], unique=False)
    op.create_index("ix_expenses_project_day", "expenses", ["project_id", "spent_on", "id"], unique=False)
    op.create_index("ix_expenses_status_day", "expenses", ["status", "spent_on", "id"], unique=False)
    op.create_index(op.f("ix_expenses_work_item_id"), "expenses", ["work_item_id"], unique=False)
    op.create_table(
        "expense_claims",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expense_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("holder_kind", sa.String(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'released') = (released_at IS NOT NULL)", name=op.f("ck_expense_claims_released_at_a_time")
        ),
        sa.CheckConstraint("state IN ('held', 'fixed', 'released')", name=op.f("ck_expense_claims_state_is_known")),
        sa.ForeignKeyConstraint(["expense_id"], ["expenses.id"], name=op.f("fk_expense_claims_expense_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_claims")),
    )
    op.create_index(op.f("ix_expense_claims_expense_id"), "expense_claims", ["expense_id"], unique=False)
    op.create_index("ix_expense_claims_holder", "expense_claims", ["holder_kind", "holder_id"], unique=False)
    op.create_index(
        "one_live_claim",
        "expense_claims",
        ["expense_id"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "expense_receipts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("expense_id", sa.Integer(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "content_type IN ('image/jpeg', 'image/png', 'application/pdf')",
            name=op.f("ck_expense_receipts_content_type_is_known"),
        ),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_expense_receipts_blob_sha256")),
        sa.ForeignKeyConstraint(["expense_id"], ["expenses.id"], name=op.f("fk_expense_receipts_expense_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expense_receipts")),
        sa.UniqueConstraint("expense_id", "blob_sha256", name=op.f("uq_expense_receipts_expense_id_blob_sha256")),
    )
    op.create_index(op.f("ix_expense_receipts_blob_sha256"), "expense_receipts", ["blob_sha256"], unique=False)

    op.create_index(
        "uq_expense_categories_name_lower", "expense_categories", [sa.literal_column("lower(name)")], unique=True
    )
    op.create_index("uq_expense_rates_name_lower", "expense_rates", [sa.literal_column("lower(name)")], unique=True)
    _guard()
    _add_categories()


def _guard() -> None:
    """Let nothing be rewritten that an invoice stands on."""
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    for table, event, says, condition, frozen in GUARDS:
        name = f"keep_{table}_on_{event.lower()}"
        differs = "IS NOT" if on_sqlite else "IS DISTINCT FROM"
        changed = " OR ".join(f"OLD.{column} {differs} NEW.{column}" for column in frozen)
        when = " AND ".join(filter(None, (condition, f"({changed})" if changed else ""))) or "1 = 1"
        if on_sqlite:
            op.execute(
                f"CREATE TRIGGER {name} BEFORE {event} ON {table} WHEN {when} BEGIN SELECT RAISE(ABORT, '{says}'); END"
            )
            continue
        kept = "OLD" if event == "DELETE" else "NEW"
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF {when} "
            f"THEN RAISE EXCEPTION '{says}' USING ERRCODE = 'integrity_constraint_violation'; END IF; "
            f"RETURN {kept}; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION {name}()")


def _add_categories() -> None:
    """Give a house that is set up already the categories that a new one begins with."""
    for name, kind in CATEGORIES:
        for_kind = "NULL" if kind is None else f"'{kind}'"
        op.execute(
            "INSERT INTO expense_categories (name, tax_percent, default_for) "
            f"SELECT '{name}', '', {for_kind} FROM company WHERE id = 1"
        )


def downgrade() -> None:
    on_sqlite = op.get_bind().dialect.name == "sqlite"
    tables = ("expense_receipts", "expense_claims", "expenses", "expense_rate_steps", "exchange_rates")
    for table in (*tables, "expense_rates", "expense_categories"):
        op.drop_table(table)
    for table, event, *_rest in () if on_sqlite else GUARDS:
        op.execute(f"DROP FUNCTION keep_{table}_on_{event.lower()}()")
