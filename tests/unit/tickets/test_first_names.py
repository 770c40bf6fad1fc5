"""How somebody is called in a canned reply (docs/answering.md rule 6)."""

import pytest

from helpdesk.tickets.domain import first_name


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Ida Kühn", "Ida"),
        ("  Dr. Ida Kühn ", "Ida"),
        ("Kühn, Ida", "Ida"),
        ("Kühn,", "Kühn"),
        ("ida@kuehn.example", "ida@kuehn.example"),
        ("Dr.", "Dr."),
        ("", ""),
    ],
)
def test_a_first_name_is_the_first_word_that_is_no_title(name: str, first: str) -> None:
    assert first_name(name) == first
