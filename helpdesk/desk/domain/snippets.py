"""The place of a text where words were found, short enough to be read in a list."""

import re
from collections.abc import Sequence

from helpdesk.kernel.words import folded, marked, words_of

LENGTH, BEFORE = 220, 60

_WORD = re.compile(r"[\w\u0300-\u036f]+")
_SPACE = re.compile(r"\s+")


def snippet(text: str, sought: Sequence[tuple[str, ...]]) -> list[tuple[str, bool]]:
    """Return the place where the first of the words stands, in pieces: each with whether it is one of them.

    Where none stands, the text is found by something else, and its beginning is shown.
    """
    words = list(dict.fromkeys(word for phrase in sought for word in phrase))
    line, at = _place(text, words)
    start = max(0, at - BEFORE)
    if start:
        start = line.find(" ", start) + 1 or start
    shown = _SPACE.sub(" ", line[start : start + LENGTH]).strip()
    ends = ("… " if start else "", " …" if len(line) > start + LENGTH else "")
    return [piece for piece in ((ends[0], False), *marked(shown, words), (ends[1], False)) if piece[0]]


def _place(text: str, words: Sequence[str]) -> tuple[str, int]:
    """Return the text from the line on in which the first of the words stands, and where in it."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        if any(known.startswith(word) for known in words_of(line) for word in words):
            at = next((found.start() for found in _WORD.finditer(line) if folded(found[0]).startswith(tuple(words))), 0)
            return "\n".join(lines[number : number + 8]), at
    return text[: 4 * LENGTH].strip(), 0
