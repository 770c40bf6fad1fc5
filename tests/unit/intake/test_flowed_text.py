"""Lines that were broken only on the way, put together again; all others stay as they are (RFC 3676)."""

import pytest

from helpdesk.intake.domain.flowed import unflowed
from helpdesk.intake.parser.read import parse

HEAD = "From: a@acme.example\r\nTo: b@c.example\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8{}\r\n\r\n"


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("It prints \nblank labels.\nAgain.", "It prints blank labels.\nAgain."),
        ("> It prints \n> blank labels.\nSince when?", "> It prints blank labels.\nSince when?"),
        (">> older \n> newer \nmine", ">> older \n> newer \nmine"),
        (" >no quote", ">no quote"),
        (" From here", "From here"),
        ("Thanks \n-- \nIda ", "Thanks \n-- \nIda "),
        ("> Thanks \n> -- \n> Ida", "> Thanks \n> -- \n> Ida"),
        ("A paragraph \n\nAnother", "A paragraph \n\nAnother"),
        ("", ""),
    ],
)
def test_a_line_that_ends_with_a_space_goes_on(sent: str, read: str) -> None:
    assert unflowed(sent) == read


def test_a_space_that_was_put_there_is_taken_off() -> None:
    assert unflowed("プリン \nタ", deletes_space=True) == "プリンタ"


@pytest.mark.parametrize(
    ("parameters", "text"),
    [
        ("; format=flowed", "It prints blank labels."),
        ("; Format=Flowed; DelSp=Yes", "It printsblank labels."),
        ("", "It prints\nblank labels."),
        ("; format=fixed", "It prints\nblank labels."),
    ],
)
def test_only_what_says_so_is_put_together(parameters: str, text: str) -> None:
    mail = HEAD.format(parameters).encode() + b"It prints \r\nblank labels.\r\n"

    assert parse(mail).text == text


def test_a_paragraph_of_many_lines_costs_as_much_as_they_do() -> None:
    many = 400_000  # where each copied what came before, nobody would wait for the end

    assert unflowed("a \n" * many) == "a " * many + "\n"
