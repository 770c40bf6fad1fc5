"""Addresses that somebody wrote into a text: what of it is the link, and what never is one (docs/desk.md rule 123)."""

import re
from html import unescape
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpdesk.kernel.written_links import LENGTH_LIMIT, linked, pieces


def links(text: str) -> list[str]:
    return [piece.address for piece in pieces(text) if piece.address]


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("See https://a.example/b.", "https://a.example/b"),
        ("See https://a.example/b, then", "https://a.example/b"),
        ("Is it https://a.example/b?", "https://a.example/b"),
        ("https://a.example/?q=1&r=2#top!", "https://a.example/?q=1&r=2#top"),
        ("(https://a.example/b)", "https://a.example/b"),
        ("(see https://a.example/b_(c).)", "https://a.example/b_(c)"),
        ("[https://a.example/b]", "https://a.example/b"),
        ("<https://a.example/b>", "https://a.example/b"),
        ("“https://a.example/b”", "https://a.example/b"),
        ("*https://a.example/b*", "https://a.example/b"),
        ("https://a.example/b\nnext", "https://a.example/b"),
        ("HTTPS://A.example", "HTTPS://A.example"),
        ("http://10.0.0.5:8080/x", "http://10.0.0.5:8080/x"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
        ("https://müller.example/straße", "https://müller.example/straße"),
        ("https://例え.テスト/道。", "https://例え.テスト/道"),
        ("https://a.example/-_~", "https://a.example/-"),
        ("mailto:ida@kuehn.example.", "mailto:ida@kuehn.example"),
        ("mailto:ida@kuehn.example?body=x", "mailto:ida@kuehn.example"),
    ],
)
def test_an_address_ends_where_a_reader_ends_it(text: str, address: str) -> None:
    assert links(text) == [address]


@pytest.mark.parametrize(
    "text",
    [
        "javascript:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "ftp://a.example",
        "xhttps://a.example",
        "https://",
        "https:// a.example",
        "https://_",
        "https://bank.example@evil.example/",
        "https://bank.example:443@evil.example",
        "mailto:",
        "mailto:nobody",
        "www.a.example",
        f"https://a.example/{'x' * LENGTH_LIMIT}",
    ],
)
def test_what_is_no_address_or_hides_where_it_leads_is_text(text: str) -> None:
    assert links(text) == []


@pytest.mark.parametrize("turning", ["\u202e", "\u2066", "\u200b", "\\", "\x00", "\ufeff"])
def test_nothing_turns_or_breaks_an_address(turning: str) -> None:
    assert links(f"https://a.example/x{turning}y") == ["https://a.example/x"]


def test_two_addresses_in_a_row_are_two() -> None:
    assert links("https://a.example, https://b.example") == ["https://a.example", "https://b.example"]


def test_a_link_opens_elsewhere_and_says_nothing() -> None:
    assert linked("a <b> https://a.example/?q=1&r=2") == (
        'a &lt;b&gt; <a href="https://a.example/?q=1&amp;r=2" rel="noopener noreferrer nofollow" target="_blank">'
        "https://a.example/?q=1&amp;r=2</a>"
    )


@pytest.mark.parametrize(
    "text", ['https://a.example/"onmouseover="alert(1)', "https://a.example/'><script>alert(1)</script>", "<b>&amp;"]
)
def test_no_text_becomes_markup(text: str) -> None:
    assert re.sub(r'<a href="[^"<>]*" rel="noopener noreferrer nofollow" target="_blank">|</a>', "", linked(text)) == (
        linked(text.replace("https:", "https;")).replace("https;", "https:")
    )


@given(st.lists(st.sampled_from(["https://", "a.example", "(", ")", "mailto:", "@", " ", "<", '"', "&", "é", "."])))
def test_not_a_letter_is_lost(parts: list[str]) -> None:
    text = "".join(parts)

    assert "".join(piece.words for piece in pieces(text)) == text
    assert unescape(re.sub(r"<[^>]*>", "", linked(text))) == text


@pytest.mark.parametrize("part", ["https://", "https://a.example/(", "https://a)", "mailto:a", "mailto:a@", ")" * 10])
def test_hostile_text_takes_no_time(part: str) -> None:
    began = process_time()

    pieces(part * (100_000 // len(part)))

    assert process_time() - began < 1


def test_addresses_side_by_side_cost_as_much_each_as_one_alone():
    many = 30_000  # where each looked at all that follow, nobody would wait for the end

    assert linked("mailto:a@b.example," * many).count("<a ") == many
