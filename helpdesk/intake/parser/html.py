"""HTML of mail: sanitised for display, and turned into text (docs/mail.md rules 32, 33)."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from urllib.parse import unquote

import nh3
from inscriptis import get_text
from inscriptis.css_profiles import CSS_PROFILES
from inscriptis.html_properties import Display
from inscriptis.model.config import DEFAULT_CSS_PROFILE_NAME, ParserConfig
from inscriptis.model.html_document_state import HtmlDocumentState
from inscriptis.model.html_element import HtmlElement
from inscriptis.model.tag import CustomHtmlTagHandlerMapping

from helpdesk.intake.domain.limits import LINKS
from helpdesk.intake.parser.parts import clean_text
from helpdesk.tickets.domain import place_of_picture

_LENGTH_LIMIT = 2_000_000
_DEPTH_LIMIT = 200
_ELEMENTS_LIMIT = 100_000
_ENTITIES_LIMIT = 100_000
"""A sanitiser takes four times as long for twice as many in one text."""
_TAGS = {
    *("a", "abbr", "address", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite", "code", "col"),
    *("colgroup", "dd", "del", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font", "h1", "h2", "h3", "h4"),
    *("h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "small", "span"),
    *("strike", "strong", "sub", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "tt", "u", "ul", "var"),
}
_ATTRIBUTES = {
    "*": {"style", "title", "dir", "lang", "align", "valign", "width", "height", "bgcolor", "color"},
    "a": {"href"},
    "img": {"src", "alt"},
    "font": {"face", "size"},
    "table": {"border", "cellpadding", "cellspacing"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start", "type"},
}
_STYLES = {
    *("color", "background-color", "font-family", "font-size", "font-style", "font-weight", "line-height"),
    *("text-align", "text-decoration", "text-indent", "vertical-align", "white-space", "direction"),
    *("border", "border-top", "border-right", "border-bottom", "border-left", "border-collapse"),
    *("padding", "padding-top", "padding-right", "padding-bottom", "padding-left", "width", "height"),
}
_GONE = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "head", "select"}
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)")
_MARKUP = re.compile(r"<(script|style)\b.*?(?:</\1\s*>|\Z)|<!--.*?(?:-->|\Z)|<[^<>]*>", re.IGNORECASE | re.DOTALL)
_UNCLOSED = frozenset({"br", "hr", "img", "meta", "link", "input", "col", "p", "li", "td", "th", "tr", "option", "wbr"})
_CROWDED_TAG = re.compile(
    r"<[a-zA-Z][^\s/>]*+"
    r"(?:[\s/]*+[^\s/>=]++(?:\s*+=\s*+(?:\"[^\"]*+\"|'[^']*+'|[^\s\"'>][^\s>]*+))?+){300}"
)
"""Sanitisers compare each attribute of an element with each other one."""
_CELL = "\ue001"
"""A character of private use: it stands between the cells of a row until the text is whole."""
_CELLS = re.compile(rf"(^)?[ \t]*(?:{_CELL}[ \t]*)+", re.MULTILINE)
_BLANK_LINES = re.compile(r"\n[ \t]*(?:\n[ \t]*){2,}")


@dataclass(frozen=True, slots=True)
class Sanitised:
    """HTML that is safe to show, the remote images that were taken out of it, and the files it shows by cid.

    Where a remote image stood, the HTML names the place by ``place_of_picture``, and nothing of its address.
    """

    html: str
    blocked_images: tuple[str, ...]
    content_ids: frozenset[str]


def why_not_shown(html: str) -> str | None:
    """Return why this HTML is read as text only: it would take a sanitiser too long. None when it is shown."""
    if len(html) > _LENGTH_LIMIT:
        return "the HTML is too long to be shown"
    if html.lower().count("href") > LINKS:
        return "the HTML has too many links to be shown"
    if html.count("<") > _ELEMENTS_LIMIT:
        return "the HTML has too many elements to be shown"
    if html.count("&") > _ENTITIES_LIMIT:
        return "the HTML has too many entities to be shown"
    if _CROWDED_TAG.search(html):
        return "the HTML has an element with too many attributes to be shown"
    return "the HTML is nested too deep to be shown" if _depth(html) > _DEPTH_LIMIT else None


def sanitise(html: str) -> Sanitised:
    """Return what the allow-list leaves: no scripts, forms, positions, frames or remote images (rule 33)."""
    blocked: list[str] = []
    content_ids: set[str] = set()
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes=_ATTRIBUTES,
        attribute_filter=_filter(blocked, content_ids),
        url_schemes={"http", "https", "mailto", "tel", "cid", "data"},
        filter_style_properties=_STYLES,
        link_rel="noopener noreferrer nofollow",
    )
    return Sanitised(cleaned, tuple(dict.fromkeys(blocked)), frozenset(content_ids))


def shows_something(html: str) -> bool:
    """Return whether anybody would see anything of this HTML: a letter or a picture."""
    return "<img" in html or bool(unescape(_MARKUP.sub("", html)).strip())


def to_text(html: str) -> str:
    """Return the HTML as text with the layout of its lines kept; at most two line ends in a row."""
    if why_not_shown(html) is None:
        text = get_text(html.replace(_CELL, ""), _as_text())
        if text.strip():
            return tidy(_CELLS.sub(lambda found: "" if found[1] is not None else "  ", text))
    return tidy(_MARKUP.sub(" ", html[:_LENGTH_LIMIT]))


@lru_cache(maxsize=1)
def _as_text() -> ParserConfig:
    """Return how HTML becomes text: a row of a table is a line, unless its cells hold lines of their own.

    A table drawn with its columns side by side tears the sentences of mail apart, which uses tables for layout, and
    takes the width of its widest cell for each of its lines.
    """
    css = {**CSS_PROFILES[DEFAULT_CSS_PROFILE_NAME]}
    block = HtmlElement(display=Display.block)  # a block within a block is not set in: mail nests them by the dozen
    css |= dict.fromkeys(("table", "tbody", "thead", "tr", "caption", "center", "div"), block)
    css |= dict.fromkeys(("td", "th", "span"), HtmlElement())
    nothing: dict[str, Callable[..., None]] = dict.fromkeys(("table", "tr", "td", "th"), _ignore)
    start = {**nothing, "td": _begin_cell, "th": _begin_cell}
    return ParserConfig(css=css, custom_html_tag_handler_mapping=CustomHtmlTagHandlerMapping(start, nothing))


def _begin_cell(state: HtmlDocumentState, _: dict[str, str]) -> None:
    state.tags[-1].write(_CELL)


def _ignore(*_: object) -> None:
    """Leave the tag to its style."""


def tidy(text: str) -> str:
    """Return the text without blanks at line ends, and with no more than one blank line in a row."""
    lines = "\n".join(line.rstrip() for line in clean_text(text).split("\n"))
    return _BLANK_LINES.sub("\n\n", lines).strip("\n")


def _filter(blocked: list[str], content_ids: set[str]) -> Callable[[str, str, str], str | None]:
    def keep(tag: str, attribute: str, value: str) -> str | None:
        """Let links be links, and pictures be only what came with the mail."""
        if attribute == "href":
            return None if value.strip().lower().startswith(("data:", "cid:")) else value
        if (tag, attribute) != ("img", "src"):
            return value
        if not value.strip():
            return None
        if value.strip().lower().startswith("cid:"):
            content_id = unquote(value.strip()[4:])  # RFC 2392: an address, so what it holds may be encoded
            content_ids.add(content_id)
            return f"cid:{content_id}"
        if value.strip().lower().startswith("data:"):
            return None
        blocked.append(value.strip())
        return f"cid:{place_of_picture(value.strip())}"

    return keep


def _depth(html: str) -> int:
    """Return how deep elements are nested at most, judged by opening and closing tags alone."""
    depth = deepest = 0
    for found in _TAG.finditer(html):
        if found[2].lower() not in _UNCLOSED:
            depth = max(0, depth - 1) if found[1] else depth + 1
            deepest = max(deepest, depth)
    return deepest
