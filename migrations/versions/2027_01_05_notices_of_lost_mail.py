"""People can be told that a mail of theirs did not arrive."""

import sqlalchemy as sa
from alembic import op

revision = "1290"
down_revision = "1295"
branch_labels = None
depends_on = None

BEFORE = ("assigned", "team", "mentioned", "reply", "at_risk", "rejected", "retainer", "new_ticket")
AFTER = (*BEFORE[:4], "undelivered", *BEFORE[4:])
TABLES = ("notices", "notice_choices")


def upgrade() -> None:
    for table in TABLES:
        _allow(table, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM pushes WHERE notice_id IN (SELECT id FROM notices WHERE kind = 'undelivered')")
    for table in TABLES:
        op.execute(sa.text(f"DELETE FROM {table} WHERE kind = 'undelivered'"))
        _allow(table, BEFORE)


def _allow(table: str, kinds: tuple[str, ...]) -> None:
    """Put the check of the kind anew; on SQLite the table is written anew."""
    name, condition = f"ck_{table}_kind_is_known", "kind IN ({})".format(", ".join(f"'{kind}'" for kind in kinds))
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint(op.f(name), table, type_="check")
        op.create_check_constraint(op.f(name), table, condition)
        return
    with op.batch_alter_table(table, recreate="always", reflect_kwargs={"resolve_fks": False}) as batch:
        batch.drop_constraint(op.f(name), type_="check")
        batch.create_check_constraint(op.f(name), condition)
