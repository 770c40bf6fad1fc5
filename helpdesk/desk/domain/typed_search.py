"""What somebody typed to find something: words, phrases and operators (docs/desk.md rules 30 and 31)."""

import re
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches

from helpdesk.kernel.words import LONGEST_WORD, words_of

LONGEST = 2_000
"""So many letters are read; nobody types more."""
MOST_PIECES = 12
SHORTEST_BEGINNING = 3
"""A last word of fewer letters is sought as a whole: too many begin with it."""
ME, NOBODY = "me", "nobody"
YEARS = range(1970, 2200)
CHOICES: dict[str, tuple[str, ...]] = {
    "status": ("new", "open", "in_progress", "waiting", "solved", "closed"),
    "priority": ("low", "normal", "high", "urgent"),
    "is": (
        *("open", "closed", "unassigned", "waiting_on_us", "at_risk", "overdue"),
        *("snoozed", "spam", "ticket", "task"),
    ),
    "has": ("attachment",),
}
OPERATORS = (
    "client", "project", "status", "priority", "type", "assignee", "team", "from", "to", "tag", "subject", "file",
    "has", "is", "before", "after",
)  # fmt: skip
OF_MESSAGES = frozenset({"words", "subject", "file", "has", "from", "to"})
"""What is sought in messages; all else is asked of the ticket."""
PLACES = frozenset({"http", "https", "ftp", "mailto", "file"})

_TYPED = re.compile(r'(-?)(?:([A-Za-z_]{2,20}):)?(?:"([^"]*)(?:"|$)|([^\s"]+))')
_NUMBER = re.compile(r"#([0-9]{1,9})")
_SAME = {
    "in-progress": "in_progress",
    "inprogress": "in_progress",
    "attachments": "attachment",
    "file": "attachment",
    "at-risk": "at_risk",
    "atrisk": "at_risk",
    "waiting-on-us": "waiting_on_us",
}
_BEGUN = re.compile(r'(?:^|\s)(-?([A-Za-z_]{2,20}):)(?:"([^"]*)|([^\s"]*))$')


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing that was typed: ``kind`` is an operator, ``words`` or ``number``.

    ``words`` are those of its value, folded, in their order; a phrase where there are several. ``value`` is what
    stands for the others: a choice, or as it was typed.
    """

    kind: str
    value: str
    words: tuple[str, ...] = ()
    begins: bool = False
    is_left_out: bool = False
    is_quoted: bool = False
    day: date | None = None

    @property
    def number(self) -> int:
        """The number of an item that it is about."""
        return int(self.value)


@dataclass(frozen=True, slots=True)
class Problem:
    """What of the typed cannot be asked: an operator that there is not (without ``operator``), or such a value."""

    typed: str
    operator: str = ""
    value: str = ""
    possible: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Begun:
    """An operator at the end of what was typed whose value somebody has begun: ``before`` stands before the value."""

    operator: str
    value: str
    before: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the value, folded."""
        return _words(self.value)

    def completed(self, value: str) -> str:
        """Return all that was typed with the value in full, ready for what comes behind it: ``from:"Ann Berg" ``."""
        plain = " ".join(value.replace('"', " ").split())
        return f'{self.before}"{plain}" ' if " " in plain else f"{self.before}{plain} "


@dataclass(frozen=True, slots=True)
class Typed:
    """Everything that was typed, as far as it can be asked, and what cannot."""

    pieces: tuple[Piece, ...] = ()
    problems: tuple[Problem, ...] = field(default=())

    @property
    def is_plain(self) -> bool:
        """Whether it is words or one number alone, with which anything is looked for: clients and invoices, too."""
        return all(
            piece.kind in ("words", "number") and not piece.is_quoted and not piece.is_left_out for piece in self.pieces
        )

    @property
    def sought(self) -> list[tuple[str, ...]]:
        """The words and phrases that are marked where they stand."""
        return [piece.words for piece in self.pieces if piece.kind == "words" and not piece.is_left_out]

    def of(self, *kinds: str) -> list[Piece]:
        """Return the pieces of these kinds."""
        return [piece for piece in self.pieces if piece.kind in kinds]


def read(typed: str) -> Typed:
    """Read what was typed. Nothing is refused: what cannot be asked is named, and the rest is."""
    pieces: list[Piece] = []
    problems: list[Problem] = []
    text = typed[:LONGEST].replace("\0", " ")
    for found in _TYPED.finditer(text):
        dash, operator, quoted, bare = found.groups()
        value, is_left_out = quoted if quoted is not None else bare, bool(dash)
        if operator and operator.lower() in OPERATORS and not (operator.lower() == "file" and value.startswith("//")):
            made = _of_operator(operator.lower(), value, is_left_out=is_left_out, typed=found[0])
            (problems if isinstance(made, Problem) else pieces).append(made)  # type: ignore[arg-type] # one of the two
            continue
        if operator and operator.lower() not in PLACES and not value.startswith("/"):
            near = get_close_matches(operator.lower(), OPERATORS, n=1)
            problems.append(Problem(found[0], possible=tuple(f"{each}:" for each in near or OPERATORS)))
        number = _NUMBER.fullmatch(value)
        if number and not operator and quoted is None:
            pieces.append(Piece("number", number[1], is_left_out=is_left_out))
            continue
        words = _words(found[0].lstrip("-") if operator else value)
        if words:
            pieces.append(Piece("words", value, words, is_left_out=is_left_out, is_quoted=quoted is not None))
    return Typed(tuple(_with_beginning(_each_once(pieces)[:MOST_PIECES], text)), tuple(problems))


def begun(typed: str) -> Begun | None:
    """Return what can be completed where the typed ends; None where it ends otherwise."""
    found = _BEGUN.search(typed[:LONGEST])
    if found is None or found[2].lower() not in OPERATORS:
        return None
    return Begun(found[2].lower(), found[3] if found[3] is not None else found[4], typed[: found.end(1)])


def _each_once(pieces: list[Piece]) -> list[Piece]:
    return list(dict.fromkeys(pieces))


def _with_beginning(pieces: list[Piece], text: str) -> list[Piece]:
    """Return the pieces; the last word, unless it is quoted, is the beginning of one."""
    last = pieces[-1] if pieces else None
    if (
        last is None
        or last.kind not in ("words", "subject", "file")
        or last.is_left_out
        or text.rstrip().endswith('"')
        or len(last.words[-1]) < SHORTEST_BEGINNING
    ):
        return pieces
    return [*pieces[:-1], Piece(last.kind, last.value, last.words, begins=True)]


def _words(text: str) -> tuple[str, ...]:
    return tuple(word[:LONGEST_WORD] for word in words_of(text))


def _of_operator(operator: str, value: str, *, is_left_out: bool, typed: str) -> Piece | Problem:
    value = " ".join(value.split())
    if operator in CHOICES:
        plain = value.lower()
        choice = _SAME.get(plain, plain)
        if choice in CHOICES[operator]:
            return Piece(operator, choice, is_left_out=is_left_out)
        near = get_close_matches(choice, CHOICES[operator], n=2)
        return Problem(typed, operator, value, tuple(near) or CHOICES[operator])
    if operator in ("before", "after"):
        day = _day(value)
        if day is None:
            return Problem(typed, operator, value, ("2026-01-31",))
        return Piece(operator, value, is_left_out=is_left_out, day=day)
    words = _words(value)
    kept = value.lower() if operator == "tag" else value
    return Piece(operator, kept, words, is_left_out=is_left_out) if words else Problem(typed, operator, value)


def _day(value: str) -> date | None:
    try:
        day = date.fromisoformat(value)
    except ValueError:
        return None
    return day if day.year in YEARS else None
