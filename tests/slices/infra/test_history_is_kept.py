"""What was posted stays as it was: the database itself refuses (docs/decisions.md, "History")."""

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from helpdesk.infra import audit
from helpdesk.infra.db import unit_of_work
from helpdesk.infra.models import AuditRow
from helpdesk.infra.policy import SYSTEM
from tests.conftest import NOW


@pytest.mark.parametrize("statement", [update(AuditRow).values(action="never happened"), delete(AuditRow)])
def test_an_audit_row_can_neither_be_changed_nor_deleted(office, statement):
    with unit_of_work() as session:
        audit.record(session, actor=SYSTEM, action="tested", kind="nothing", object_id=None, now=NOW)

    with pytest.raises(DBAPIError, match="append-only"), unit_of_work() as session:
        session.execute(statement)
