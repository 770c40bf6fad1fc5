"""The first schema: every slice from infra to intake."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "audit_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=True),
        sa.Column("actor_name", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object_kind", sa.String(), nullable=False),
        sa.Column("object_id", sa.Integer(), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_rows")),
    )
    op.create_index("ix_audit_rows_object", "audit_rows", ["object_kind", "object_id"], unique=False)
    op.create_table(
        "blobs",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("erased_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("erased_by", sa.String(), nullable=True),
        sa.Column("erased_why", sa.String(), nullable=True),
        sa.CheckConstraint("size_bytes >= 0", name=op.f("ck_blobs_size_is_not_negative")),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_blobs")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "job_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job", sa.String(), nullable=False),
        sa.Column("args", sa.JSON(), nullable=False),
        sa.Column("queue", sa.String(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("traceback", sa.String(), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("resolved_by_id", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_failures")),
    )
    op.create_index(op.f("ix_job_failures_failed_at"), "job_failures", ["failed_at"], unique=False)
    op.create_table(
        "leases",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("holder", sa.String(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_leases")),
    )
    op.create_table(
        "mailboxes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("signature", sa.String(), nullable=False),
        sa.Column("acknowledgement", sa.String(), nullable=False),
        sa.Column("plus_addresses", sa.Boolean(), nullable=False),
        sa.Column("smtp_host", sa.String(), nullable=False),
        sa.Column("smtp_port", sa.Integer(), nullable=False),
        sa.Column("smtp_security", sa.String(), nullable=False),
        sa.Column("smtp_user", sa.String(), nullable=False),
        sa.Column("smtp_secret", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "smtp_security IN ('none', 'starttls', 'tls')", name=op.f("ck_mailboxes_smtp_security_is_known")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mailboxes")),
        sa.UniqueConstraint("address", name=op.f("uq_mailboxes_address")),
    )
    op.create_table(
        "number_series",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("pattern", sa.String(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('invoice', 'credit_note')", name=op.f("ck_number_series_kind_is_known")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_number_series")),
        sa.UniqueConstraint("kind", "year", name=op.f("uq_number_series_kind_year")),
    )
    op.create_table(
        "one_time_tokens",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_time_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_one_time_tokens_token_hash")),
    )
    op.create_table(
        "people",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password_hash", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "role IN ('account_manager', 'admin', 'bookkeeper', 'manager', 'technician')",
            name=op.f("ck_people_role_is_known"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
    )
    op.create_index("uq_people_email_lower", "people", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "periodic_runs",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("last_started_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_periodic_runs")),
    )
    op.create_table(
        "sign_in_attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_attempts")),
    )
    op.create_index("ix_sign_in_attempts_key_at", "sign_in_attempts", ["key", "at"], unique=False)
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_teams")),
        sa.UniqueConstraint("name", name=op.f("uq_teams_name")),
    )
    op.create_table(
        "work_types",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("billable", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_types")),
        sa.UniqueConstraint("name", name=op.f("uq_work_types_name")),
    )
    op.create_table(
        "clients",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("vat_id", sa.String(), nullable=False),
        sa.Column("customer_number", sa.String(), nullable=False),
        sa.Column("purchase_order", sa.String(), nullable=False),
        sa.Column("invoice_email", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("tax_percent", sa.String(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("is_internal", sa.Boolean(), nullable=False),
        sa.Column("account_manager_id", sa.Integer(), nullable=True),
        sa.Column("restricted_team_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_manager_id"], ["people.id"], name=op.f("fk_clients_account_manager_id")),
        sa.ForeignKeyConstraint(["restricted_team_id"], ["teams.id"], name=op.f("fk_clients_restricted_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clients")),
        sa.UniqueConstraint("name", name=op.f("uq_clients_name")),
    )
    op.create_index(op.f("ix_clients_account_manager_id"), "clients", ["account_manager_id"], unique=False)
    op.create_table(
        "close_runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["started_by_id"], ["people.id"], name=op.f("fk_close_runs_started_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_close_runs")),
        sa.UniqueConstraint("month", name=op.f("uq_close_runs_month")),
    )
    op.create_table(
        "company",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("legal_name", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("vat_id", sa.String(), nullable=False),
        sa.Column("registration", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("website", sa.String(), nullable=False),
        sa.Column("bank_name", sa.String(), nullable=False),
        sa.Column("iban", sa.String(), nullable=False),
        sa.Column("bic", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("payment_days", sa.Integer(), nullable=False),
        sa.Column("tax_percent", sa.String(), nullable=False),
        sa.Column("invoice_number_pattern", sa.String(), nullable=False),
        sa.Column("invoice_terms", sa.String(), nullable=False),
        sa.Column("logo_sha256", sa.String(), nullable=True),
        sa.Column("self_approval", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_company_only_one")),
        sa.ForeignKeyConstraint(["logo_sha256"], ["blobs.sha256"], name=op.f("fk_company_logo_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company")),
    )
    op.create_table(
        "cost_rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_cost_rates_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_rates")),
        sa.UniqueConstraint("person_id", "effective_on", name=op.f("uq_cost_rates_person_id_effective_on")),
    )
    op.create_table(
        "inbound_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("uid_validity", sa.BigInteger(), nullable=False),
        sa.Column("uid", sa.BigInteger(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_address", sa.String(), nullable=False),
        sa.Column("from_name", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("seen_on_server", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("matched_by", sa.String(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('received', 'processing', 'done', 'ignored', 'quarantined')",
            name=op.f("ck_inbound_messages_state_is_known"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_inbound_messages_attempts_are_counted")),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_inbound_messages_blob_sha256")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_inbound_messages_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_messages")),
        sa.UniqueConstraint(
            "mailbox_id",
            "folder",
            "uid_validity",
            "uid",
            name=op.f("uq_inbound_messages_mailbox_id_folder_uid_validity_uid"),
        ),
    )
    op.create_index(
        "ix_inbound_messages_identity", "inbound_messages", ["mailbox_id", "message_id", "content_hash"], unique=False
    )
    op.create_index("ix_inbound_messages_state", "inbound_messages", ["state", "lease_expires_at"], unique=False)
    op.create_table(
        "outgoing_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("about_kind", sa.String(), nullable=False),
        sa.Column("about_id", sa.Integer(), nullable=False),
        sa.Column("from_name", sa.String(), nullable=False),
        sa.Column("envelope_from", sa.String(), nullable=False),
        sa.Column("reply_to", sa.String(), nullable=False),
        sa.Column("to", sa.JSON(), nullable=False),
        sa.Column("cc", sa.JSON(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=True),
        sa.Column("in_reply_to", sa.String(), nullable=False),
        sa.Column("references", sa.JSON(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("next_attempt_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('acknowledgement', 'reply', 'invoice', 'notice')",
            name=op.f("ck_outgoing_messages_purpose_is_known"),
        ),
        sa.CheckConstraint(
            "state IN ('queued', 'claimed', 'sent', 'failed')", name=op.f("ck_outgoing_messages_state_is_known")
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_outgoing_messages_attempts_are_counted")),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_outgoing_messages_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outgoing_messages")),
        sa.UniqueConstraint("idempotency_key", name=op.f("uq_outgoing_messages_idempotency_key")),
        sa.UniqueConstraint("message_id", name=op.f("uq_outgoing_messages_message_id")),
    )
    op.create_index("ix_outgoing_messages_about", "outgoing_messages", ["about_kind", "about_id"], unique=False)
    op.create_index("ix_outgoing_messages_due", "outgoing_messages", ["state", "next_attempt_at"], unique=False)
    op.create_table(
        "person_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_person_sessions_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_person_sessions_token_hash")),
    )
    op.create_index(op.f("ix_person_sessions_person_id"), "person_sessions", ["person_id"], unique=False)
    op.create_table(
        "team_members",
        sa.Column("team_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_team_members_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["teams.id"], name=op.f("fk_team_members_team_id")),
        sa.PrimaryKeyConstraint("team_id", "person_id", name=op.f("pk_team_members")),
    )
    op.create_table(
        "agreements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("ends_on IS NULL OR ends_on >= starts_on", name=op.f("ck_agreements_ends_after_it_starts")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_agreements_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreements")),
    )
    op.create_index(op.f("ix_agreements_client_id"), "agreements", ["client_id"], unique=False)
    op.create_table(
        "client_domains",
        sa.Column("domain", sa.String(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_client_domains_client_id")),
        sa.PrimaryKeyConstraint("domain", name=op.f("pk_client_domains")),
    )
    op.create_index(op.f("ix_client_domains_client_id"), "client_domains", ["client_id"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("phone", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("undeliverable_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_contacts_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
    )
    op.create_index(op.f("ix_contacts_client_id"), "contacts", ["client_id"], unique=False)
    op.create_index("uq_contacts_email_lower", "contacts", [sa.literal_column("lower(email)")], unique=True)
    op.create_table(
        "invoices",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("idempotency_key", sa.String(), nullable=False),
        sa.Column("month", sa.Date(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("net_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("series_id", sa.Integer(), nullable=True),
        sa.Column("series_number", sa.Integer(), nullable=True),
        sa.Column("number", sa.String(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("canonical_json", sa.String(), nullable=True),
        sa.Column("canonical_sha256", sa.String(), nullable=True),
        sa.Column("pdf_sha256", sa.String(), nullable=True),
        sa.Column("send_to", sa.String(), nullable=False),
        sa.Column("outgoing_message_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviewed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(number IS NULL) = (status IN ('draft', 'dropped'))", name=op.f("ck_invoices_numbered_when_issued")
        ),
        sa.CheckConstraint(
            "status IN ('draft', 'issued', 'part_paid', 'paid', 'void', 'credited', 'dropped')",
            name=op.f("ck_invoices_status_is_known"),
        ),
        sa.CheckConstraint("total_minor = net_minor + tax_minor", name=op.f("ck_invoices_total_is_net_and_tax")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_invoices_client_id")),
        sa.ForeignKeyConstraint(
            ["outgoing_message_id"], ["outgoing_messages.id"], name=op.f("fk_invoices_outgoing_message_id")
        ),
        sa.ForeignKeyConstraint(["pdf_sha256"], ["blobs.sha256"], name=op.f("fk_invoices_pdf_sha256")),
        sa.ForeignKeyConstraint(["series_id"], ["number_series.id"], name=op.f("fk_invoices_series_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
        sa.UniqueConstraint("number", name=op.f("uq_invoices_number")),
        sa.UniqueConstraint("series_id", "series_number", name=op.f("uq_invoices_series_id_series_number")),
    )
    op.create_index("ix_invoices_client_month", "invoices", ["client_id", "month"], unique=False)
    op.create_index(
        "one_live_invoice_by_key",
        "invoices",
        ["idempotency_key"],
        unique=True,
        sqlite_where=sa.text("status NOT IN ('void', 'dropped')"),
        postgresql_where=sa.text("status NOT IN ('void', 'dropped')"),
    )
    op.create_table(
        "outgoing_attachments",
        sa.Column("outgoing_message_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_outgoing_attachments_blob_sha256")),
        sa.ForeignKeyConstraint(
            ["outgoing_message_id"], ["outgoing_messages.id"], name=op.f("fk_outgoing_attachments_outgoing_message_id")
        ),
        sa.PrimaryKeyConstraint("outgoing_message_id", "position", name=op.f("pk_outgoing_attachments")),
    )
    op.create_table(
        "projects",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("billing", sa.String(), nullable=False),
        sa.Column("manager_id", sa.Integer(), nullable=True),
        sa.Column("is_triage", sa.Boolean(), nullable=False),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("budget_seconds", sa.Integer(), nullable=True),
        sa.Column("budget_minor", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "billing IN ('hourly', 'retainer', 'fixed_fee', 'internal')", name=op.f("ck_projects_billing_is_known")
        ),
        sa.CheckConstraint("status IN ('active', 'paused', 'done')", name=op.f("ck_projects_status_is_known")),
        sa.CheckConstraint(
            "budget_seconds IS NULL OR budget_seconds >= 0", name=op.f("ck_projects_budget_is_not_negative")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_projects_client_id")),
        sa.ForeignKeyConstraint(["manager_id"], ["people.id"], name=op.f("fk_projects_manager_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_projects")),
    )
    op.create_index(op.f("ix_projects_client_id"), "projects", ["client_id"], unique=False)
    op.create_table(
        "rounding_policies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("step_minutes", sa.Integer(), nullable=False),
        sa.Column("minimum_minutes", sa.Integer(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("grace_seconds", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "mode IN ('up', 'down', 'nearest', 'none')", name=op.f("ck_rounding_policies_mode_is_known")
        ),
        sa.CheckConstraint("scope IN ('entry', 'day', 'ticket')", name=op.f("ck_rounding_policies_scope_is_known")),
        sa.CheckConstraint("grace_seconds >= 0", name=op.f("ck_rounding_policies_grace_is_not_negative")),
        sa.CheckConstraint("minimum_minutes >= 0", name=op.f("ck_rounding_policies_minimum_is_not_negative")),
        sa.CheckConstraint(
            "step_minutes BETWEEN 1 AND 1440", name=op.f("ck_rounding_policies_step_is_a_part_of_a_day")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_rounding_policies_client_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounding_policies")),
        sa.UniqueConstraint("client_id", "effective_on", name=op.f("uq_rounding_policies_client_id_effective_on")),
    )
    op.create_table(
        "agreement_scope",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("work_type_id", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(project_id IS NULL) <> (work_type_id IS NULL)", name=op.f("ck_agreement_scope_is_one_thing")
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_agreement_scope_agreement_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_agreement_scope_project_id")),
        sa.ForeignKeyConstraint(["work_type_id"], ["work_types.id"], name=op.f("fk_agreement_scope_work_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_scope")),
        sa.UniqueConstraint("agreement_id", "project_id", name=op.f("uq_agreement_scope_agreement_id_project_id")),
        sa.UniqueConstraint("agreement_id", "work_type_id", name=op.f("uq_agreement_scope_agreement_id_work_type_id")),
    )
    op.create_table(
        "agreement_terms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("allowance_seconds", sa.Integer(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("fee_timing", sa.String(), nullable=False),
        sa.Column("overage_rate_minor", sa.BigInteger(), nullable=True),
        sa.Column("overage_basis", sa.String(), nullable=False),
        sa.Column("rollover_months", sa.Integer(), nullable=False),
        sa.Column("rollover_cap_seconds", sa.Integer(), nullable=True),
        sa.Column("draw_order", sa.String(), nullable=False),
        sa.Column("carry_deficit", sa.Boolean(), nullable=False),
        sa.Column("prorate", sa.Boolean(), nullable=False),
        sa.Column("multipliers", sa.JSON(), nullable=False),
        sa.Column("after_hours", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "draw_order IN ('earliest_expiry', 'current_month')", name=op.f("ck_agreement_terms_draw_order_is_known")
        ),
        sa.CheckConstraint("fee_timing IN ('advance', 'arrears')", name=op.f("ck_agreement_terms_fee_timing_is_known")),
        sa.CheckConstraint(
            "overage_basis = 'worked' OR overage_rate_minor IS NOT NULL",
            name=op.f("ck_agreement_terms_weighted_has_a_rate"),
        ),
        sa.CheckConstraint(
            "overage_basis IN ('worked', 'weighted')", name=op.f("ck_agreement_terms_overage_basis_is_known")
        ),
        sa.CheckConstraint("allowance_seconds >= 0", name=op.f("ck_agreement_terms_allowance_is_not_negative")),
        sa.CheckConstraint("fee_minor >= 0", name=op.f("ck_agreement_terms_fee_is_not_negative")),
        sa.CheckConstraint("rollover_months >= 0", name=op.f("ck_agreement_terms_rollover_is_not_negative")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_agreement_terms_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_agreement_terms")),
        sa.UniqueConstraint("agreement_id", "effective_on", name=op.f("uq_agreement_terms_agreement_id_effective_on")),
    )
    op.create_table(
        "close_steps",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.Column("left_out", sa.JSON(), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "state IN ('waiting', 'drafted', 'nothing', 'issued', 'failed')", name=op.f("ck_close_steps_state_is_known")
        ),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_close_steps_client_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_close_steps_invoice_id")),
        sa.ForeignKeyConstraint(["run_id"], ["close_runs.id"], name=op.f("fk_close_steps_run_id")),
        sa.PrimaryKeyConstraint("run_id", "client_id", name=op.f("pk_close_steps")),
    )
    op.create_table(
        "intake_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=False),
        sa.Column("imap_host", sa.String(), nullable=False),
        sa.Column("imap_port", sa.Integer(), nullable=False),
        sa.Column("imap_security", sa.String(), nullable=False),
        sa.Column("imap_user", sa.String(), nullable=False),
        sa.Column("imap_secret", sa.String(), nullable=False),
        sa.Column("folder", sa.String(), nullable=False),
        sa.Column("default_project_id", sa.Integer(), nullable=True),
        sa.Column("trusted_authserv_id", sa.String(), nullable=False),
        sa.Column("start_from", sa.String(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("uid_validity", sa.BigInteger(), nullable=True),
        sa.Column("last_uid", sa.BigInteger(), nullable=False),
        sa.Column("backlog_uid", sa.BigInteger(), nullable=False),
        sa.Column("last_poll_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("idle_since", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_error", sa.String(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "imap_security IN ('none', 'starttls', 'tls')", name=op.f("ck_intake_sources_imap_security_is_known")
        ),
        sa.CheckConstraint("start_from IN ('now', 'all')", name=op.f("ck_intake_sources_start_from_is_known")),
        sa.ForeignKeyConstraint(
            ["default_project_id"], ["projects.id"], name=op.f("fk_intake_sources_default_project_id")
        ),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_intake_sources_mailbox_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_intake_sources")),
        sa.UniqueConstraint("mailbox_id", "folder", name=op.f("uq_intake_sources_mailbox_id_folder")),
    )
    op.create_table(
        "rates",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Integer(), nullable=True),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("work_type_id", sa.Integer(), nullable=True),
        sa.Column("scope_key", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "NOT (client_id IS NOT NULL AND project_id IS NOT NULL)", name=op.f("ck_rates_client_or_project")
        ),
        sa.CheckConstraint("amount_minor >= 0", name=op.f("ck_rates_amount_is_not_negative")),
        sa.ForeignKeyConstraint(["client_id"], ["clients.id"], name=op.f("fk_rates_client_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_rates_person_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_rates_project_id")),
        sa.ForeignKeyConstraint(["work_type_id"], ["work_types.id"], name=op.f("fk_rates_work_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rates")),
        sa.UniqueConstraint(
            "scope_key", "currency", "effective_on", name=op.f("uq_rates_scope_key_currency_effective_on")
        ),
    )
    op.create_index(op.f("ix_rates_client_id"), "rates", ["client_id"], unique=False)
    op.create_index(op.f("ix_rates_project_id"), "rates", ["project_id"], unique=False)
    op.create_table(
        "retainer_periods",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("granted_seconds", sa.Integer(), nullable=False),
        sa.Column("carried_in_seconds", sa.Integer(), nullable=False),
        sa.Column("topped_up_seconds", sa.Integer(), nullable=False),
        sa.Column("used_seconds", sa.Integer(), nullable=False),
        sa.Column("expired_seconds", sa.Integer(), nullable=False),
        sa.Column("carried_out_seconds", sa.Integer(), nullable=False),
        sa.Column("overage_seconds", sa.Integer(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_by_id", sa.Integer(), nullable=True),
        sa.Column("reversed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "granted_seconds + carried_in_seconds + topped_up_seconds = used_seconds + expired_seconds + carried_out_seconds",
            name=op.f("ck_retainer_periods_balances"),
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_retainer_periods_agreement_id")),
        sa.ForeignKeyConstraint(["closed_by_id"], ["people.id"], name=op.f("fk_retainer_periods_closed_by_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_retainer_periods")),
        sa.UniqueConstraint(
            "agreement_id", "month", "revision", name=op.f("uq_retainer_periods_agreement_id_month_revision")
        ),
    )
    op.create_index(
        "one_live_period",
        "retainer_periods",
        ["agreement_id", "month"],
        unique=True,
        sqlite_where=sa.text("reversed_at IS NULL"),
        postgresql_where=sa.text("reversed_at IS NULL"),
    )
    op.create_table(
        "top_ups",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("agreement_id", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("expires_on", sa.Date(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("expires_on >= valid_from", name=op.f("ck_top_ups_expires_after_it_starts")),
        sa.CheckConstraint("seconds > 0", name=op.f("ck_top_ups_is_some_time")),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_top_ups_agreement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_top_ups")),
    )
    op.create_index(op.f("ix_top_ups_agreement_id"), "top_ups", ["agreement_id"], unique=False)
    op.create_table(
        "work_items",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("priority", sa.String(), nullable=False),
        sa.Column("assignee_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('ticket', 'task')", name=op.f("ck_work_items_kind_is_known")),
        sa.CheckConstraint(
            "priority IN ('low', 'normal', 'high', 'urgent')", name=op.f("ck_work_items_priority_is_known")
        ),
        sa.CheckConstraint(
            "status IN ('new', 'open', 'in_progress', 'waiting', 'solved', 'closed')",
            name=op.f("ck_work_items_status_is_known"),
        ),
        sa.ForeignKeyConstraint(["assignee_id"], ["people.id"], name=op.f("fk_work_items_assignee_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_work_items_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_items")),
        sa.UniqueConstraint("number", name=op.f("uq_work_items_number")),
    )
    op.create_index(op.f("ix_work_items_assignee_id"), "work_items", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_work_items_project_id"), "work_items", ["project_id"], unique=False)
    op.create_index("ix_work_items_queue", "work_items", ["kind", "status", "updated_at"], unique=False)
    op.create_table(
        "invoice_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("invoice_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("minutes", sa.String(), nullable=True),
        sa.Column("unit_price", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_percent", sa.String(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=True),
        sa.Column("retainer_period_id", sa.Integer(), nullable=True),
        sa.Column("agreement_id", sa.Integer(), nullable=True),
        sa.Column("fee_month", sa.Date(), nullable=True),
        sa.CheckConstraint(
            "(kind = 'retainer_fee') = (agreement_id IS NOT NULL AND fee_month IS NOT NULL)",
            name=op.f("ck_invoice_lines_fee_names_its_month"),
        ),
        sa.CheckConstraint(
            "kind IN ('retainer_fee', 'overage', 'time', 'expense', 'free')",
            name=op.f("ck_invoice_lines_kind_is_known"),
        ),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreements.id"], name=op.f("fk_invoice_lines_agreement_id")),
        sa.ForeignKeyConstraint(["invoice_id"], ["invoices.id"], name=op.f("fk_invoice_lines_invoice_id")),
        sa.ForeignKeyConstraint(
            ["retainer_period_id"], ["retainer_periods.id"], name=op.f("fk_invoice_lines_retainer_period_id")
        ),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_invoice_lines_work_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoice_lines")),
        sa.UniqueConstraint("invoice_id", "position", name=op.f("uq_invoice_lines_invoice_id_position")),
    )
    op.create_index("ix_invoice_lines_fee", "invoice_lines", ["agreement_id", "fee_month"], unique=False)
    op.create_table(
        "messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=True),
        sa.Column("person_id", sa.Integer(), nullable=True),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("html", sa.String(), nullable=True),
        sa.Column("reply_text", sa.String(), nullable=False),
        sa.Column("trimmed_text", sa.String(), nullable=False),
        sa.Column("recipients", sa.JSON(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("held", sa.Boolean(), nullable=False),
        sa.Column("unverified", sa.Boolean(), nullable=False),
        sa.Column("blocked_images", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("outgoing_message_id", sa.Integer(), nullable=True),
        sa.CheckConstraint("kind IN ('mail', 'reply', 'note', 'event')", name=op.f("ck_messages_kind_is_known")),
        sa.CheckConstraint(
            "NOT (contact_id IS NOT NULL AND person_id IS NOT NULL)", name=op.f("ck_messages_has_one_author")
        ),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_messages_contact_id")),
        sa.ForeignKeyConstraint(
            ["outgoing_message_id"], ["outgoing_messages.id"], name=op.f("fk_messages_outgoing_message_id")
        ),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_messages_person_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_messages_work_item_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
    )
    op.create_index("ix_messages_conversation", "messages", ["work_item_id", "posted_at"], unique=False)
    op.create_table(
        "participants",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("added_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("role IN ('requester', 'cc')", name=op.f("ck_participants_role_is_known")),
        sa.ForeignKeyConstraint(["contact_id"], ["contacts.id"], name=op.f("fk_participants_contact_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_participants_work_item_id")),
        sa.PrimaryKeyConstraint("work_item_id", "contact_id", name=op.f("pk_participants")),
    )
    op.create_table(
        "task_details",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("due_on", sa.Date(), nullable=True),
        sa.Column("estimate_seconds", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "parent_id IS NULL OR parent_id <> work_item_id", name=op.f("ck_task_details_is_not_its_own_parent")
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["work_items.id"], name=op.f("fk_task_details_parent_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_task_details_work_item_id")),
        sa.PrimaryKeyConstraint("work_item_id", name=op.f("pk_task_details")),
    )
    op.create_index(op.f("ix_task_details_parent_id"), "task_details", ["parent_id"], unique=False)
    op.create_table(
        "thread_references",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_thread_references_work_item_id")),
        sa.PrimaryKeyConstraint("work_item_id", "message_id", name=op.f("pk_thread_references")),
    )
    op.create_index("ix_thread_references_message_id", "thread_references", ["message_id"], unique=False)
    op.create_table(
        "ticket_details",
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("requester_id", sa.Integer(), nullable=False),
        sa.Column("mailbox_id", sa.Integer(), nullable=True),
        sa.Column("related_to_id", sa.Integer(), nullable=True),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("last_message_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reopened_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["mailbox_id"], ["mailboxes.id"], name=op.f("fk_ticket_details_mailbox_id")),
        sa.ForeignKeyConstraint(["related_to_id"], ["work_items.id"], name=op.f("fk_ticket_details_related_to_id")),
        sa.ForeignKeyConstraint(["requester_id"], ["contacts.id"], name=op.f("fk_ticket_details_requester_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_ticket_details_work_item_id")),
        sa.PrimaryKeyConstraint("work_item_id", name=op.f("pk_ticket_details")),
    )
    op.create_index(op.f("ix_ticket_details_requester_id"), "ticket_details", ["requester_id"], unique=False)
    op.create_table(
        "time_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.Integer(), nullable=False),
        sa.Column("work_type_id", sa.Integer(), nullable=True),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("duration_only", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.Column("billable", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("rejected_because", sa.String(), nullable=False),
        sa.Column("resumes_id", sa.Integer(), nullable=True),
        sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by_id", sa.Integer(), nullable=True),
        sa.Column("billable_seconds", sa.Integer(), nullable=True),
        sa.Column("rate_minor", sa.BigInteger(), nullable=True),
        sa.Column("rate_currency", sa.String(), nullable=True),
        sa.Column("rate_reason", sa.String(), nullable=False),
        sa.Column("cost_rate_minor", sa.BigInteger(), nullable=True),
        sa.Column("rounding_policy_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "billable IN ('billable', 'not_billable', 'no_charge')", name=op.f("ck_time_entries_billable_is_known")
        ),
        sa.CheckConstraint("ended_at IS NOT NULL OR status = 'draft'", name=op.f("ck_time_entries_running_is_draft")),
        sa.CheckConstraint("source IN ('timer', 'typed')", name=op.f("ck_time_entries_source_is_known")),
        sa.CheckConstraint(
            "status IN ('draft', 'submitted', 'approved', 'rejected', 'locked')",
            name=op.f("ck_time_entries_status_is_known"),
        ),
        sa.CheckConstraint(
            "billable_seconds IS NULL OR billable_seconds >= 0", name=op.f("ck_time_entries_bills_no_negative_time")
        ),
        sa.CheckConstraint(
            "ended_at IS NULL OR ended_at >= started_at", name=op.f("ck_time_entries_ends_after_it_starts")
        ),
        sa.ForeignKeyConstraint(["approved_by_id"], ["people.id"], name=op.f("fk_time_entries_approved_by_id")),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_time_entries_person_id")),
        sa.ForeignKeyConstraint(["resumes_id"], ["time_entries.id"], name=op.f("fk_time_entries_resumes_id")),
        sa.ForeignKeyConstraint(
            ["rounding_policy_id"], ["rounding_policies.id"], name=op.f("fk_time_entries_rounding_policy_id")
        ),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_time_entries_work_item_id")),
        sa.ForeignKeyConstraint(["work_type_id"], ["work_types.id"], name=op.f("fk_time_entries_work_type_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_time_entries")),
        sa.UniqueConstraint("uuid", name=op.f("uq_time_entries_uuid")),
    )
    op.create_index("ix_time_entries_person_started", "time_entries", ["person_id", "started_at"], unique=False)
    op.create_index("ix_time_entries_status_started", "time_entries", ["status", "started_at"], unique=False)
    op.create_index(op.f("ix_time_entries_work_item_id"), "time_entries", ["work_item_id"], unique=False)
    op.create_index(
        "one_running_timer",
        "time_entries",
        ["person_id"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("blob_sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("content_type", sa.String(), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("inline", sa.Boolean(), nullable=False),
        sa.Column("content_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["blob_sha256"], ["blobs.sha256"], name=op.f("fk_attachments_blob_sha256")),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_attachments_message_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attachments")),
    )
    op.create_index(op.f("ix_attachments_message_id"), "attachments", ["message_id"], unique=False)
    op.create_table(
        "charges",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("time_entry_id", sa.Integer(), nullable=False),
        sa.Column("from_second", sa.Integer(), nullable=False),
        sa.Column("to_second", sa.Integer(), nullable=False),
        sa.Column("burn_seconds", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("holder_kind", sa.String(), nullable=False),
        sa.Column("holder_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(state = 'released') = (released_at IS NOT NULL)", name=op.f("ck_charges_released_at_a_time")
        ),
        sa.CheckConstraint(
            "kind IN ('covered', 'overage', 'hourly', 'written_off')", name=op.f("ck_charges_kind_is_known")
        ),
        sa.CheckConstraint("state IN ('held', 'fixed', 'released')", name=op.f("ck_charges_state_is_known")),
        sa.CheckConstraint("burn_seconds >= 0", name=op.f("ck_charges_burns_no_negative_time")),
        sa.CheckConstraint("from_second >= 0 AND to_second > from_second", name=op.f("ck_charges_is_a_range")),
        sa.ForeignKeyConstraint(["time_entry_id"], ["time_entries.id"], name=op.f("fk_charges_time_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_charges")),
    )
    op.create_index("ix_charges_holder", "charges", ["holder_kind", "holder_id"], unique=False)
    op.create_index(op.f("ix_charges_time_entry_id"), "charges", ["time_entry_id"], unique=False)
    op.create_index(
        "one_live_charge_from_a_second",
        "charges",
        ["time_entry_id", "from_second"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "inbound_effects",
        sa.Column("inbound_message_id", sa.Integer(), nullable=False),
        sa.Column("work_item_id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["inbound_message_id"], ["inbound_messages.id"], name=op.f("fk_inbound_effects_inbound_message_id")
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_inbound_effects_message_id")),
        sa.ForeignKeyConstraint(["work_item_id"], ["work_items.id"], name=op.f("fk_inbound_effects_work_item_id")),
        sa.PrimaryKeyConstraint("inbound_message_id", name=op.f("pk_inbound_effects")),
    )
    op.create_index(op.f("ix_inbound_effects_work_item_id"), "inbound_effects", ["work_item_id"], unique=False)
    op.create_table(
        "ledger_rows",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("period_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("reverses", sa.Boolean(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("time_entry_id", sa.Integer(), nullable=True),
        sa.Column("from_second", sa.Integer(), nullable=True),
        sa.Column("to_second", sa.Integer(), nullable=True),
        sa.Column("price_minor", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "kind IN ('grant', 'carried_in', 'top_up', 'draw', 'expiry', 'carried_out', 'overage', 'adjustment')",
            name=op.f("ck_ledger_rows_kind_is_known"),
        ),
        sa.ForeignKeyConstraint(["period_id"], ["retainer_periods.id"], name=op.f("fk_ledger_rows_period_id")),
        sa.ForeignKeyConstraint(["time_entry_id"], ["time_entries.id"], name=op.f("fk_ledger_rows_time_entry_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_rows")),
        sa.UniqueConstraint(
            "period_id", "position", "reverses", name=op.f("uq_ledger_rows_period_id_position_reverses")
        ),
    )
    op.create_index("ix_ledger_rows_entry", "ledger_rows", ["time_entry_id"], unique=False)


def downgrade() -> None:
    op.drop_table("ledger_rows")
    op.drop_table("inbound_effects")
    op.drop_table("charges")
    op.drop_table("attachments")
    op.drop_table("time_entries")
    op.drop_table("ticket_details")
    op.drop_table("thread_references")
    op.drop_table("task_details")
    op.drop_table("participants")
    op.drop_table("messages")
    op.drop_table("invoice_lines")
    op.drop_table("work_items")
    op.drop_table("top_ups")
    op.drop_table("retainer_periods")
    op.drop_table("rates")
    op.drop_table("intake_sources")
    op.drop_table("close_steps")
    op.drop_table("agreement_terms")
    op.drop_table("agreement_scope")
    op.drop_table("rounding_policies")
    op.drop_table("projects")
    op.drop_table("outgoing_attachments")
    op.drop_table("invoices")
    op.drop_table("contacts")
    op.drop_table("client_domains")
    op.drop_table("agreements")
    op.drop_table("team_members")
    op.drop_table("person_sessions")
    op.drop_table("outgoing_messages")
    op.drop_table("inbound_messages")
    op.drop_table("cost_rates")
    op.drop_table("company")
    op.drop_table("close_runs")
    op.drop_table("clients")
    op.drop_table("work_types")
    op.drop_table("teams")
    op.drop_table("sign_in_attempts")
    op.drop_table("periodic_runs")
    op.drop_table("people")
    op.drop_table("one_time_tokens")
    op.drop_table("number_series")
    op.drop_table("mailboxes")
    op.drop_table("leases")
    op.drop_table("job_failures")
    op.drop_table("counters")
    op.drop_table("blobs")
    op.drop_table("audit_rows")
