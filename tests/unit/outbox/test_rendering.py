"""docs/mail.md rule 25 and RFC 5322: what goes over the wire."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.errors import RuleViolation
from helpdesk.outbox.domain import Address
from helpdesk.outbox.render import FileContent, Outgoing, render

ANY_TEXT = st.text(st.characters(exclude_categories=()))
PLAIN = Outgoing(
    sender=Address("Desk", "support@desk.example"),
    to=(Address("Ada Lovelace", "ada@acme.example"),),
    subject="[#12] Printer",
    text="Hello Ada,\n\nit works again.\n",
    message_id="<hd.12.abc.1xyz@desk.example>",
    sent_at=datetime(2026, 11, 2, 9, 0, tzinfo=UTC),
)


def read(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def test_a_plain_mail_says_what_it_was_told():
    message = read(render(PLAIN))

    assert message["From"] == "Desk <support@desk.example>"
    assert message["To"] == "Ada Lovelace <ada@acme.example>"
    assert message["Subject"] == "[#12] Printer"
    assert message["Message-ID"] == "<hd.12.abc.1xyz@desk.example>"
    assert message["Date"].datetime == PLAIN.sent_at
    assert message.get_content().splitlines() == PLAIN.text.splitlines()
    assert "Bcc" not in message


def test_lines_end_with_crlf_and_everything_is_seven_bit():
    raw = render(replace(PLAIN, subject="Größe", text="Grüße\n" + "w" * 2000, html="<p>ü</p>"))

    assert raw.replace(b"\r\n", b"").count(b"\n") == 0
    assert raw.isascii()
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


def test_automatic_mail_carries_the_loop_headers():
    message = read(render(replace(PLAIN, auto_submitted=True, in_reply_to="<q@acme.example>")))

    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert message["X-Helpdesk-Loop"]


def test_what_nobody_asked_for_is_generated_not_replied():
    assert read(render(replace(PLAIN, auto_submitted=True)))["Auto-Submitted"] == "auto-generated"


def test_what_a_person_wrote_carries_no_loop_header():
    message = read(render(PLAIN))

    assert message["Auto-Submitted"] is None
    assert message["X-Helpdesk-Loop"] is None


def test_long_message_ids_stay_whole():
    long_id = f"<{'z' * 150}@acme.example>"

    raw = render(replace(PLAIN, in_reply_to=long_id, references=("<first@acme.example>", long_id)))

    assert raw.count(long_id.encode()) == 2
    assert read(raw)["References"].split() == ["<first@acme.example>", long_id]


def test_a_long_thread_keeps_its_first_id_and_the_latest():
    ids = tuple(f"<{number}@acme.example>" for number in range(100))

    kept = read(render(replace(PLAIN, references=ids)))["References"].split()

    assert len(kept) == 30
    assert kept[0] == ids[0]
    assert kept[-1] == ids[-1]


def test_html_and_files_travel_together():
    files = (
        FileContent("Rechnung Nr. 7 – Müller.pdf", "application/pdf", b"%PDF-"),
        FileContent("kept.eml", "message/rfc822", b"Subject: x\n\ny"),
    )

    message = read(render(replace(PLAIN, html="<p>Hello</p>", attachments=files)))

    attached = list(message.iter_attachments())
    body = message.get_body(("html",))
    assert body is not None
    assert body.get_content().strip() == "<p>Hello</p>"
    assert [file.get_filename() for file in attached] == [file.name for file in files]
    assert [file.get_content() for file in attached] == [file.content for file in files]


def test_the_same_mail_has_the_same_bytes_each_time():
    outgoing = replace(PLAIN, html="<p>x</p>", attachments=(FileContent("a.bin", "application/x-a", b"\x00"),))

    assert render(outgoing) == render(outgoing)


def test_names_with_commas_quotes_and_other_scripts_arrive():
    to = (Address('Lovelace, "Ada"', "ada@acme.example"), Address("Мария", "m@acme.example"))

    addresses = read(render(replace(PLAIN, to=to)))["To"].addresses

    assert [(one.display_name, one.addr_spec) for one in addresses] == [(one.name, one.address) for one in to]


def test_a_domain_of_another_script_goes_in_its_ascii_form():
    raw = render(replace(PLAIN, to=(Address("", "info@bücher.example"),)))

    assert b"info@xn--bcher-kva.example" in raw


@pytest.mark.parametrize(
    "change",
    [
        {"subject": "Hello\r\nBcc: all@example.com"},
        {"message_id": "<a@b>\nX: y"},
        {"in_reply_to": "<a@b>\nX: y"},
        {"references": ("<a@b>\rX: y",)},
        {"sender": Address("Desk\nX: y", "support@desk.example")},
        {"to": (Address("", "ada@acme.example\r\nBcc: all@example.com"),)},
        {"reply_to": (Address("a\x00b", "ada@acme.example"),)},
        {"attachments": (FileContent("a\r\nX: y.pdf", "application/pdf", b""),)},
        {"attachments": (FileContent("a.pdf", "application/pdf\r\nX: y", b""),)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_no_header_can_be_injected(change):
    """Safety: header injection as in RT, CVE-2012-4730."""
    with pytest.raises(RuleViolation):
        render(replace(PLAIN, **change))


@pytest.mark.parametrize("address", ["", "ada", "@acme.example", "ada@", "jörg@acme.example", "a@b@c", "a b@c.example"])
def test_an_address_that_is_none_is_refused(address):
    with pytest.raises(RuleViolation, match="no address"):
        render(replace(PLAIN, to=(Address("Ada", address),)))


def test_foreign_ids_that_no_header_can_carry_are_left_out():
    message = read(render(replace(PLAIN, in_reply_to="<ä@acme.example>", references=("<ä@acme.example>", "<b@c>"))))

    assert message["In-Reply-To"] is None
    assert message["References"] == "<b@c>"


@given(subject=ANY_TEXT, text=ANY_TEXT, html=st.none() | ANY_TEXT, name=ANY_TEXT, reference=ANY_TEXT)
def test_any_text_is_rendered_or_refused_in_plain_words(subject, text, html, name, reference):
    outgoing = replace(
        PLAIN,
        subject=subject,
        text=text,
        html=html,
        to=(Address(name, "ada@acme.example"),),
        references=(reference,),
        attachments=(FileContent(name, "application/pdf", b"x"),),
    )

    with suppress(RuleViolation):
        assert render(outgoing).isascii()


def test_a_mail_to_nobody_is_refused():
    with pytest.raises(RuleViolation, match="no recipient"):
        render(replace(PLAIN, to=()))


@pytest.mark.parametrize(
    "text",
    [
        "Máy chấm công không gửi dữ liệu về văn phòng",
        "Re: [#12] Größenangaben im Stücklisten-Export verschwinden seit dem Update am Montag früh, bitte prüfen",
        "한국어 제목이 아주 길어서 여러 줄로 나뉘어야 하는 경우에도 띄어쓰기가 그대로 남아야 합니다 정말로",
        "A plain subject that is longer than one line of a header may be, so that it is folded at a space in it",
        "ü " * 60 + "end",
    ],
)
def test_long_subjects_and_names_of_any_script_come_back_to_the_letter(text):
    raw = render(replace(PLAIN, subject=text, sender=Address(text.replace(",", ""), "support@desk.example")))

    name, _ = str(make_header(decode_header(message_from_bytes(raw)["From"]))).rsplit(" <", 1)
    assert read(raw)["Subject"] == text
    assert name.replace("\r\n", "") == text.replace(",", "")
