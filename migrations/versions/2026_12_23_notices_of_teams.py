"""People can be told of what is given to a team of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "1202"
down_revision = "1201"
branch_labels = None
depends_on = None

BEFORE = ("assigned", "mentioned", "reply", "at_risk", "rejected", "retainer", "new_ticket")
AFTER = (*BEFORE[:1], "team", *BEFORE[1:])
TABLES = ("notices", "notice_choices")


def upgrade() -> None:
    for table in TABLES:
        _allow(table, AFTER)


def downgrade() -> None:
    op.execute("DELETE FROM pushes WHERE notice_id IN (SELECT id FROM notices WHERE kind = 'team')")
    for table in TABLES:
        op.execute(sa.text(f"DELETE FROM {table} WHERE kind = 'team'"))
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
