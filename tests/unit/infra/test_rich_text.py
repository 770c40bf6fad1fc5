"""What is kept of formatted text, and its text (docs/answering.md rules 15 and 17)."""

import re

import pytest

from helpdesk.infra import rich_text
from helpdesk.infra.rich_text import ShownPicture, Written, html_of, mailed, shown, text_of, written
from helpdesk.kernel.errors import RuleViolation
from tests.browser.payloads import PAYLOADS

LINK = "<strong>a</strong>"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<div>one<br>two<br><br>three</div>", "one\ntwo\n\nthree"),
        ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo"),
        ("<p>one</p><p>two</p>", "one\n\ntwo"),
        ("<div>So:</div><ul><li>a</li><li>b</li></ul><div>Bye</div>", "So:\n\n- a\n- b\n\nBye"),
        ("<ol><li>a<ul><li>in</li></ul></li><li>b<br>more</li></ol>", "1. a\n  - in\n2. b\n   more"),
        ("<blockquote>was<blockquote>before</blockquote></blockquote>no", "> was\n>\n> > before\n\nno"),
        ("<pre>if a:\n    b\n\nc</pre>", "if a:\n    b\n\nc"),
        ('<a href="https://x.example/a?b=1&amp;c=2">the page</a>!', "the page <https://x.example/a?b=1&c=2>!"),
        ('<a href="https://x.example/">x.example</a>', "x.example"),
        ('<a href="mailto:ida@x.example">Ida</a>', "Ida <ida@x.example>"),
        ("<div>1 &lt; 2 &amp; <em>3</em>&nbsp; 4</div>", "1 < 2 & 3  4"),
        ("  \n <strong> </strong>", ""),
    ],
)
def test_the_text_of_html_has_its_lines_lists_links_and_quotes(html, text):
    assert text_of(html) == text


OURS, OTHER = "a" * 32 + "@helpdesk", "b" * 32 + "@helpdesk"


@pytest.mark.parametrize(
    "attributes",
    [
        *(
            f'src="{one}"'
            for one in ("http://x.example/a.png", "//x.example", "data:image/png;base64,A", "/files/1/large")
        ),
        *(f'src="{one}"' for one in (f"cid:{OTHER}", "cid:logo@acme.example", f"cid:{OURS}x", "javascript:alert(1)")),
        *("", f'srcset="cid:{OURS}"', f'data-src="cid:{OURS}"', 'src="blob:http://x/1"'),
    ],
)
def test_no_picture_but_one_of_the_same_draft_is_kept_shown_or_mailed(attributes):
    html = f"<strong>a</strong><img {attributes} onerror=alert(1)><svg><image href='x'/></svg>"

    said = written("", html, pictures=[OURS])

    assert "im" not in said.html
    assert "im" not in shown(html, pictures={OURS: ShownPicture("/files/1/large", "/files/1")})
    assert "im" not in mailed(html, pictures=[OURS])


def test_a_picture_is_kept_by_its_id_shown_from_our_file_and_mailed_by_its_content_id():
    words = "a &quot; > <b onclick=x>&amp;"
    html = f'<div>One<img src="cid:{OURS}" alt="{words}" width="1280" height="9" onerror="x" style="x">two</div>'

    said = written("", html, pictures=[OURS])

    alt = 'alt="a &quot; &gt; &lt;b onclick=x&gt;&amp;"'
    assert said.text == 'One\n[picture: a " > <b onclick=x>&]\ntwo'
    assert text_of(said.html, picture="Bild").splitlines()[1] == '[Bild: a " > <b onclick=x>&]'
    assert said.html == f'<div>One<img src="cid:{OURS}" {alt} width="1280" height="9">two</div>'
    assert written("", said.html, pictures=[OURS]) == said
    page = shown(said.html, pictures={OURS: ShownPicture('/files/1/large?a&b"', "/files/1")})
    assert f'data-preview><img src="/files/1/large?a&amp;b&quot;" {alt} width="1280" height="9"' in page
    assert f'<img src="cid:{OURS}" {alt} width="640" style=' in mailed(said.html, pictures=[OURS])
    assert [rich_text.clean(said.html), str(shown(said.html)), mailed(said.html)] == ["<div>Onetwo</div>"] * 3


def test_what_is_not_formatted_is_kept_as_text_alone():
    assert written("old", "<div>two<br>lines</div>") == Written("two\nlines")
    assert written("only this", " ") == Written("only this")
    assert written("old", "<div>a <strong>b</strong></div>") == Written("a b", "<div>a <strong>b</strong></div>")


def test_a_link_leads_to_the_web_or_a_mailbox_or_nowhere():
    every = [
        *("https://x.example", "HTTP://x.example", "mailto:a@x.example"),
        *("javascript:alert(1)", "/items/1", "//x.example", "data:text/html,x", "", "java\nscript:x"),
    ]

    kept = [bool(re.search("href=", rich_text.clean(f'<a href="{address}">x</a>'))) for address in every]

    assert kept == [True] * 3 + [False] * 6


@pytest.mark.parametrize("payload", PAYLOADS, ids=lambda payload: payload.name)
def test_nothing_that_a_form_sends_acts_in_a_page_or_in_a_mail(payload):
    said = written("", f"<p><strong>Before</strong></p>{payload.markup}<p>After</p>")

    for html in (said.html, str(shown(said.html)), mailed(said.html), html_of(said.text)):
        tags = set(re.findall(r"<([a-z0-9]+)", html))
        names = set(re.findall(r"<[^>]*?\s([a-z-]+)=", html))
        assert tags <= {
            "p",
            "strong",
            "a",
            "br",
            "div",
            "u",
            "del",
            "em",
            "pre",
            "code",
            "blockquote",
            "ul",
            "ol",
            "li",
        }
        assert names <= {"href", "rel", "target", "tabindex", "style"}
        assert not re.search(r'href="(?!https?://|mailto:)', html)


def test_text_as_html_has_paragraphs_lines_and_links_and_is_escaped():
    assert html_of("Hi <b>\n  in\r\n\r\nSee https://x.example/a?b=1&c=2.") == (
        "<p>Hi &lt;b&gt;<br>\xa0\xa0in</p>"
        '<p>See <a href="https://x.example/a?b=1&amp;c=2">https://x.example/a?b=1&amp;c=2</a>.</p>'
    )
    assert html_of("\n \n") == ""


def test_one_below_the_other_is_formatted_where_one_of_them_is():
    formatted = Written("a", LINK)

    assert Written("a").followed_by(Written("b")) == Written("a\n\nb")
    assert formatted.followed_by(Written("b")) == Written("a\n\nb", f"{LINK}<div><br></div><p>b</p>")
    assert (formatted.followed_by(Written("")), Written("").followed_by(formatted)) == (formatted, formatted)


@pytest.mark.parametrize("html", ["<div>" * 10_001, "x" * 200_001])
def test_more_formatting_than_anybody_writes_is_refused(html):
    with pytest.raises(RuleViolation, match="too much formatting"):
        written("x", html)
