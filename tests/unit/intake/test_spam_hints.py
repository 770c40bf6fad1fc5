"""docs/mail.md rule 43: what filters on the way said, as a hint."""

import pytest

from helpdesk.intake.domain.headers import Headers
from helpdesk.intake.domain.spam_hint import spam_hint
from helpdesk.intake.parser.read import parse
from tests.mails import mail


@pytest.mark.parametrize(
    ("name", "value", "hint"),
    [
        ("X-Spam-Flag", "YES", "A filter marked it as spam (X-Spam-Flag)."),
        ("X-Spam-Status", "Yes, score=9.3 required=5.0", "A filter marked it as spam (X-Spam-Status, score 9.3)."),
        ("X-Spam", "yes", "A filter marked it as spam (X-Spam)."),
        ("X-Bogosity", "Spam, tests=bogofilter", "A filter marked it as spam (X-Bogosity)."),
        ("X-Spamd-Result", "default: True [17.20 / 15.00];", "A filter marked it as spam (X-Spamd-Result)."),
        (
            "X-MS-Exchange-Organization-SCL",
            "6",
            "Microsoft's filter took it for spam (X-MS-Exchange-Organization-SCL: 6).",
        ),
        (
            "X-Forefront-Antispam-Report",
            "CIP:192.0.2.1;CTRY:;LANG:en;SCL:9;SFV:SPM;CAT:SPM",
            "Microsoft's filter took it for spam (X-Forefront-Antispam-Report: SCL:9).",
        ),
        (
            "X-Proofpoint-Spam-Details",
            "rule=inbound_spam policy=default score=90",
            "A filter marked it as spam (X-Proofpoint-Spam-Details).",
        ),
        ("X-Spam-Score", "7.1", "A filter gave it a high spam score (X-Spam-Score: 7.1)."),
        ("X-Spam-Score", "12.0 (++++++++++++)", "A filter gave it a high spam score (X-Spam-Score: 12.0)."),
        ("X-Spam-Level", "******", "A filter gave it a high spam level (X-Spam-Level: ******)."),
    ],
)
def test_a_filter_that_says_spam_is_a_hint(name, value, hint):
    assert spam_hint(Headers(((name, value),))) == hint


@pytest.mark.parametrize(
    "pairs",
    [
        (),
        (("X-Spam-Flag", "NO"),),
        (("X-Spam-Status", "No, score=-1.9 required=5.0 tests=BAYES_00"),),
        (("X-Spam-Score", "4.9"),),
        (("X-Spam-Score", "-2.1"),),
        (("X-Spam-Score", "no number"),),
        (("X-Spam-Status", "No, score=6.0 required=8.0"), ("X-Spam-Score", "6.0")),
        (("X-Spam-Level", "**"),),
        (("X-MS-Exchange-Organization-SCL", "-1"),),
        (("X-MS-Exchange-Organization-SCL", "1"),),
        (("X-Forefront-Antispam-Report", "CIP:192.0.2.1;SCL:1;SFV:NSPM;CAT:NONE"),),
        (("X-Spamd-Result", "default: False [-3.10 / 15.00];"),),
        (("X-Proofpoint-Spam-Details", "rule=inbound_notspam policy=default score=0"),),
        (("Subject", "X-Spam-Flag: YES"),),
    ],
)
def test_a_filter_that_does_not_say_so_is_none(pairs):
    assert spam_hint(Headers(pairs)) is None


def test_a_mail_carries_the_hint_and_is_not_judged_by_it():
    parsed = parse(mail(headers={"X-Spam-Flag": "YES"}))

    assert parsed.spam_hint == "A filter marked it as spam (X-Spam-Flag)."
    assert not parsed.automatic.is_automatic
