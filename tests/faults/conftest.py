"""The servers of the slices' tests, and a desk of real processes between them."""

from collections.abc import Iterator

import pytest

from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import IntakeSource
from tests.dovecot import PASSWORD, Account
from tests.faults.desk import Desk, running_desk
from tests.slices.conftest import account, connect, dovecot, inbox, smtp
from tests.smtp_sink import SmtpSink
from tests.waiting import eventually

__all__ = ["account", "dovecot", "inbox", "smtp"]


@pytest.fixture
def desk(app, office, tmp_path, account: Account, smtp: SmtpSink) -> Iterator[Desk]:
    """Real processes over a real IMAP server, waiting for mail."""
    _, source_id = connect(imap_port=account.port, smtp_port=smtp.port, user=account.user, password=PASSWORD)

    def idle():
        with unit_of_work() as session:
            return session.get_one(IntakeSource, source_id).idle_since

    with running_desk(app, tmp_path, account, smtp) as running:
        eventually(idle)
        yield running
