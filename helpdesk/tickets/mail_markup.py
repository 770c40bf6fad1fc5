"""The sanitised HTML of a mail, read as a text: where its quote begins, and whether it says more than its words do.

Pure, and one pass over the tags. A sanitiser wrote this HTML (docs/mail.md rule 33): its tags are balanced, in small
letters, with all attributes in quotes. Nothing here adds anything of a sender's to it. docs/desk.md rules 120 and 121.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from html import unescape
from typing import NamedTuple

_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*+)((?:[^<>"]|"[^"]*+")*+)>')
_VOID = frozenset({"br", "col", "hr", "img"})
_NO_PLACE = frozenset({"table", "tbody", "thead", "tfoot", "tr", "colgroup", "ul", "ol", "dl"})
"""Between the children of these nothing else may stand."""
_MARKS = re.compile(r"[\s>_*\-\u200b\xa0]+")
"""What programs add to lines or take from them when they write a text for an HTML."""
_ADDRESS_BESIDE = re.compile(r"[<\[](?:https?:|mailto:|cid:|tel:).*")
_LINES_TRIED, _LETTERS_WANTED = 5, 6
_PICTURE = "\ufffc"
_STYLE = re.compile(r' style="([^"]*+)"')
_OF_THE_WINDOW = re.compile(r"(?<![\w.#-])((?:\d*\.)?\d+)(?:[dsl]?v|cq)(?:h|b|min|max)\b", re.IGNORECASE)
_WINDOW = 8
"""Pixels for a hundredth of a window's height: that of the frame is whatever its content needs."""
_HREF = re.compile(r' href="([^"]*+)"')
_CONTENT_ID = re.compile(r' src="cid:([^"]*+)"')
_SCHEME = re.compile(r"^(?:https?://(?:www\.)?|mailto:)", re.IGNORECASE)
_LISTED = re.compile(r"^[ \t>]*(?:[*•·‣◦o§–—-]|\(?\w{1,3}[.)])[ \t]", re.MULTILINE)
_TELLING = frozenset({"s", "strike", "del", "mark", "h1", "h2", "h3", "h4"})
_CELLS_OF_DATA = _ROWS_OF_DATA = 2


class _Chunk(NamedTuple):
    """A stretch of words: where it stands in the HTML, at which letter it begins, and the element around it."""

    place: int
    letter: int
    within: "_Element | None"


@dataclass(slots=True)
class _Element:
    name: str
    place: int
    letters_before: int
    within: "_Element | None"
    inner_ends: int = -1


@dataclass(slots=True)
class _Table:
    has_inner: bool = False
    rows: int = 0
    cells: int = 0
    cell_speaks: bool = False


@dataclass(slots=True)
class _Link:
    address: str
    words: list[str] = field(default_factory=list)


def quote_in(html: str, text: str, trimmed_text: str) -> tuple[int, int] | None:
    """Return where in the HTML the part stands that is trimmed from the text, as a slice; None where nobody can tell.

    It begins with the element, or the words, with which one of the first trimmed lines begins, and ends with whatever
    holds it. What the text itself begins with is no quote: of a mail that is passed on it is who sent that
    (docs/mail.md rule 31). Neither is what would leave nothing above it.
    """
    needles = list(_needles(trimmed_text))
    if not needles or text.lstrip().startswith(trimmed_text.strip()):
        return None
    letters, chunks = _read(html)
    expected = len(letters) - len(_MARKS.sub("", trimmed_text))
    for needle in needles:
        found = [chunk for chunk in chunks if letters.startswith(needle, chunk.letter)]
        if found:
            return _slice_from(min(found, key=lambda chunk: abs(chunk.letter - expected)), html)
    return None


def says_more(html: str, text: str, trimmed_text: str, *, pictures: Collection[str]) -> bool:
    """Return whether the HTML says what the text does not, above its quote (docs/desk.md rule 120).

    That is one of these ``pictures``, by content id; a table with data; a link whose address stands nowhere in the
    text; a list that the text does not mark; a heading; what is struck through or marked.
    """
    quote = quote_in(html, text, trimmed_text)
    said = html if quote is None else html[: quote[0]] + html[quote[1] :]
    listed, lowered = 0, text.lower()
    tables: list[_Table] = []
    link: _Link | None = None
    end = 0
    for tag in _TAG.finditer(said):
        closes, name, attributes = tag.groups()
        words = said[end : tag.start()].strip()
        end = tag.end()
        if link is not None:
            link.words.append(words)
        if words and tables:
            tables[-1].cell_speaks = True
        if name in _TELLING and not closes:
            return True
        if name == "img" and (shown := _CONTENT_ID.search(attributes)) and unescape(shown[1]) in pictures:
            return True
        if name == "li" and not closes:
            listed += 1
        elif name == "a":
            if closes and link is not None and _leads_elsewhere(link, lowered):
                return True
            href = None if closes else _HREF.search(attributes)
            link = _Link(unescape(href[1])) if href else None
        elif _is_data(tables, name, closes=bool(closes)):
            return True
    return listed > 1 and 2 * len(_LISTED.findall(text)) < listed


def with_quote_folded(html: str, text: str, trimmed_text: str, label: str) -> str:
    """Return the HTML with what is trimmed from its text behind a line with that label, which is HTML already."""
    quote = quote_in(html, text, trimmed_text)
    if quote is None:
        return html
    start, end = quote
    return f"{html[:start]}<details><summary>{label}</summary>{html[start:end]}</details>{html[end:]}"


def without_window(html: str) -> str:
    """Return the HTML with no length that follows the height of its window, which follows that of the content."""
    return _TAG.sub(lambda tag: _STYLE.sub(_calm, tag[0]), html)


def _calm(style: re.Match[str]) -> str:
    value = unescape(style[1])
    if "\\" in value:  # an escape can spell a unit
        return ""
    return f' style="{_OF_THE_WINDOW.sub(_pixels, style[1])}"'


def _pixels(length: re.Match[str]) -> str:
    return f"{min(float(length[1]) * _WINDOW, 10_000):.0f}px"


def _needles(trimmed_text: str) -> Iterator[str]:
    """Return the letters of the first trimmed lines that are long enough to be found."""
    tried = 0
    for line in trimmed_text.split("\n"):
        letters = _MARKS.sub("", _ADDRESS_BESIDE.sub("", line))
        if len(letters) >= _LETTERS_WANTED:
            yield letters
            tried += 1
        if tried == _LINES_TRIED:
            return


def _read(html: str) -> tuple[str, list[_Chunk]]:
    """Return all letters that the HTML shows, a picture being one, and the stretches in which they stand."""
    letters: list[str] = []
    chunks: list[_Chunk] = []
    within: _Element | None = None
    count = end = 0
    for tag in _TAG.finditer(html):
        if words := _MARKS.sub("", unescape(html[end : tag.start()])):
            chunks.append(_Chunk(end, count, within))
            letters.append(words)
            count += len(words)
        end = tag.end()
        closes, name, _attributes = tag.groups()
        if closes and within is not None:
            within.inner_ends = tag.start()
            within = within.within
        elif name == "img":
            letters.append(_PICTURE)
            count += 1
        elif not closes and name not in _VOID:
            within = _Element(name, tag.start(), count, within)
    if words := _MARKS.sub("", unescape(html[end:])):
        chunks.append(_Chunk(end, count, None))
        letters.append(words)
    return "".join(letters), chunks


def _slice_from(chunk: _Chunk, html: str) -> tuple[int, int] | None:
    """Return the slice that begins with the stretch: as far out as nothing stands before it, to the end around that."""
    if chunk.letter == 0:
        return None
    start, around = chunk.place, chunk.within
    while around is not None and around.letters_before == chunk.letter:
        start, around = around.place, around.within
    if around is None:
        return start, len(html)
    return None if around.name in _NO_PLACE or around.inner_ends < 0 else (start, around.inner_ends)


def _leads_elsewhere(link: _Link, lowered: str) -> bool:
    """Return whether the address of a link stands neither in its words nor in the text, which is in small letters."""
    if not link.address.lower().startswith(("http:", "https:", "mailto:")):
        return False
    bare = _SCHEME.sub("", link.address).rstrip("/").lower()
    words = unescape("".join(link.words)).lower()
    return bool(bare) and bare not in words and bare not in lowered


def _is_data(tables: list[_Table], name: str, *, closes: bool) -> bool:
    """Note one tag of a table; True when one ends that holds data: two rows of two cells with words, no table within.

    Tables that hold others are there for the layout.
    """
    if name == "table" and not closes:
        for outer in tables:
            outer.has_inner = True
        tables.append(_Table())
    elif not tables:
        return False
    elif name == "table":
        done = tables.pop()
        return not done.has_inner and done.rows >= _ROWS_OF_DATA
    elif name in ("td", "th"):
        tables[-1].cells += closes and tables[-1].cell_speaks
        tables[-1].cell_speaks = False
    elif name == "tr":
        tables[-1].rows += closes and tables[-1].cells >= _CELLS_OF_DATA
        tables[-1].cells = 0
    return False
