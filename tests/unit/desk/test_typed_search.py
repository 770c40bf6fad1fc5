"""What is typed to find something is read whole: nothing is refused, and what cannot be asked is named."""

from datetime import date

import pytest

from helpdesk.desk.domain.typed_search import CHOICES, LONGEST, MOST_PIECES, OPERATORS, Piece, begun, read


def kinds(typed: str) -> list[tuple[str, tuple[str, ...] | str, bool]]:
    return [(each.kind, each.words or each.value, each.is_left_out) for each in read(typed).pieces]


def test_words_phrases_operators_and_what_is_left_out():
    typed = 'Drucker "zweite Etage" -toner client:"Acme Ltd" -status:In-Progress #48 after:2026-01-31 file:Rechnung.pdf'

    assert kinds(typed) == [
        ("words", ("drucker",), False),
        ("words", ("zweite", "etage"), False),
        ("words", ("toner",), True),
        ("client", ("acme", "ltd"), False),
        ("status", "in_progress", True),
        ("number", "48", False),
        ("after", "2026-01-31", False),
        ("file", ("rechnung", "pdf"), False),
    ]
    assert read(typed).of("after")[0].day == date(2026, 1, 31)
    assert read(typed).problems == ()
    assert read(typed).sought == [("drucker",), ("zweite", "etage")]


@pytest.mark.parametrize(
    ("typed", "begins"),
    [("printer hal", True), ("ha", False), ("hall -x", False), ('"printer hal"', False), ("subject:hal", True)],
)
def test_the_last_word_may_be_the_beginning_of_one(typed, begins):
    assert [each.begins for each in read(typed).pieces][-1] is begins


@pytest.mark.parametrize(
    ("typed", "possible"),
    [
        ("stauts:open", ("status:",)),
        ("zzz:open", tuple(f"{each}:" for each in OPERATORS)),
        ("status:opne", ("open",)),
        ("is:xyz", CHOICES["is"]),
        ("before:tomorrow", ("2026-01-31",)),
        ("after:2026-02-30", ("2026-01-31",)),
        ('tag:"!"', ()),
    ],
)
def test_an_operator_or_value_that_there_is_not_is_named_with_what_there_is(typed, possible):
    read_so = read(f"printer {typed} hall")

    (problem,) = read_so.problems
    assert (problem.typed, problem.possible) == (typed, possible)
    words = [each.words[0] for each in read_so.pieces]
    assert (words[0], words[-1]) == ("printer", "hall")


def test_what_is_no_operator_is_words():
    assert read("Re: printer at 12:30, see https://acme.example/x and C:\\temp").problems == ()
    assert read("stauts:open").pieces[0].words == ("stauts", "open")
    assert read("ann@acme.example").is_plain
    assert not read('"ann"').is_plain
    assert not read("-ann").is_plain
    assert read("").pieces == read(' - " \0 " *').pieces == ()


def test_however_much_is_typed_little_is_read():
    assert len(read("a b c d e f g h i j k l m n o p q").pieces) == MOST_PIECES
    assert read("x" * 3 * LONGEST).pieces == (Piece("words", "x" * LONGEST, ("x" * 40,), begins=True),)
    assert len(read('client:"' * LONGEST).problems) <= LONGEST


@pytest.mark.parametrize(
    ("typed", "operator", "value", "completed"),
    [
        ("from:", "from", "", 'from:"Ann Berg" '),
        ("printer -to:an", "to", "an", 'printer -to:"Ann Berg" '),
        ('to:"Ann B', "to", "Ann B", 'to:"Ann Berg" '),
        ("a:b CLIENT:x", "client", "x", 'a:b CLIENT:"Ann Berg" '),
        ("tag:vip", "tag", "vip", 'tag:"Ann Berg" '),
    ],
)
def test_what_is_begun_behind_an_operator_can_be_completed(
    typed: str, operator: str, value: str, completed: str
) -> None:
    started = begun(typed)

    assert started is not None
    assert (started.operator, started.value, started.completed('Ann "Berg"')) == (operator, value, completed)


@pytest.mark.parametrize(
    "typed", ["", "ann", "from:ann ", 'from:"Ann Berg"', "from:ann berg", "http://x", "nothing:x", "#4"]
)
def test_what_is_no_value_of_an_operator_at_the_end_is_not_completed(typed: str) -> None:
    assert begun(typed) is None
