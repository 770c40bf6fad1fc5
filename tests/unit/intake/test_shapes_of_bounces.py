"""docs/mail.md rule 28: how mail systems report that a mail did not arrive, each in its own way."""

import json
from collections.abc import Mapping

import pytest

from helpdesk.intake.parser.read import parse
from tests.mails import mail

OURS = "<hd.12.abc.1aaaaaaaaaaaaaaaa@desk.example>"


def notice(
    text: str,
    *,
    sender: str = "Mail Delivery System <MAILER-DAEMON@mx.example>",
    subject: str = "Undelivered Mail Returned to Sender",
    **headers: str,
) -> bytes:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return mail(text, sender=sender, subject=subject, headers={"Return-Path": "<>", **named})


def report(action: str, status: str, diagnostic: str = "", *, returned: str = "message/rfc822") -> bytes:
    fields = f"Final-Recipient: rfc822; bob@acme.example\nAction: {action}\nStatus: {status}\n"
    fields += f"Diagnostic-Code: smtp; {diagnostic}\n" if diagnostic else ""
    return (
        "From: MAILER-DAEMON@mx.example\nSubject: Delivery Status Notification\nReturn-Path: <>\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n"
        "--b\n\nThis is the mail system.\n"
        f"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example\n\n{fields}\n"
        f"--b\nContent-Type: {returned}\n\nSubject: Re: printer\nMessage-ID: {OURS}\n\nHi\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "hard"),
    [
        ("failed", "5.1.1", "550 5.1.1 no such user", True),
        ("failed", "5.1.10", "550 5.1.10 RESOLVER.ADR.RecipientNotFound; not found", True),
        ("failed", "5.1.2", "host not found", True),
        ("failed", "5.4.4", "host has no mx record", True),
        ("failed", "5.4.1", "550 5.4.1 Recipient address rejected: Access denied", True),
        ("failed", "5.0.0", "550 User unknown", True),
        ("failed", "5.2.2", "552 5.2.2 mailbox is full", False),
        ("failed", "5.7.1", "554 5.7.1 message looks like spam", False),
        ("failed", "5.3.4", "552 5.3.4 message too big", False),
        ("failed", "4.4.7", "delivery time expired", False),
        ("delayed", "4.4.1", "connection timed out", False),
        ("delayed", "4.2.0", "450 4.2.0 greylisted, try again in 300 seconds", False),
        ("delayed", "4.0.0", "no such host for now", False),
    ],
)
@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers", "message/rfc822-headers"])
def test_a_delivery_report(action, status, diagnostic, hard, returned):
    bounce = parse(report(action, status, diagnostic, returned=returned)).bounce

    assert (bounce.is_bounce, bounce.status, bounce.hard) == (True, status, hard)
    assert bounce.recipients == ("bob@acme.example",)
    assert bounce.original_message_id == OURS


@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded"])
def test_a_report_of_success_is_none(action):
    assert not parse(report(action, "2.0.0")).bounce.is_bounce


SHAPES = {
    "postfix without a report": (
        notice("I'm sorry to have to inform you that your message could not be delivered.\n\n"
               "<bob@acme.example>: host mx.acme.example[192.0.2.1] said: 550 5.1.1 <bob@acme.example>: User unknown"),
        "5.1.1", True,
    ),
    "qmail": (
        notice("Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message\n"
               "to the following addresses.\n\n<bob@acme.example>:\nSorry, no mailbox here by that name. (#5.1.1)\n\n"
               f"--- Below this line is a copy of the message.\n\nMessage-ID: {OURS}\n",
               subject="failure notice"),
        "5.1.1", True,
    ),
    "exim": (
        notice("This message was created automatically by mail delivery software.\n\nA message that you sent could not"
               " be delivered to one or more of its\nrecipients. This is a permanent error. The following address(es)"
               " failed:\n\n  bob@acme.example\n    Unrouteable address\n\n"
               "------ This is a copy of the message, including all the headers. ------\n",
               subject="Mail delivery failed: returning message to sender",
               X_Failed_Recipients="bob@acme.example", Auto_Submitted="auto-replied"),
        "5.0.0", True,
    ),
    "exim that is late": (
        notice("This message was created automatically by mail delivery software.\nA message that you sent has not yet"
               " been delivered to one or more of its\nrecipients after more than 24 hours on the queue.\n\n"
               "  bob@acme.example\n    Delay reason: connection refused\n",
               subject="Warning: message 1abc delayed 24 hours"),
        "4.0.0", False,
    ),
    "google": (
        notice("Address not found\n\nYour message wasn't delivered to bob@acme.example because the address couldn't be"
               " found, or is unable to receive mail.\n\nThe response was:\n550 5.1.1 The email account that you tried"
               " to reach does not exist.",
               sender="Mail Delivery Subsystem <mailer-daemon@googlemail.com>",
               subject="Delivery Status Notification (Failure)", X_Failed_Recipients="bob@acme.example"),
        "5.1.1", True,
    ),
    "full mailbox": (
        notice("The following message to <bob@acme.example> was undeliverable.\nThe reason for the problem:\n"
               "5.2.2 - Mailbox is full", subject="Delivery failure"),
        "5.2.2", False,
    ),
    "full mailbox without a code": (
        notice("Delivery to the following recipient failed.\n\n<bob@acme.example>:\nThe mailbox is full.\n"),
        "5.2.2", False,
    ),
    "greylisted": (
        notice("Your message to <bob@acme.example> has been delayed. It will be retried.\n451 4.7.1 Greylisting",
               subject="Delivery delayed"),
        "4.7.1", False,
    ),
    "domino": (
        notice("Your message\n\n  Subject: Printer\n\nwas not delivered to:\n\n  bob@acme.example\n\nbecause:\n\n"
               "  User B. Ob (bob@acme.example) not listed in Domino Directory\n",
               sender="Postmaster@acme.example", subject="DELIVERY FAILURE: User B. Ob not listed in Directory"),
        "5.0.0", True,
    ),
    "exchange": (
        notice("Delivery has failed to these recipients or groups:\n\nbob@acme.example\nThe email address you entered"
               " couldn't be found.\n\nRemote Server returned '550 5.1.10 RESOLVER.ADR.RecipientNotFound'",
               sender="Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@acme.example>",
               subject="Undeliverable: Printer"),
        "5.1.10", True,
    ),
    "office 365 with a postmaster": (
        notice("Your message to bob@acme.example couldn't be delivered.\nbob wasn't found at acme.example.\n"
               "550 5.4.1 Recipient address rejected: Access denied",
               sender="postmaster@acme.onmicrosoft.example", subject="Undeliverable: Printer"),
        "5.4.1", True,
    ),
    "an old gateway without a sender": (
        notice("----- The following addresses had delivery problems -----\n<bob@acme.example>\n550 user unknown",
               sender="<>", subject="Delivery Status"),
        "5.0.0", True,
    ),
    "verp": (
        mail("Your mail could not be delivered. 550 user unknown", sender="MAILER-DAEMON@mx.example",
             to="bounces+bob=acme.example@desk.example", subject="failure notice"),
        "5.0.0", True,
    ),
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES)
def test_words_of_mail_systems(shape):
    raw, status, hard = SHAPES[shape]

    read = parse(raw)

    assert (read.bounce.is_bounce, read.bounce.status, read.bounce.hard) == (True, status, hard)
    assert read.bounce.recipients == ("bob@acme.example",)
    assert read.automatic.is_automatic


EXCHANGE = "Exchange <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@acme.example>"


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Unzustellbar: Drucker", "An <bob@acme.example> konnte nicht zugestellt werden. Unbekannter Empfänger."),
        ("Non remis : Imprimante", "Votre message à <bob@acme.example> n’a pas pu être remis. Destinataire inconnu."),
        ("No se puede entregar: Impresora", "No se ha podido entregar a <bob@acme.example>. El usuario no existe."),
        ("Non recapitabile: Stampante", "Non è stato possibile recapitare a <bob@acme.example>. Utente inesistente."),
        ("Onbestelbaar: Printer", "Uw bericht aan <bob@acme.example> kon niet worden bezorgd. Het adres bestaat niet."),
        ("Não é possível entregar: Impressora", "A mensagem para <bob@acme.example> falhou. O endereço não existe."),
        ("Недоставлено: Принтер", "Сообщение для <bob@acme.example> не доставлено. Адрес не существует."),
        ("配信不能: プリンター", "<bob@acme.example> 宛先が見つかりません。"),
        ("未送达: 打印机", "无法投递到 <bob@acme.example>，地址不存在。"),
        ("傳送失敗: 印表機", "<bob@acme.example> 查無此人"),
        ("配達できません: プリンター", "<bob@acme.example> 宛先不明"),
        ("Kunde inte levereras: Skrivare", "<bob@acme.example>: användaren finns inte här."),
        ("Kan ikke leveres: Printer", "<bob@acme.example>: modtageren bob findes ikke."),
        ("Ei voida toimittaa: Tulostin", "<bob@acme.example>: tuntematon vastaanottaja"),
        ("Kézbesíthetetlen: Nyomtató", "<bob@acme.example>: nincs ilyen felhasználó"),
        ("Teslim edilemedi: Yazıcı", "<bob@acme.example>: kullanıcı bulunamadı"),
        ("Αποτυχία παράδοσης: Εκτυπωτής", "<bob@acme.example>: ο χρήστης δεν υπάρχει"),
        ("Не доставлено: Принтер", "<bob@acme.example>: користувача не знайдено"),
        ("Nelivrat: Imprimanta", "<bob@acme.example>: utilizatorul nu există"),
        ("Zustellungsfehler: Drucker", "<bob@acme.example>: Empfänger ist hier nicht bekannt"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("sender", [EXCHANGE, "postmaster@acme.example", "MAILER-DAEMON@mx.example"])
def test_servers_write_in_many_languages(sender, subject, text):
    bounce = parse(notice(text, sender=sender, subject=subject)).bounce

    assert (bounce.is_bounce, bounce.hard, bounce.recipients) == (True, True, ("bob@acme.example",))


def amazon(notice_object: Mapping[str, object], *, through_sns: bool) -> bytes:
    body = json.dumps(notice_object)
    if through_sns:
        body = json.dumps({"Type": "Notification", "MessageId": "1", "Message": body}, indent=2)
    return mail(
        body + "\n\n--\nIf you wish to stop receiving notifications, click below.",
        sender="Bounces <no-reply@sns.amazonaws.com>",
        subject="AWS Notification Message",
        headers={"X-Amz-Sns-Message-Id": "1"},
    )


SENT = {"messageId": "0101", "commonHeaders": {"messageId": OURS}, "destination": ["bob@acme.example"]}


@pytest.mark.parametrize("through_sns", [True, False])
@pytest.mark.parametrize(
    ("kind", "recipient", "status", "hard"),
    [
        ("Permanent", {"status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}, "5.1.1", True),
        ("Permanent", {"diagnosticCode": "smtp; 550 no such user"}, "5.0.0", True),
        ("Transient", {"status": "5.2.2", "diagnosticCode": "smtp; 552 mailbox full"}, "5.2.2", False),
        ("Transient", {}, "4.0.0", False),
    ],
)
def test_the_json_of_amazon(through_sns, kind, recipient, status, hard):
    told = {
        "notificationType": "Bounce",
        "mail": SENT,
        "bounce": {"bounceType": kind, "bouncedRecipients": [{"emailAddress": "bob@acme.example", **recipient}]},
    }

    bounce = parse(amazon(told, through_sns=through_sns)).bounce

    assert (bounce.is_bounce, bounce.status, bounce.hard) == (True, status, hard)
    assert (bounce.recipients, bounce.original_message_id) == (("bob@acme.example",), OURS)


def test_amazon_tells_of_a_delay_and_of_success():
    late: dict[str, object] = {"eventType": "DeliveryDelay", "mail": SENT}
    late["deliveryDelay"] = {"delayedRecipients": [{"emailAddress": "bob@acme.example", "status": "4.4.1"}]}

    delayed = parse(amazon(late, through_sns=False)).bounce
    delivered = parse(amazon({"notificationType": "Delivery", "mail": SENT}, through_sns=True)).bounce

    assert (delayed.is_bounce, delayed.status, delayed.hard) == (True, "4.4.1", False)
    assert not delivered.is_bounce


@pytest.mark.parametrize(
    "text", ["{" * 50_000, '{"a":' * 9_000, '{"mail": 3}', '{"mail": {"headers": [1]}}', "{}", "["]
)
def test_json_that_is_no_notice_is_read_as_text(text):
    read = parse(mail(text, sender="no-reply@sns.amazonaws.com", subject="Hi"))

    assert not read.bounce.is_bounce


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("users-owner@lists.example", "Your message to users", "You are not a member of this list."),
        ("users-bounces@lists.example", "Posting refused", "You are not allowed to post to this mailing list."),
        ("Majordomo@lists.example", "Majordomo results", "Post by non-member; only members may write."),
        ("users-admin@lists.example", "You support@desk.example are not member (users ML)", "Please subscribe."),
    ],
)
def test_a_list_that_refuses_a_mail_is_soft(sender, subject, text):
    read = parse(mail(text, sender=sender, subject=subject, headers={"List-Id": "<users.lists.example>"}))

    assert (read.bounce.is_bounce, read.bounce.hard) == (True, False)
    assert read.automatic.is_automatic


def test_a_vacation_note_is_known_by_the_id_it_made():
    raw = mail("I am only sleeping.", message_id="<7e23-vac@me.example>", headers={"In-Reply-To": OURS})

    assert parse(raw).automatic.reasons == ("vacation note (Message-ID)",)
