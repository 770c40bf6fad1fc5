"""Blue Heron Clinics: four clinics in England and one in Montréal, English and French."""

from helpdesk.demo.mails.compose import File, Letter, Sender
from helpdesk.demo.mails.files import error_box, pdf

DOMAIN = "blueheron.example"
LONDON, MONTREAL = "Europe/London", "America/Toronto"
AISHA = Sender(name="Aisha Rahman", address="aisha.rahman@blueheron.example", zone=LONDON)
TOM = Sender(name="Tom Ashdown", address="tom.ashdown@blueheron.example", zone=LONDON)
MAUDE = Sender(name="Maude Lévesque", address="maude.levesque@blueheron.example", zone=MONTREAL)
FRONT_DESK = Sender(name="Front desk, Elm Road", address="elmroad@blueheron.example", zone=LONDON)

UPLOAD = Letter(
    key="heron-upload",
    sender=AISHA,
    subject="Intake form loses uploads over 10 MB",
    language="en",
    minutes_ago=165,
    html="<p>Hi team,</p><p>patients who attach a scan to the intake form get this:</p>"
    '<p><img src="cid:upload-error" alt="request too large" width="180" height="72"></p>'
    "<p>It began on Monday. Small files go through. We have <b>eleven</b> forms to chase by phone already.</p>"
    "<p>Aisha</p>",
    files=(File(name="error.png", type="image/png", content=error_box(), content_id="upload-error"),),
    text="""
Hi team,

patients who attach a scan to the intake form get this:

[image: request too large]

It began on Monday. Small files go through. We have eleven forms to chase by phone already.

Aisha
""",
)

UPLOAD_REPLY = Letter(
    key="heron-upload-reply",
    sender=AISHA,
    subject="Re: Intake form loses uploads over 10 MB",
    language="en",
    minutes_ago=85,
    html=None,
    style="gmail",
    answers=UPLOAD,
    text="""
One more thing: it is only the public form. When we upload the same scan from the back office it works.

Aisha
""",
)

TABLETS = Letter(
    key="heron-tablets",
    sender=FRONT_DESK,
    subject="Check-in tablets offline again",
    language="en",
    minutes_ago=140,
    text="""
Good morning, both check-in tablets say "no connection" since we opened. The reception computers are fine. We
are taking names on paper, the queue is out of the door.

Elm Road front desk
""",
)

DOUBLES = Letter(
    key="heron-doubles",
    sender=MAUDE,
    subject="Rendez-vous affichés en double dans le portail",
    language="fr",
    minutes_ago=130,
    encoding="base64",
    text="""
Bonjour,

depuis la mise à jour de mardi, les rendez-vous de la clinique de Montréal apparaissent deux fois dans le
portail : une fois à l'heure correcte, une fois décalés de cinq heures. Deux patientes se sont présentées à la
mauvaise heure ce matin.

Merci de nous dire quoi répondre aux patients d'ici là.

Maude Lévesque
Coordonnatrice
""",
)

DOUBLES_REPLY = Letter(
    key="heron-doubles-reply",
    sender=MAUDE,
    subject="Re : Rendez-vous affichés en double dans le portail",
    language="fr",
    minutes_ago=80,
    html=None,
    style="gmail",
    answers=DOUBLES,
    text="""
Petite précision : seuls les rendez-vous pris avant mardi sont touchés. Les nouveaux sont corrects.

Maude
""",
)

CALENDAR = Letter(
    key="heron-calendar",
    sender=TOM,
    subject="Shared calendar for the visiting consultants",
    language="en",
    minutes_ago=110,
    html=None,
    files=(
        File(
            name="consultants.pdf",
            type="application/pdf",
            content=pdf("Visiting consultants", "", "Elm Road: Tuesday, Thursday", "Quayside: Wednesday"),
        ),
    ),
    text="""
Hello,

from January we have visiting consultants on changing days. Please set up a calendar that all four front desks
can write to and the consultants can only read. The plan is attached.

No hurry, any time before Christmas.

Tom Ashdown
Operations
""",
)

BADGES = Letter(
    key="heron-badges",
    sender=TOM,
    subject="Badge reader at the Quayside back door",
    language="en",
    minutes_ago=50,
    text="""
The badge reader at the Quayside back door has stopped taking badges; the light stays amber. The door itself
locks and opens with the key. Can somebody look at it when they are there on Thursday anyway?

Tom
""",
)
