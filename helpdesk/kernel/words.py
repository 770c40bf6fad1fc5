"""Words as people type them to find something: without case and accents, so that ``kuhn`` finds Kühn."""

import re
import unicodedata
from collections.abc import Collection
from itertools import filterfalse

MARK = "\N{LATIN LETTER DENTAL CLICK}"
"""A letter to every database, and none that people type: what begins with it in an index is no word (infra/finding)."""
MOST_WORDS = 6
LONGEST_WORD = 40

_LETTERS = str.maketrans(
    {"ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ß": "ss"}
)
_WORD = re.compile(rf"[^\W_{MARK}]+")
_PLAIN_WORD = re.compile(r"[a-z0-9]+")
_PIECE = re.compile(r"[\w\u0300-\u036f]+|[^\w\u0300-\u036f]+")


def folded(text: str) -> str:
    """Return ``text`` without case and accents: ``Kühn Präzision`` -> ``kuhn prazision``, ``Łódź`` -> ``lodz``."""
    if text.isascii():
        return text.lower()
    bare = filterfalse(unicodedata.combining, unicodedata.normalize("NFKD", text))
    return unicodedata.normalize("NFKD", "".join(bare).casefold()).translate(_LETTERS)


def words_of(text: str) -> list[str]:
    """Return the words of ``text``, folded, in order: letters and digits; all else stands between words."""
    if text.isascii():
        return _PLAIN_WORD.findall(text.lower())
    return [word for line in text.splitlines() for word in _WORD.findall(folded(line))]


def asked_words(typed: str) -> list[str]:
    """Return the words to look for in what somebody typed: each once, not too many, none longer than names are."""
    return list(dict.fromkeys(word[:LONGEST_WORD] for word in words_of(typed)))[:MOST_WORDS]


def begins(word: str, in_words: Collection[str]) -> bool:
    """Return whether one of the folded words begins with ``word``."""
    return any(each.startswith(word) for each in in_words)


def marked(text: str, asked: Collection[str]) -> list[tuple[str, bool]]:
    """Return ``text`` in pieces, each with whether it is what was asked for: ``kuhn`` marks ``Kühn`` in ``Kühnel``."""
    pieces: list[tuple[str, bool]] = []
    for piece in _PIECE.findall(text):
        cut = max((_length(piece, word) for word in asked), default=0)
        pieces += [part for part in ((piece[:cut], True), (piece[cut:], False)) if part[0]]
    return pieces


def _length(piece: str, word: str) -> int:
    """Return how many signs of ``piece`` are the folded ``word`` that it begins with; 0 where it does not."""
    if not folded(piece).startswith(word):
        return 0
    return next(cut for cut in range(1, len(piece) + 1) if folded(piece[:cut]).startswith(word))
