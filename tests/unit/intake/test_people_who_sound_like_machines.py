"""docs/mail.md rules 23 and 28: what people write about lost mail, machines and absence, and who they are.

Each mail is one that a naive reading takes for a bounce. The first group carries no header of a machine, so it is not
automatic either; mail of lists is automatic by its headers, and no bounce.
"""

from itertools import product

import pytest

from helpdesk.intake.parser.read import parse
from tests.mails import mail

QUOTED_BOUNCE = """
> From: Mail Delivery System <MAILER-DAEMON@mx.supplier.example>
> Subject: Undelivered Mail Returned to Sender
>
> I'm sorry to have to inform you that your message could not
> be delivered to one or more recipients.
>
> <orders@supplier.example>: host mx.supplier.example said: 550 5.1.1 User unknown
> Final-Recipient: rfc822; orders@supplier.example
> Action: failed
> Status: 5.1.1
"""

SUBJECTS = [
    "Undeliverable: what does that mean?",
    "Undelivered Mail Returned to Sender",
    "Re: Undeliverable: Offer 2026-11",
    "Fwd: Mail delivery failed: returning message to sender",
    "Delivery Status Notification (Failure)",
    "Delivery failed for parcel 4711",
    "Failure notice for the lift in building B",
    "Returned mail: see transcript for details",
    "Automatic reply does not switch off",
    "Out of office is still on",
    "Message rejected by our own scanner",
    "Unzustellbar: Rechnung 2026-118",
    "WG: Unzustellbar: Angebot",
    "AW: Zustellung fehlgeschlagen",
    "Abwesenheitsnotiz lässt sich nicht abschalten",
    "Non remis : pourquoi ?",
    "TR: Échec de la remise",
    "Réponse automatique impossible à désactiver",
    "No se puede entregar: ¿qué hago?",
    "RV: Mensaje no entregado",
    "Respuesta automática",
    "Non recapitabile: ordine 12",
    "Onbestelbaar: graag hulp",
    "Falha na entrega de e-mails desde ontem",
    "Niedostarczone: co zrobić?",
    "Недоставлено: счёт 18",
    "配信不能の件",
    "退信问题",
]

TEXTS = {
    "a question": "Hello, since Monday every mail to our supplier comes back. Please have a look.",
    "a question above the bounce": "What is wrong here?\n" + QUOTED_BOUNCE,
    "the words of servers": "It says: 550 5.1.1 <orders@supplier.example>: user unknown. Could not be delivered!",
    "German words": "Meine Nachricht konnte nicht zugestellt werden, steht da. Die Adresse stimmt aber.",
}


def is_unflagged(raw: bytes) -> bool:
    read = parse(raw)
    return not read.bounce.is_bounce and not read.automatic.is_automatic


@pytest.mark.parametrize(("subject", "text"), list(product(SUBJECTS, TEXTS)), ids=str)
def test_people_write_about_lost_mail_and_absence(subject, text):
    assert is_unflagged(mail(TEXTS[text], subject=subject, headers={"Return-Path": "<ann@acme.example>"}))


@pytest.mark.parametrize(
    "sender",
    [
        "Daemon Maier <daemon.maier@acme.example>",
        "Ann Berg <ann@mailer-daemon.example>",
        "Ann Berg <ann@postmaster.acme.example>",
        "Mailer Print GmbH <info@mailer.example>",
        "Dae Mon <mon@daemontools.example>",
        "MAILER-DAEMON <ann@acme.example>",
        "Mail Delivery System <fleet@delivery-system.example>",
        "Undeliverable Goods Dept. <returns@parcels.example>",
        "Paul Postmaster <paul@acme.example>",
        "mailer.daemon.fan@acme.example",
        "postmasters@acme.example",
        "Delivery <delivery@parcels.example>",
        "noreply-desk@acme.example",
        "Administrator <administrator@acme.example>",
        "bounce@trampolines.example",
        "antivirus.sales@acme.example",
        "smtp-gateways@acme.example",
    ],
)
@pytest.mark.parametrize("subject", ["Printer prints blank labels", "Re: Delivery of mail failed yesterday"])
def test_names_and_domains_are_no_proof(sender, subject):
    assert is_unflagged(mail("Mail to bob@supplier.example is not delivered: 550.", sender=sender, subject=subject))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Return-Path", "<ann+support=halden-okoye.example@acme.example>"),
        ("Return-Path", "<bounces+4711-ann=acme.example@mailer.example>"),
        ("Return-Path", "<bounce-mc.us1_12-ann=acme.example@mail.example>"),
        ("Return-Path", "<prvs=068f2a6f4=ann@acme.example>"),
        ("Return-Path", "<SRS0=abcd=ef=acme.example=ann@forwarder.example>"),
        ("Precedence", "first-class"),
        ("Precedence", "special-delivery"),
        ("Precedence", "normal"),
        ("X-Auto-Response-Suppress", "None"),
        ("X-Auto-Response-Suppress", "none"),
        ("Auto-Submitted", "no"),
        ("Auto-Submitted", "No"),
        ("Auto-Submitted", 'no; owner-email="ann@acme.example"'),
        ("X-Autoreply", "no"),
        ("X-FC-MachineGenerated", "false"),
        ("X-Priority", "1"),
        ("X-Mailer", "PHPMailer 6.9"),
        ("X-Mailer-Daemon", "3.2"),
        ("X-Report-Type", "delivery-status"),
        ("Disposition-Notification-To", "ann@acme.example"),
        ("Return-Receipt-To", "ann@acme.example"),
        ("Content-Language", "auto"),
        ("X-Virus-Scanned", "Debian amavisd-new at mailer-daemon.example"),
        ("Received", "from mailer-daemon.acme.example by mx.example; Wed, 18 Nov 2026 09:59:00 +0000"),
        ("In-Reply-To", "<undeliverable-1@acme.example>"),
        ("Message-Id", "<vacation@acme.example>"),
    ],
)
@pytest.mark.parametrize("text", list(TEXTS))
def test_headers_that_only_look_like_those_of_machines(name, value, text):
    raw = mail(TEXTS[text], subject="Undeliverable: offer", message_id="", headers={name: value})

    assert is_unflagged(raw)


REPORT = (
    b"Reporting-MTA: dns; mx.supplier.example\r\n\r\nFinal-Recipient: rfc822; bob@supplier.example\r\n"
    b"Action: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 user unknown\r\n"
)


def passed_on(*parts: tuple[bytes, bytes], kind: bytes = b"multipart/mixed") -> bytes:
    inner = b"".join(b"--b\r\nContent-Type: " + name + b"\r\n\r\n" + content + b"\r\n" for name, content in parts)
    return (
        b"From: Ann <ann@acme.example>\r\nReturn-Path: <ann@acme.example>\r\nSubject: Fwd: Undelivered Mail\r\n"
        b"Content-Type: " + kind + b"; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nWhy did this come back?\r\n" + inner + b"--b--\r\n"
    )


WHOLE_BOUNCE = (
    b"From: MAILER-DAEMON@mx.example\r\nReturn-Path: <>\r\nAuto-Submitted: auto-replied\r\n"
    b"Subject: Undelivered Mail Returned to Sender\r\nX-Failed-Recipients: bob@supplier.example\r\n"
    b"Content-Type: multipart/report; report-type=delivery-status; boundary=r\r\n\r\n"
    b"--r\r\nContent-Type: message/delivery-status\r\n\r\n" + REPORT + b"--r--\r\n"
)


@pytest.mark.parametrize(
    "raw",
    [
        passed_on((b"message/rfc822", WHOLE_BOUNCE)),
        passed_on((b"message/delivery-status", REPORT)),
        passed_on((b"message/delivery-status", REPORT), (b"message/rfc822", b"Subject: offer\r\n\r\nHi")),
        passed_on((b"text/plain; name=report.txt", REPORT)),
        passed_on((b"application/octet-stream; name=bounce.eml", WHOLE_BOUNCE)),
        passed_on((b"message/rfc822", WHOLE_BOUNCE), (b"message/rfc822", WHOLE_BOUNCE), kind=b"multipart/digest"),
        passed_on((b"text/rfc822-headers", b"X-Failed-Recipients: bob@supplier.example")),
    ],
)
def test_a_person_passes_a_bounce_on_as_a_file(raw):
    assert is_unflagged(raw)


def test_a_person_may_send_us_the_notice_of_a_cloud():
    notice = (
        '{"notificationType": "Bounce", "mail": {}, "bounce": {"bounceType": "Permanent", "bouncedRecipients": []}}'
    )

    assert is_unflagged(mail(notice, subject="AWS Notification Message"))


LIST_HEADERS = {
    "List-Id": "<users.lists.example>",
    "List-Post": "<mailto:users@lists.example>",
    "Precedence": "list",
    "Return-Path": "<users-bounces+support=halden-okoye.example@lists.example>",
}


@pytest.mark.parametrize("subject", ["[users] Undeliverable mail again", "Re: [users] delivery failed", "Question"])
@pytest.mark.parametrize("text", list(TEXTS))
def test_mail_of_a_list_is_automatic_by_its_headers_and_no_bounce(subject, text):
    read = parse(mail(TEXTS[text], subject=subject, headers=LIST_HEADERS))

    assert read.automatic.is_automatic
    assert not read.bounce.is_bounce


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Automatic reply: Undeliverable: offer", "I am away until Monday and cannot read mail."),
        ("Abwesenheit: Zustellung", "Ich bin bis Montag nicht im Haus. Ihre Nachricht wird nicht weitergeleitet."),
        ("Out of office", "I have left the company. Your message will not be delivered to anybody else."),
        ("Auto: Delivery problem", "Thank you for your mail. Our office is closed. Please write to bob@acme.example."),
    ],
)
def test_an_out_of_office_note_is_automatic_and_no_bounce(subject, text):
    read = parse(mail(text, subject=subject, headers={"Auto-Submitted": "auto-replied", "Return-Path": "<>"}))

    assert read.automatic.is_automatic
    assert not read.bounce.is_bounce


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("Postmaster <postmaster@acme.example>", "Maintenance", "Your mailbox will be moved on Sunday."),
        ("Postmaster <postmaster@acme.example>", "AW: Zustellungsfehler", "An bob@acme.example kommt alles an."),
        (
            "Ada <ada@acme.example>",
            "Zustellungsfehler bei Paket 7",
            "Laut bob@paket.example: Empfänger unbekannt, 550.",
        ),
        ("Ada <ada@acme.example>", "Nelivrat", "Pachetul pentru bob@acme.example nu a fost livrat: adresa nu există."),
        ("Ada <ada@acme.example>", "配達できません", "bob@acme.example 宛先不明 550 5.1.1"),
        ("Postmaster <postmaster@acme.example>", "Re: Undeliverable: offer", "Mail to bob@acme.example works again."),
        (
            "Postmaster <postmaster@acme.example>",
            "New mail server",
            "All mail to acme.example goes to mx2 from Friday.",
        ),
    ],
)
def test_a_postmaster_may_be_a_person_who_writes(sender, subject, text):
    assert not parse(mail(text, sender=sender, subject=subject)).bounce.is_bounce
