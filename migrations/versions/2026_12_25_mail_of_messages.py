"""The mail by which a message came is found by the message."""

from alembic import op

revision = "1231"
down_revision = "1230"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index(op.f("ix_inbound_effects_message_id"), "inbound_effects", ["message_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_inbound_effects_message_id"), "inbound_effects")
