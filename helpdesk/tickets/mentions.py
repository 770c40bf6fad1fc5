"""Who is named by `@` in a note: pure functions on its text (docs/notifications.md rules 9 to 11)."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from html import escape

from markupsafe import Markup

SIGN = "@"
_BEFORE = re.compile(r"[\w.+\-@/]")
"""What stands before the sign where it is part of something else, such as an address."""
_TAG = re.compile(r'(<[^<>"]*(?:"[^"]*"[^<>"]*)*>)')
_UNMARKED = re.compile(r"<(/?)(?:a|code|pre)\b")
_AFTER = re.compile(r"[\w@]|[.\-+][\w]")


@dataclass(frozen=True)
class Named:
    """Somebody who can be named: by the whole name, by the address, or by what is in it before the sign."""

    id: int
    name: str
    email: str

    @property
    def logins(self) -> tuple[str, ...]:
        """Return what names the person beside the name."""
        return (self.email, self.email.partition(SIGN)[0])


@dataclass(frozen=True)
class Mention:
    """One person whom a text names, and the words that do, with the sign."""

    person_id: int
    label: str


def mentions_in(text: str, people: Collection[Named]) -> list[Mention]:
    """Return whom a text names, each once, as they stand in it; the longest name wins, and of two alike the first."""
    found: dict[int, Mention] = {}
    if SIGN not in text:
        return []
    words = sorted(
        ((word, person.id) for person in people for word in (person.name, *person.logins) if word),
        key=lambda one: -len(one[0]),
    )
    for at in (match.start() for match in re.finditer(SIGN, text)):
        label, person_id = _named_at(text, at, words)
        if person_id is not None:
            found.setdefault(person_id, Mention(person_id, label))
    return list(found.values())


def _named_at(text: str, at: int, words: Iterable[tuple[str, int]]) -> tuple[str, int | None]:
    if at and _BEFORE.match(text[at - 1]):
        return "", None
    for word, person_id in words:
        end = at + 1 + len(word)
        if text[at + 1 : end].casefold() == word.casefold() and not _AFTER.match(text, end):
            return text[at:end], person_id
    return "", None


def marked(html: Markup, labels: Collection[str]) -> Markup:
    """Return safe HTML in which the words that name somebody stand marked, those in its links and code aside."""
    if not labels:
        return html
    shown, inside = [], 0
    escaped = [escape(label, quote=False) for label in labels]
    for index, part in enumerate(_TAG.split(html)):
        if index % 2:
            opened = _UNMARKED.match(part)
            inside += 0 if opened is None else -1 if opened[1] else 1
            shown.append(part)
        elif inside:
            shown.append(part)
        else:
            shown += [f'<b class="mention">{text}</b>' if names else text for text, names in pieces(part, escaped)]
    return Markup("".join(shown))  # noqa: S704 - the same HTML with marks around words of it


def pieces(text: str, labels: Collection[str]) -> list[tuple[str, bool]]:
    """Return a text in pieces, each with whether it is one of ``labels``, which name somebody."""
    if not labels:
        return [(text, False)]
    listed = "|".join(re.escape(label) for label in sorted(labels, key=lambda one: -len(one)))
    named = re.compile(rf"(?<![\w.+\-@/])({listed})(?![\w@]|[.\-+]\w)", re.IGNORECASE)
    parts = named.split(text)
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]
