"""docs/mail.md rules 32 and 33; safety: stored XSS by mail. What may be shown, and what it says as text."""

import pytest

from helpdesk.intake.parser.html import sanitise, to_text, why_not_shown
from helpdesk.intake.parser.read import parse

HEAD = b"From: ada@acme.example\r\nSubject: x\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


@pytest.mark.parametrize(
    "payload",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<svg onload=alert(1)><script>alert(1)</script></svg>",
        "<math><mtext><table><mglyph><style><img src onerror=alert(1)>",
        '<a href="javascript:alert(1)">x</a>',
        '<a href="java\tscript:alert(1)">x</a>',
        '<a href="data:text/html,<script>alert(1)</script>">x</a>',
        '<iframe src="https://evil.example"></iframe>',
        '<form action="https://evil.example"><input name=password><button>go</button></form>',
        '<meta http-equiv="refresh" content="0;url=https://evil.example">',
        '<base href="https://evil.example/">',
        '<link rel=stylesheet href="https://evil.example/x.css">',
        "<style>@import url(https://evil.example/x.css)</style>",
        '<div style="position:fixed;top:0;background:url(https://evil.example/x)">x</div>',
        '<p style="background-image:url(https://evil.example/x)">x</p>',
        '<table background="https://evil.example/x"><tr><td background="https://evil.example/y">x</td></tr></table>',
        '<video src="https://evil.example/x" poster="https://evil.example/y"></video>',
        '<img srcset="https://evil.example/x 2x">',
        '<object data="https://evil.example/x"></object><embed src="https://evil.example/x">',
        '<div id="app" class="modal" data-x="y" hx-get="/x">x</div>',
        '<noscript><p title="</noscript><img src=x onerror=alert(1)>">',
        '<template><img src="https://evil.example/x"></template>',
    ],
)
def test_nothing_dangerous_is_left(payload):
    html = sanitise(payload).html.lower()

    for sign in ("script", "onerror", "onload", "evil.example", "position", "url(", "<form", "<input", "class=", "hx-"):
        assert sign not in html


def test_remote_pictures_are_taken_out_and_listed():
    """Rule 33."""
    result = sanitise('<img src="https://t.example/1.gif" alt="Logo"><img src="//t.example/2.gif"><img src="x.gif">')

    assert "t.example" not in result.html
    assert 'alt="Logo"' in result.html
    assert "https://t.example/1.gif" in result.blocked_images


def test_pictures_that_came_with_the_mail_stay():
    result = sanitise('<img src="cid:one@acme">')

    assert result.content_ids == {"one@acme"}
    assert "cid:one@acme" in result.html
    assert result.blocked_images == ()


@pytest.mark.parametrize("kind", ["image/svg+xml", "text/html", "image/png,<svg>"])
def test_other_data_is_no_picture(kind):
    assert "data:" not in sanitise(f'<img src="data:{kind};base64,PHN2Zz4=">').html


def test_layout_of_a_usual_mail_survives():
    html = '<table width="600"><tr><td style="color: red; padding: 4px" colspan="2">Hello <b>Ada</b></td></tr></table>'

    cleaned = sanitise(html).html

    assert "color:red" in cleaned.replace(" ", "")
    assert "<b>Ada</b>" in cleaned
    assert 'colspan="2"' in cleaned


def test_links_lead_away_without_telling_where_from():
    assert 'rel="noopener noreferrer nofollow"' in sanitise('<a href="https://acme.example">x</a>').html


def test_html_that_is_nested_too_deep_is_read_as_text():
    html = "<div>" * 5_000 + "It is broken."

    assert why_not_shown(html) == "the HTML is nested too deep to be shown"
    assert "It is broken." in to_text(html)


def test_a_mail_with_such_html_is_still_a_mail():
    mail = parse(HEAD + b"<div>" * 5_000 + b"It is broken.")

    assert mail.html is None
    assert "It is broken." in mail.text
    assert mail.warnings == ("the HTML is nested too deep to be shown",)


@pytest.mark.parametrize(
    "quote",
    [
        '<div class="gmail_quote"><div>On Monday, Desk wrote:<br></div><blockquote>Does it work?</blockquote></div>',
        '<blockquote type="cite">Does it work?</blockquote>',
        '<div class="moz-cite-prefix">Desk:</div><blockquote>Does it work?</blockquote>',
        '<div id="appendonsend"></div><div id="divRplyFwdMsg">Does it work?</div><div>Desk</div>',
        '<div style="border:none;border-top:solid #E1E1E1 1.0pt">Desk</div><p>Does it work?</p>',
        '<div class="yahoo_quoted">Does it work?</div>',
    ],
    ids=["gmail", "apple", "thunderbird", "outlook on the web", "outlook", "yahoo"],
)
def test_the_quote_that_a_mail_program_marks_is_trimmed(quote):
    """Rule 32."""
    mail = parse(HEAD + f"<html><body><p>Yes.</p>{quote}</body></html>".encode())

    assert mail.reply_text.strip() == "Yes."
    assert "Does it work?" in mail.trimmed_text
    assert "\ue000" not in mail.text


def test_answers_below_a_marked_quote_are_never_cut():
    """Rule 31."""
    mail = parse(HEAD + b'<blockquote type="cite">Does it work?</blockquote><p>Yes.</p>')

    assert "Yes." in mail.reply_text
    assert mail.trimmed_text == ""


def test_answers_between_marked_quotes_are_never_cut():
    """Rule 31."""
    html = b'<div class="gmail_quote"><blockquote>One?</blockquote><p>Yes.</p><blockquote>Two?</blockquote></div>'

    assert "Yes." in parse(HEAD + b"<p>See below</p>" + html).reply_text
