"""A stranger, and the machines that no person waits behind."""

from datetime import datetime, timedelta
from email.utils import format_datetime

from helpdesk.demo.mails.compose import Letter, SampleMail, Sender, sample
from helpdesk.demo.mails.harrow import DOMAIN as HARROW
from helpdesk.demo.mails.harrow import LEWIS

LOTTE = Sender(name="Lotte Anders", address="lotte.anders@freemail.example", zone="Europe/Berlin")
FIELDNOTES = Sender(name="Cable & Rack Weekly", address="weekly@cableandrack.example", zone="Europe/London")

STRANGER = Letter(
    key="stranger-laptop",
    sender=LOTTE,
    subject="Helfen Sie auch Privatleuten?",
    language="de",
    minutes_ago=30,
    html=None,
    text="""
Hallo,

eine Bekannte arbeitet bei einem Ihrer Kunden und hat Sie empfohlen. Mein Notebook startet nur noch bis zum
Anmeldebildschirm. Kann ich damit zu Ihnen kommen, und was würde das kosten?

Viele Grüße
Lotte Anders
""",
)

OUT_OF_OFFICE = Letter(
    key="harrow-out-of-office",
    sender=LEWIS,
    subject="Automatic reply: we have received your mail",
    language="en",
    minutes_ago=25,
    answers_id="<an.older.mail.2026@desk.example>",
    headers=(("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All")),
    text="""
I am out of the office until Monday and read mail in the evening. For anything urgent please call the front
desk.

Lewis Orme
""",
)

NEWSLETTER = Letter(
    key="newsletter",
    sender=FIELDNOTES,
    subject="This week: labelling patch panels without tears",
    language="en",
    minutes_ago=20,
    html="<h1>Cable &amp; Rack Weekly</h1><p>Labelling patch panels without tears, and a reader's tour of the "
    'tidiest cupboard in Wales.</p><p><a href="https://cableandrack.example/leave">Unsubscribe</a></p>',
    headers=(
        ("List-Id", "<weekly.cableandrack.example>"),
        ("List-Unsubscribe", "<https://cableandrack.example/leave>, <mailto:leave@cableandrack.example>"),
        ("Precedence", "bulk"),
    ),
    text="""
Cable & Rack Weekly

Labelling patch panels without tears, and a reader's tour of the tidiest cupboard in Wales.

Unsubscribe: https://cableandrack.example/leave
""",
)

BOUNCE_LINES = """\
Return-Path: <>
Date: {date}
From: Mail Delivery System <MAILER-DAEMON@mx.nowhere.example>
To: {support}
Message-ID: <bounce.77120.2026@mx.nowhere.example>
Subject: Undelivered Mail Returned to Sender
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="=_bounce"

--=_bounce
Content-Type: text/plain; charset=us-ascii

The mail system could not deliver your message to one recipient. It is returned below.

<nobody@nowhere.example>: host mx.nowhere.example said: 550 5.1.1 no such mailbox

--=_bounce
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.nowhere.example

Final-Recipient: rfc822; nobody@nowhere.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 no such mailbox

--=_bounce
Content-Type: text/rfc822-headers

From: {support}
To: nobody@nowhere.example
Message-ID: <never.sent.by.us.2026@nowhere.example>
Subject: Hello

--=_bounce--
"""


def twice(mail: SampleMail) -> SampleMail:
    """Return the same mail delivered again: one more hop on top, every other byte as before."""

    def write(support_address: str, now: datetime) -> bytes:
        hop = f"Received: from relay.example by mx.desk.example; {format_datetime(now)}\r\n"
        return hop.encode() + mail.raw(support_address, now=now)

    return SampleMail(key=f"{mail.key}-again", sender=mail.sender, expect="ignored", client=mail.client, write=write)


def _write_bounce(support_address: str, now: datetime) -> bytes:
    date = format_datetime(now - timedelta(minutes=15))
    return BOUNCE_LINES.format(date=date, support=support_address).replace("\n", "\r\n").encode()


BOUNCE = SampleMail(
    key="bounce", sender="mailer-daemon@mx.nowhere.example", expect="ignored", client=None, write=_write_bounce
)
AWAY = sample(OUT_OF_OFFICE, expect="ignored", client=HARROW)
WEEKLY = sample(NEWSLETTER, expect="ignored", client=None)
