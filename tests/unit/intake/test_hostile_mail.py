"""docs/mail.md rule 13: mail made to keep a parser busy or to fill its memory is answered, and soon.

The limits are far above what each takes (well below a second on a quiet machine), so that a slow one does not fail.
"""

import time

import pytest

from helpdesk.intake.parser.read import parse
from tests.hostile import MAILS

SECONDS = 10


@pytest.mark.parametrize("kind", MAILS)
def test_hostile_mail_is_answered_soon(kind):
    raw = MAILS[kind]()
    began = time.process_time()

    read = parse(raw)

    assert time.process_time() - began < SECONDS
    assert read.content_hash
    assert not read.bounce.is_bounce or "MAILER-DAEMON" in read.sender.address
