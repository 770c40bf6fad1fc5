"""Addresses as people type them above an answer (docs/answering.md rule 12)."""

import pytest

from helpdesk.tickets.domain import typed_people


@pytest.mark.parametrize(
    ("typed", "people"),
    [
        ("bob@acme.example", [("", "bob@acme.example")]),
        (
            ' Bob Klein <bob@acme.example>; "Ida" <ida@acme.example>\n',
            [("Bob Klein", "bob@acme.example"), ("Ida", "ida@acme.example")],
        ),
        ("bob@acme.example, BOB@acme.example,,", [("", "bob@acme.example")]),
        ("bob", [("", "bob")]),
        ("<>", [("", "")]),
        (" ", []),
    ],
)
def test_a_line_names_everybody_once(typed: str, people: list[tuple[str, str]]) -> None:
    assert typed_people(typed) == people
