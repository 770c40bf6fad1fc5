"""Harrow Street Legal LLP, London: a law firm, English."""

from helpdesk.demo.mails.compose import File, Letter, Sender
from helpdesk.demo.mails.files import pdf

DOMAIN = "harrowstreet.example"
ZONE = "Europe/London"
EDITH = Sender(name="Edith Carrow", address="e.carrow@harrowstreet.example", zone=ZONE)
DEV = Sender(name="Dev Malhotra", address="d.malhotra@harrowstreet.example", zone=ZONE)
RUTH = Sender(name="Ruth Pell", address="r.pell@harrowstreet.example", zone=ZONE)
LEWIS = Sender(name="Lewis Orme", address="l.orme@harrowstreet.example", zone=ZONE)

STARTER = Letter(
    key="harrow-starter",
    sender=EDITH,
    cc=(RUTH,),
    subject="New starter on Monday: laptop, mail, phone",
    language="en",
    minutes_ago=155,
    html=None,
    style="outlook",
    files=(
        File(
            name="new starter form.pdf",
            type="application/pdf",
            content=pdf("New starter", "", "Role: paralegal, property team", "Desk: 3.14", "Start: Monday 09:00"),
        ),
    ),
    text="""
Dear support,

a paralegal joins the property team on Monday at nine. She needs a laptop with the document system, a mailbox,
and a desk phone at 3.14. The form is attached.

Kind regards,
Edith Carrow
""",
)

STARTER_REPLY = Letter(
    key="harrow-starter-reply",
    sender=RUTH,
    subject="RE: New starter on Monday: laptop, mail, phone",
    language="en",
    minutes_ago=75,
    html=None,
    style="outlook",
    answers=STARTER,
    text="""
The start has moved by a week, to the Monday after. Everything else stays the same.

Ruth Pell
""",
)

COMPARE = Letter(
    key="harrow-compare",
    sender=DEV,
    subject="Comparison tool closes on long leases",
    language="en",
    minutes_ago=145,
    charset="windows-1252",
    text="""
Hello,

the document comparison closes without a word on leases of more than about 200 pages. Shorter ones work –
it’s been like this since the update on Friday. “Repair” from the control panel changed nothing.

I have a completion at four, so a way around it would do for today.

Dev Malhotra
""",
)

SCANS = Letter(
    key="harrow-scans",
    sender=RUTH,
    subject="Scans do not reach our mailboxes",
    language="en",
    minutes_ago=105,
    text="""
The copier on the second floor says "sent" but no scan has arrived in anybody's mailbox since yesterday
afternoon. The one on the third floor works.

Ruth Pell
""",
)

RETENTION = Letter(
    key="harrow-retention",
    sender=LEWIS,
    subject="How long are deleted mailboxes kept?",
    language="en",
    minutes_ago=45,
    html="<div>Hello,</div><div><br></div><div>for our retention policy we need one sentence from you: "
    "for how long can a deleted mailbox still be restored, and who may ask for it?</div><div><br></div>"
    "<div>Thank you,<br>Lewis Orme</div>",
    has_text=False,
    encoding="base64",
    text="",
)
