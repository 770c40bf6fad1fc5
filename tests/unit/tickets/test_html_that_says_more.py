"""When a mail's HTML is shown at once, what of it is folded, and that it names no length of its window.

docs/desk.md rules 120 to 122.
"""

from time import process_time

import pytest

from helpdesk.intake.parser.html import sanitise
from helpdesk.tickets.mail_markup import quote_in, says_more, with_quote_folded, without_window

GMAIL = '<div dir="ltr">Thanks</div><br><div><div>Am Mo., 2. Nov. schrieb Ida &lt;ida@a.example&gt;:<br></div>'
OUTLOOK = "<div><p>Thanks</p><div><div><p><b>Von:</b> Ida K. &lt;ida@a.example&gt;<br><b>An:</b> us</p></div></div>"
ROW = "<tr><td>Toner</td><td>12</td></tr>"


def more(html: str, text: str = "Hello", trimmed: str = "", pictures: tuple[str, ...] = ()) -> bool:
    return says_more(sanitise(html).html, text, trimmed, pictures=pictures)


@pytest.mark.parametrize(
    "html",
    [
        '<p>Click <a href="https://a.example/x">here</a></p>',
        '<p><a href="mailto:ida@a.example">Ida</a></p>',
        f"<table>{ROW}{ROW}</table>",
        f"<table><tbody>{ROW}<tr><td>Ink</td><td><p>3</p></td></tr></tbody></table>",
        "<ul><li>one</li><li>two</li></ul>",
        "<ol><li>one</li><li>two</li></ol>",
        "<p>The price is <s>10</s> 12</p>",
        "<h2>Monday</h2><p>x</p>",
        "<p>my answer is <mark>below</mark></p>",
    ],
)
def test_html_says_more_by_links_tables_lists_headings_and_marks(html: str) -> None:
    assert more(html)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Hello <b>Ida</b></p>", "Hello Ida"),
        ('<p><a href="https://a.example/x/">a.example/x</a></p>', "a.example/x"),
        ('<p><a href="https://a.example/x">here</a></p>', "here <https://a.example/x>"),
        ('<p><a href="https://www.a.example">A</a></p>', "A (a.example)"),
        ('<p><a href="tel:+49301234">call</a></p>', "call"),
        ('<p><a href="mailto:ida@a.example">ida@a.example</a></p>', "ida@a.example"),
        ("<table><tr><td>one cell</td></tr><tr><td>another</td></tr></table>", "one cell"),
        (f"<table>{ROW}</table>", "Toner 12"),
        ("<table><tr><td></td><td>x</td></tr><tr><td></td><td>y</td></tr></table>", "x y"),
        (f"<table><tr><td><table><tr><td>a</td></tr></table></td><td>b</td></tr>{ROW}</table>", "a b"),
        ("<ul><li>one</li><li>two</li></ul>", "* one\n* two"),
        ("<ol><li>one</li><li>two</li></ol>", "1. one\n2. two"),
        ("<ul><li>one</li></ul>", "one"),
        ('<p>Hi<img src="https://spy.example/p.gif"></p>', "Hi"),
        ('<p>Hi<img src="cid:gone@a"></p>', "Hi"),
    ],
)
def test_html_that_says_the_same_does_not(html: str, text: str) -> None:
    assert not more(html, text)


def test_a_picture_that_came_with_the_mail_says_more_but_one_of_the_signature_does_not() -> None:
    html = '<p>See<img src="cid:shot&amp;1@a"><img src="cid:logo@a"></p>'

    assert more(html, pictures=("shot&1@a",))
    assert not more(html, pictures=())


def test_what_only_the_quote_says_is_no_reason() -> None:
    html = GMAIL + '<blockquote><a href="https://a.example">here</a></blockquote></div>'

    assert more(html, "Thanks")
    assert not more(html, "Thanks", "Am Mo., 2. Nov. schrieb Ida <ida@a.example>:\n> here")


@pytest.mark.parametrize(
    ("html", "trimmed", "left"),
    [
        (GMAIL + "<blockquote>old</blockquote></div>", "Am Mo., 2. Nov. schrieb Ida <ida@a.example>:\n> old", "Thanks"),
        (OUTLOOK + "<p>old</p></div>", "________\nVon: Ida K. <ida@a.example>\nAn: us\n\nold", "Thanks"),
        ("<p>Thanks<br>-----Original Message-----<br>old</p>", "-----Original Message-----\nold", "Thanks"),
        ("<p>Thanks</p><p>-- <br>Ida Kuehn</p>", "-- \nIda Kuehn", "Thanks"),
        ("<p>Ida Kuehn says thanks</p><p>Ida Kuehn</p>", "-- \nIda Kuehn", "Ida Kuehn says thanks"),
    ],
)
def test_the_quote_is_found_where_the_text_was_cut(html: str, trimmed: str, left: str) -> None:
    shown = sanitise(html).html
    start, end = quote_in(shown, f"Thanks\n\n{trimmed}", trimmed) or (0, 0)

    assert "old" not in shown[:start] + shown[end:]
    assert sanitise(shown[:start]).html.replace("<br>", "").count(left) == 1
    folded = with_quote_folded(shown, f"Thanks\n\n{trimmed}", trimmed, "Show")
    assert folded == f"{shown[:start]}<details><summary>Show</summary>{shown[start:end]}</details>{shown[end:]}"


@pytest.mark.parametrize(
    ("html", "trimmed"),
    [
        ("<p>Thanks</p><p>old</p>", ""),
        ("<p>Thanks</p><p>old</p>", "something else that stands nowhere"),
        ("<p>On Monday you wrote</p><p>old</p>", "On Monday you wrote"),
        ("<table><tr><td>a</td><td>On Monday you wrote</td></tr></table>", "> wrote"),
        ("<ul><li>a</li><li>On Monday you wrote</li></ul>", "On Monday you wrote"),
    ],
)
def test_nothing_is_folded_where_nobody_can_tell(html: str, trimmed: str) -> None:
    assert with_quote_folded(sanitise(html).html, f"Thanks\n\n{trimmed}", trimmed, "Show") == sanitise(html).html


@pytest.mark.parametrize(
    ("style", "calm"),
    [
        ("height:100vh", ' style="height:800px"'),
        ("height:calc(50dvh + 1px)", ' style="height:calc(400px + 1px)"'),
        ("line-height:2.5VMAX", ' style="line-height:20px"'),
        ("height:99999999vh", ' style="height:10000px"'),
        ("font-family:vh5, 5vhs", ' style="font-family:vh5, 5vhs"'),
        ("width:50vw", ' style="width:50vw"'),
        (r"height:100\76h", ""),
        ("height:100%", ' style="height:100%"'),
    ],
)
def test_no_length_follows_the_height_of_the_window(style: str, calm: str) -> None:
    assert without_window(f'<p style="{style}">5vh</p>') == f"<p{calm}>5vh</p>"


@pytest.mark.parametrize("part", ["<div>", "<a href='https://a.example'>x", "<td>x", "<p>old text </p>", "old text "])
def test_hostile_html_takes_no_time(part: str) -> None:
    html = sanitise(part * 2000).html * 5
    began = process_time()

    says_more(html, "x", "old text\nold text that is long", pictures=())
    with_quote_folded(html, "x", "old text\nold text that is long", "Show")
    without_window(html)

    assert process_time() - began < 1


@pytest.mark.parametrize("above", ['<img src="cid:logo">', '<div style="display:none">Your weekly news</div>'])
def test_a_mail_that_is_passed_on_is_not_folded_whatever_stands_above_it(above: str) -> None:
    top = "---------- Forwarded message ---------\nFrom: Ann Berg"
    text = f"{top}\n\nThe printer is broken."
    html = f"{above}<div>{top.replace(chr(10), '<br>')}</div><div>The printer is broken.</div>"

    assert with_quote_folded(html, text, top, "Show") == html


def test_a_picture_alone_is_an_answer_above_its_quote() -> None:
    html, quote = '<div><img src="cid:shot"></div><div>On Monday you wrote:</div>', "On Monday you wrote:"

    folded = with_quote_folded(html, f"[image: shot.png]\n\n{quote}", quote, "Show")

    assert (
        folded
        == '<div><img src="cid:shot"></div><details><summary>Show</summary><div>On Monday you wrote:</div></details>'
    )


def test_lengths_of_containers_are_those_of_the_window_and_words_are_left_alone() -> None:
    said = '<p>x style="</p><div style="height:100cqh">y</div><p>Use style="height: 100vh" here</p>'

    assert without_window(said) == said.replace("100cqh", "800px")
