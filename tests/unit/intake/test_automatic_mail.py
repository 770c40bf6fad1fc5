"""docs/mail.md rule 23: whether a machine wrote the mail; every reason is kept, and a person's words are none."""

import pytest

from helpdesk.intake.domain.automatic import judge_automatic
from helpdesk.intake.domain.headers import Headers


def mail(*pairs: tuple[str, str]) -> Headers:
    return Headers((("From", "Ada <ada@acme.example>"), ("Subject", "Printer"), *pairs))


@pytest.mark.parametrize(
    ("header", "reason"),
    [
        (("Auto-Submitted", "auto-replied"), "Auto-Submitted: auto-replied"),
        (("Auto-Submitted", "Auto-Generated; owner=x"), "Auto-Submitted: auto-generated"),
        (("auto-submitted", "auto-notified"), "Auto-Submitted: auto-notified"),
        (("X-Auto-Response-Suppress", "DR, OOF, AutoReply"), "X-Auto-Response-Suppress: DR, OOF, AutoReply"),
        (("X-Autoreply", "yes"), "X-Autoreply"),
        (("X-Autorespond", "Re: Printer"), "X-Autorespond"),
        (("Precedence", "bulk"), "Precedence: bulk"),
        (("Precedence", "JUNK"), "Precedence: junk"),
        (("Precedence", "list"), "Precedence: list"),
        (("Precedence", "auto_reply"), "Precedence: auto_reply"),
        (("List-Id", "<news.acme.example>"), "mailing list or newsletter (List-Id)"),
        (("List-Unsubscribe", "<mailto:u@acme.example>"), "mailing list or newsletter (List-Unsubscribe)"),
        (("Content-Type", 'multipart/report; report-type="delivery-status"; boundary=x'), "delivery report"),
        (("Content-Type", "multipart/report; boundary=x; report-type=disposition-notification"), "reading receipt"),
        (("Content-Type", "multipart/report; report-type=feedback-report"), "report (feedback-report)"),
        (("Return-Path", "<>"), "empty return path"),
        (("Return-Path", "<MAILER-DAEMON@acme.example>"), "sent by mailer-daemon"),
        (("X-Helpdesk-Loop", "1"), "sent automatically by a Helpdesk"),
    ],
)
def test_a_machine_is_known_by_its_headers(header, reason):
    verdict = judge_automatic(mail(header))

    assert verdict.is_automatic
    assert verdict.reasons == (reason,)


@pytest.mark.parametrize("sender", ["MAILER-DAEMON@acme.example", "Post <postmaster@acme.example>"])
def test_a_mail_system_is_known_by_its_name(sender):
    verdict = judge_automatic(Headers((("From", sender),)))

    assert verdict.is_automatic


def test_all_reasons_are_kept():
    verdict = judge_automatic(mail(("Precedence", "bulk"), ("List-Id", "<n.example>"), ("Return-Path", "<>")))

    assert len(verdict.reasons) == 3


@pytest.mark.parametrize(
    "header",
    [
        ("Auto-Submitted", "no"),
        ("Auto-Submitted", "No (a person)"),
        ("Auto-Submitted", ""),
        ("X-Auto-Response-Suppress", "None"),
        ("X-Autoreply", "no"),
        ("Precedence", "normal"),
        ("Precedence", "first-class"),
        ("Return-Path", "<ada@acme.example>"),
        ("Return-Path", "< >x"),
        ("Content-Type", "multipart/mixed; boundary=report-type=delivery-status"),
        ("Content-Type", "text/plain; name=multipart/report"),
        ("X-List-Price", "12 EUR"),
        ("Listing", "x"),
        ("Reply-To", "postmaster@acme.example"),
    ],
    ids=lambda header: f"{header[0]}: {header[1]}",
)
def test_near_misses_are_written_by_people(header):
    assert not judge_automatic(mail(header)).is_automatic


@pytest.mark.parametrize("subject", ["Out of office hours", "Automatic reply does not work", "undeliverable goods"])
def test_a_subject_is_no_reason(subject):
    headers = Headers((("From", "ada@acme.example"), ("Subject", subject)))

    assert not judge_automatic(headers).is_automatic


def test_a_missing_return_path_is_no_reason():
    assert not judge_automatic(mail()).is_automatic


def test_a_person_whose_name_is_postmaster_is_a_person():
    headers = Headers((("From", '"postmaster" <ada.postmaster@acme.example>'),))

    assert not judge_automatic(headers).is_automatic
