"""docs/mail.md rule 32: an answer to a letter of ours is what stands above our line, in every mail program."""

import html

import pytest
from flask import Flask
from flask_babel import Babel

from helpdesk.infra.i18n import TRANSLATIONS
from helpdesk.intake.parser.read import parse
from helpdesk.outbox.render import above_the_line
from tests.mails import mail

ANSWER = "Yes, it prints again.\n\nBut the tray squeaks."
LETTER = "Hello Ann,\n\ndoes it print again?\n\n-- \nEva Halden\nHalden & Okoye"
WHEN = "Wed, Nov 18, 2026 at 10:00 AM"
EVA = "Eva Halden (Support) <support@halden-okoye.example>"


@pytest.fixture(params=["en", "de", "fr", "es", "pt", "ja"])
def letter(request, app_with_letters: Flask) -> str:
    with app_with_letters.test_request_context():
        return above_the_line(LETTER, language=request.param)


@pytest.fixture
def app_with_letters() -> Flask:
    app = Flask("letters")
    Babel(app, default_translation_directories=str(TRANSLATIONS))
    return app


def quoted(text: str) -> str:
    return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))


def as_html(text: str) -> str:
    return "<br>\n".join(html.escape(line) for line in text.split("\n"))


TEXTS = {
    "gmail": lambda letter: f"{ANSWER}\n\nOn {WHEN} {EVA}\nwrote:\n\n{quoted(letter)}\n",
    "gmail in German": lambda letter: f"{ANSWER}\n\nAm Mi., 18. Nov. 2026 schrieb {EVA}:\n\n{quoted(letter)}\n",
    "outlook": lambda letter: (
        f"{ANSWER}\n\n-----Original Message-----\nFrom: {EVA}\nSent: Wednesday, 18 November 2026 10:00\n"
        f"To: Ann Berg\nSubject: [#12] Printer\n\n{letter}\n"
    ),
    "outlook in German": lambda letter: (
        f"{ANSWER}\n\n________________________________\nVon: {EVA}\nGesendet: Mittwoch, 18. November 2026 10:00\n"
        f"An: Ann Berg\nBetreff: [#12] Drucker\n\n{letter}\n"
    ),
    "apple mail": lambda letter: f"{ANSWER}\n\n> On 18 Nov 2026, at 10:00, {EVA} wrote:\n> \n{quoted(letter)}\n",
    "thunderbird": lambda letter: f"{ANSWER}\n\nOn 18.11.26 10:00, Eva Halden (Support) wrote:\n{quoted(letter)}\n",
    "a program that says nothing": lambda letter: f"{ANSWER}\n\n{letter}\n",
    "a program that breaks lines": lambda letter: f"{ANSWER}\n\n{letter.replace(' -##', chr(10) + '-##', 1)}\n",
    "a program that draws bars": lambda letter: f"{ANSWER}\n\n" + "\n".join(f"| {line}" for line in letter.split("\n")),
}  # fmt: skip


@pytest.mark.parametrize("style", TEXTS)
def test_a_text_answer_is_cut_at_our_letter(style, letter):
    read = parse(mail(TEXTS[style](letter), subject="Re: [#12] Printer"))

    assert read.reply_text == ANSWER
    assert "does it print again?" in read.trimmed_text


def page(answer: str, quote: str) -> str:
    return f"<html><head><meta charset='utf-8'></head><body>{answer}{quote}</body></html>"


PARAGRAPHS = "<p>Yes, it prints again.</p><p>But the tray squeaks.</p>"
HTML = {
    "gmail": lambda letter: page(
        '<div dir="ltr"><div>Yes, it prints again.</div><div><br></div><div>But the tray squeaks.</div></div><br>',
        '<div class="gmail_quote gmail_quote_container"><div dir="ltr" class="gmail_attr">On '
        f'{WHEN} Eva &lt;<a href="mailto:s@h.example">s@h.example</a>&gt; wrote:<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0px 0px 0px 0.8ex">{as_html(letter)}</blockquote></div>',
    ),
    "outlook": lambda letter: page(
        f'<div class="WordSection1">{PARAGRAPHS}'.replace("<p>", '<p class="MsoNormal">'),
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm"><p><b>From:'
        "</b> Eva<br><b>Sent:</b> Wednesday<br><b>To:</b> Ann<br><b>Subject:</b> [#12] Printer</p></div>"
        f'<p class="MsoNormal">{as_html(letter)}</p></div>',
    ),
    "outlook on the web": lambda letter: page(
        f'<div class="elementToProof">{PARAGRAPHS}</div><div id="appendonsend"></div><hr style="width:98%">',
        '<div id="divRplyFwdMsg" dir="ltr"><b>From:</b> Eva<br><b>Sent:</b> Wednesday<br><b>To:</b> Ann</div>'
        f'<div class="BodyFragment"><div class="PlainText">{as_html(letter)}</div></div>',
    ),
    "apple mail": lambda letter: page(
        PARAGRAPHS,
        '<div><br><blockquote type="cite"><div>On 18 Nov 2026, at 10:00, Eva &lt;s@h.example&gt; wrote:</div><br>'
        f"<div>{as_html(letter)}</div></blockquote></div>",
    ),
    "thunderbird": lambda letter: page(
        PARAGRAPHS,
        '<div class="moz-cite-prefix">On 18.11.26 10:00, Eva wrote:<br></div><blockquote type="cite" '
        f'cite="mid:1@h.example"><pre wrap="" class="moz-quote-pre">{html.escape(letter)}</pre></blockquote>',
    ),
    "a program that marks nothing": lambda letter: page(PARAGRAPHS, f"<div>{as_html(letter)}</div>"),
}


@pytest.mark.parametrize("style", HTML)
def test_an_html_answer_is_cut_at_our_letter(style, letter):
    raw = mail("", subject="Re: [#12] Printer", html=HTML[style](letter))

    read = parse(raw)

    assert " ".join(read.reply_text.split()) == " ".join(ANSWER.split())
    assert "does it print again?" in read.trimmed_text


def test_a_letter_of_ours_that_comes_back_alone_is_shown_whole(letter):
    assert "does it print again?" in parse(mail(letter)).reply_text


def test_a_line_that_only_begins_like_ours_cuts_nothing():
    text = "Here is the table:\n##- a -- b\nand so on"

    assert parse(mail(text)).reply_text == text
