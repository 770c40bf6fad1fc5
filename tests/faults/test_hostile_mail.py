"""Hostile mail on its whole way: real processes take it in, and the ordinary mail behind it is soon there.

`bench/hostile.py` does this with every kind, and measures.
"""

import pytest
from sqlalchemy import select

from helpdesk.doctor import examine
from helpdesk.infra import blobs, clock
from helpdesk.infra.db import unit_of_work
from helpdesk.intake.models import InboundMessage
from tests.hostile import MAILS, from_somebody
from tests.mails import mail
from tests.waiting import eventually

pytestmark = pytest.mark.on_sqlite

KINDS = (
    "500 levels of parts",
    "mails within mails",
    "20,000 addresses",
    "1 MB of encoded words",
    "100,000 parts",
    "a subject of 5 MB",
    "a gzip bomb",
    "a picture of 900 million pixels",
    "junk as winmail.dat",
    "charsets that nobody has",
)
BOUND_SECONDS = 60
"""What ten of them and the one behind may take on a machine that is busy with other tests."""


def outcomes():
    with unit_of_work() as session:
        rows = session.scalars(select(InboundMessage).order_by(InboundMessage.id))
        return [(row.state, row.outcome) for row in rows if row.finished_at is not None]


def test_ten_hostile_mails_in_a_row_become_tickets_and_so_does_the_ordinary_one_behind_them(desk):
    hostile = [from_somebody(MAILS[kind](), number) for number, kind in enumerate(KINDS)]

    desk.account.deliver(*hostile, mail("I only wanted to ask.", subject="Behind"))

    eventually(lambda: len(outcomes()) == len(KINDS) + 1, within_seconds=BOUND_SECONDS)
    assert outcomes() == [("done", "ticket")] * (len(KINDS) + 1)
    with unit_of_work() as session:
        assert examine(session, store=blobs.store(), now=clock.now()) == []
