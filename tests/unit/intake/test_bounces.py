"""docs/mail.md rule 28: mail that reports that another one did not arrive, and people whose words only sound so."""

from typing import Any

import pytest

from helpdesk.intake.domain.bounce import Bounce, BounceEvidence, judge_bounce
from helpdesk.intake.domain.headers import Headers

REPORT = """Reporting-MTA: dns; mx.acme.example

Final-Recipient: rfc822; Bob@acme.example
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 <bob@acme.example>: no such
 user here
"""


def evidence(**changes: Any) -> BounceEvidence:
    values: dict[str, Any] = {
        "headers": Headers(),
        "sender": "MAILER-DAEMON@mx.example",
        "subject": "Undelivered Mail",
        **changes,
    }
    return BounceEvidence(**values)


def test_a_delivery_report_names_recipient_status_and_the_lost_mail():
    bounce = judge_bounce(
        evidence(
            delivery_reports=(REPORT,), returned_mail="From: us\nMessage-ID: <hd.12.abc@Desk.Example>\nSubject: x"
        ),
    )

    assert bounce == Bounce(
        is_bounce=True,
        status="5.1.1",
        hard=True,
        recipients=("bob@acme.example",),
        original_message_id="<hd.12.abc@desk.example>",
        reasons=("delivery report: failed",),
    )


def test_a_report_of_success_is_no_bounce():
    report = REPORT.replace("failed", "delivered").replace("5.1.1", "2.0.0")

    assert not judge_bounce(evidence(subject="Delivered", delivery_reports=(report,))).is_bounce


def test_a_delay_is_soft():
    report = REPORT.replace("failed", "delayed").replace("Status: 5.1.1", "Status: 4.4.7")

    bounce = judge_bounce(evidence(delivery_reports=(report,)))

    assert (bounce.status, bounce.hard) == ("4.4.7", False)


@pytest.mark.parametrize(
    ("status", "words", "hard"),
    [
        ("5.2.2", "mailbox is full", False),
        ("5.7.1", "message looks like spam", False),
        ("5.0.0", "user unknown", True),
        ("5.0.0", "connection refused", False),
        ("5.1.2", "host unknown", True),
        ("5.0.0", "550 no account by that name", True),
        ("5.1.0", "550 5.1.0 <bob@acme.example>: recipient rejected", True),
        ("5.0.0", "550 message rejected", False),
        ("5.0.0", "550 Benutzer bob@acme.example ist nicht vorhanden", True),
        ("5.0.0", "Benutzer bob (bob@acme.example) nicht im Verzeichnis aufgeführt", True),
        ("5.0.0", "550 Empfaenger unbekannt", True),
        ("5.0.0", "550 l'utilisateur <bob@acme.example> est inconnu", True),
        ("5.0.0", "550 La direccion bob@acme.example no es valida: buzon inexistente", True),
        ("5.0.0", "550 Usuario inexistente", True),
        ("5.0.0", "550 Utente bob@acme.example non valido", True),
        ("5.0.0", "550 Adres bob@acme.example nie istnieje", True),
        ("5.0.0", "550 Uživatel bob@acme.example neexistuje", True),
        ("5.0.0", "550 无此用户", True),
        ("5.0.0", "552 Boite aux lettres du destinataire pleine", False),
        ("5.0.0", "554 Benutzer bob@acme.example gefunden. Inhalt unbekannt", False),
    ],
)
def test_only_a_dead_address_is_hard(status, words, hard):
    report = f"Final-Recipient: rfc822; bob@acme.example\nAction: failed\nStatus: {status}\nDiagnostic-Code: x; {words}"

    assert judge_bounce(evidence(delivery_reports=(report,))).hard is hard


def test_x_failed_recipients_is_a_bounce_without_any_report():
    headers = Headers((("X-Failed-Recipients", "bob@acme.example, eve@acme.example"),))

    bounce = judge_bounce(evidence(headers=headers, subject="x", text="550 5.1.1 no such user"))

    assert bounce.recipients == ("bob@acme.example", "eve@acme.example")
    assert bounce.reasons == ("X-Failed-Recipients",)
    assert bounce.status == "5.1.1"


def test_plain_words_of_a_mail_system_are_a_bounce():
    text = "Hi. This is the mail program.\nI could not deliver this.\n\n<bob@acme.example>:\n550 5.1.1 user unknown\n"

    bounce = judge_bounce(evidence(subject="Failure notice", text=text))

    assert bounce.is_bounce
    assert (bounce.status, bounce.hard) == ("5.1.1", True)
    assert bounce.recipients == ("bob@acme.example",)


def test_all_recipients_of_a_list_share_its_fate():
    text = "Your mail was not delivered to:\n\n  - bob@acme.example\n  - <eve@acme.example>:\n\n550 user unknown\n"

    assert judge_bounce(evidence(subject="Failure notice", text=text)).recipients == (
        "bob@acme.example",
        "eve@acme.example",
    )


@pytest.mark.parametrize("first", ["<bob@acme.example>:\nno such user here", "<bob@acme.example>: no such user here"])
def test_recipients_with_words_of_their_own_do_not_share_their_fate(first):
    text = f"I could not deliver this.\n\n{first}\n<eve@acme.example>:\nThe mailbox is full.\n"

    assert judge_bounce(evidence(subject="Failure notice", text=text)).recipients == ("bob@acme.example",)


@pytest.mark.parametrize(
    "text",
    [
        "Mail from\n\n  support@desk.example\n\nwas not delivered to\n\n  bob@acme.example\n",
        "A mail of support@desk.example to bob@acme.example was not delivered.",
    ],
)
def test_we_are_no_recipient_of_our_own_mail(text):
    headers = Headers((("To", "Support <Support@desk.example>"),))

    bounce = judge_bounce(evidence(headers=headers, subject="Failure notice", text=text))

    assert bounce.recipients == ("bob@acme.example",)


@pytest.mark.parametrize("number", ["2.0.12", "4.92.3", "5.1.1.7", "v5.1.1", "5.0.2026", "10.5.1.1"])
def test_a_version_is_no_status(number):
    text = f'Your mail with the subject "Release {number}" was not delivered to bob@acme.example: user unknown'

    bounce = judge_bounce(evidence(subject="Failure notice", text=text))

    assert (bounce.status, bounce.hard) == ("5.0.0", True)


@pytest.mark.parametrize("said", ["(#5.1.1)", "550-5.1.1 no", "it failed with 5.1.1.", "550 5.1.1\nnot here"])
def test_a_status_is_found_among_the_words(said):
    text = f"Your mail was not delivered to bob@acme.example\n{said}"

    assert judge_bounce(evidence(subject="Failure notice", text=text)).status == "5.1.1"


@pytest.mark.parametrize(
    "sender", ["AntiVirus_for_Mail@gw.example", "smtp-gateway@gw.example", "Post_Master@gw.example"]
)
def test_gateways_report_under_names_of_their_own(sender):
    headers = Headers((("Return-Path", f"<{sender}>"),))
    text = "Your mail could not be delivered to bob@acme.example. Delivery attempts will continue for 3 days."

    bounce = judge_bounce(evidence(headers=headers, sender=sender, subject="Delivery failure notice", text=text))

    assert (bounce.is_bounce, bounce.status, bounce.hard) == (True, "4.0.0", False)


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        ("antivirus@acme.example", "Licence runs out", "Delivery of updates to pc7@acme.example fails from May on."),
        ("antivirus@acme.example", "Re: Delivery failure", "Your mail to bob@acme.example could not be delivered?"),
        ("mail-gateway@acme.example", "Delivery report", "All ten pallets arrived, none was returned."),
    ],
)
def test_people_who_look_after_gateways_write_too(sender, subject, text):
    headers = Headers((("Return-Path", f"<{sender}>"),))

    assert not judge_bounce(evidence(headers=headers, sender=sender, subject=subject, text=text)).is_bounce


def test_the_lost_mail_is_found_in_the_text_below_the_words():
    text = "550 user unknown\n--- original message ---\nMessage-Id: <hd.12.abc@desk.example>\n"

    bounce = judge_bounce(evidence(subject="Failure notice", text=text))

    assert bounce.original_message_id == "<hd.12.abc@desk.example>"


def test_the_returned_mail_does_not_speak_for_the_mail_system():
    text = "550 user unknown\n--- original message ---\nSubject: your spam policy and quota\n"

    assert judge_bounce(evidence(subject="Failure notice", text=text)).hard is True


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("undeliverable goods", "The goods were returned to sender by the courier."),
        ("Delivery failed: parcel 12", "Delivery to the following address has failed: our office."),
        ("Mail delivery failed: returning message to sender", "Look what I got when I wrote to bob@acme.example"),
        ("User unknown", "Our ERP says user unknown: 550 5.1.1"),
        ("Failure notice for the lift", "Permanent failure."),
    ],
)
def test_a_person_may_write_about_failed_deliveries(subject, text):
    headers = Headers((("Return-Path", "<ada@acme.example>"),))

    assert not judge_bounce(evidence(headers=headers, sender="ada@acme.example", subject=subject, text=text)).is_bounce


def test_a_mail_system_that_reports_no_failure_is_no_bounce():
    text = "Your mailbox will be moved on Sunday."

    assert not judge_bounce(evidence(sender="postmaster@acme.example", subject="Maintenance", text=text)).is_bounce


def test_an_out_of_office_note_with_an_empty_return_path_is_no_bounce():
    headers = Headers((("Return-Path", "<>"), ("Auto-Submitted", "auto-replied")))
    text = "I am away until Monday. In urgent cases call my colleague."

    assert not judge_bounce(
        evidence(headers=headers, sender="ada@acme.example", subject="Out of office", text=text),
    ).is_bounce
