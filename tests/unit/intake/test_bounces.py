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
