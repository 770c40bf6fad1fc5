"""Words as people type them: without case and accents, and marked where they were found."""

import pytest

from helpdesk.kernel.words import MOST_WORDS, asked_words, folded, marked, words_of


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Kühn Präzision", "kuhn prazision"),
        ("Łódź", "lodz"),
        ("Ærø STRAẞE", "aero strasse"),
        ("ﬁle №7", "file no7"),
        ("İstanbul", "istanbul"),
        ("Ελλάς", "ελλασ"),
    ],
)
def test_words_are_compared_without_case_and_accents(written, typed):
    assert folded(written) == typed


def test_words_are_letters_and_digits_and_all_else_stands_between():
    assert words_of("Re: HO-2026/0371, person@acme.example") == [
        "re",
        "ho",
        "2026",
        "0371",
        "person",
        "acme",
        "example",
    ]
    assert words_of("%_*'\" ()") == []


def test_each_word_is_asked_once_and_not_without_end():
    assert asked_words("Printer printer PRINTER hall") == ["printer", "hall"]
    assert len(asked_words(" ".join(map(str, range(100))))) == MOST_WORDS


@pytest.mark.parametrize(
    ("text", "typed", "pieces"),
    [
        ("Kühn Präzision", "kuhn pra", [("Kühn", True), (" ", False), ("Prä", True), ("zision", False)]),
        ("Straße 7", "strass", [("Straß", True), ("e", False), (" ", False), ("7", False)]),
        ("Ku\N{COMBINING DIAERESIS}hnel", "kuhn", [("Ku\N{COMBINING DIAERESIS}hn", True), ("el", False)]),
        ("nothing here", "else", [("nothing", False), (" ", False), ("here", False)]),
    ],
)
def test_what_was_asked_for_is_marked_as_it_is_written(text, typed, pieces):
    assert marked(text, asked_words(typed)) == pieces
    assert "".join(piece for piece, _is_marked in pieces) == text
