"""Text with a little formatting, as people write it here: what is kept of its HTML, and its text (docs/answering.md).

The HTML of a form is a stranger's however it was sent; nothing of it is kept, shown or mailed that did not pass here.
"""

import html as markup
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser

import nh3
from markupsafe import Markup

from helpdesk.infra.i18n import gettext as _
from helpdesk.kernel.errors import RuleViolation

HTML_LENGTH = 200_000
_TAGS_LIMIT = 10_000
"""A sanitiser takes four times as long for twice as many, one within the other."""
_DEPTH_LIMIT = 8
"""Of quotes and lists in the text; what lies deeper stands as deep as this."""
_PLAIN = {"p", "div", "br"}
_TAGS = {*_PLAIN, *("strong", "em", "del", "u", "a", "ul", "ol", "li", "blockquote", "pre", "code", "img")}
_GONE = {"script", "style", "title", "template", "noscript", "iframe", "object", "svg", "math", "head", "select"}
_FORMATTED = re.compile(rf"<(?!/|(?:{'|'.join(sorted(_PLAIN))})[\s/>])")
_LINK = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)
_WRITTEN_LINK = re.compile(r"https?://[^\s<>\"]+[^\s<>\".,:;!?)\]}']", re.IGNORECASE)
_SPACES = re.compile(r"[ \t\r\n\f]+")
_BETWEEN_PARAGRAPHS = re.compile(r"\n(?:[ \t]*\n)+")
_LEADING = re.compile(r"^[ \t]+", re.MULTILINE)
_REFERENCE = re.compile(r"cid:([0-9a-f]{32}@helpdesk)")
_IMAGE = re.compile(r'<img((?: [a-z]+="[^"]*")*)>')
_ATTRIBUTE = re.compile(r' ([a-z]+)="([^"]*)"')
_EDGE = re.compile(r"[1-9][0-9]{0,4}")
_ALT_LENGTH = 300
_MAILED_WIDTH = 640
"""A mail program that knows no style but width draws a picture no wider than that."""
_OPENS_NOTHING = "noopener noreferrer nofollow"
_BOX = "margin:0 0 12px"
_CODE = "font-family:Consolas,Menlo,monospace;font-size:13px"
_MAILED = {
    "p": {"style": _BOX},
    "ul": {"style": f"{_BOX};padding-left:24px"},
    "ol": {"style": f"{_BOX};padding-left:24px"},
    "blockquote": {"style": f"{_BOX};padding-left:12px;border-left:3px solid #d0d7de;color:#57606a"},
    "pre": {"style": f"{_BOX};padding:10px;background:#f6f8fa;border:1px solid #d0d7de;white-space:pre-wrap;{_CODE}"},
    "code": {"style": _CODE},
    "a": {"style": "color:#0b57d0"},
}


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """Where a picture that stands between words is shown, and where in full."""

    url: str
    page: str


@dataclass(frozen=True, slots=True)
class _Picture:
    """A picture as it stands in kept HTML: the id of our file, and its escaped words for those who do not see it."""

    content_id: str
    alt: str
    width: int
    height: int

    @property
    def size(self) -> str:
        return f' width="{self.width}" height="{self.height}"' if self.width and self.height else ""


_Draw = Callable[[_Picture], str]


@dataclass(frozen=True, slots=True)
class Written:
    """What somebody wrote: its text, and its HTML where anything of it is formatted."""

    text: str
    html: str = ""

    def followed_by(self, other: "Written") -> "Written":
        """Return the two, one below the other."""
        if not (self.text and other.text):
            return self if self.text else other
        text = f"{self.text}\n\n{other.text}"
        if not (self.html or other.html):
            return Written(text)
        return Written(text, "<div><br></div>".join(one.html or html_of(one.text) for one in (self, other)))


def written(text: str, html: str = "", *, pictures: Collection[str] = ()) -> Written:
    """Return what a form sent: its HTML made safe with the text of it, or its text alone where nothing is formatted.

    ``pictures`` are the content ids of the files that may stand between its words (docs/answering.md rule 23).

    Raises:
        RuleViolation: there is more formatting than anybody writes.
    """
    if not html.strip():
        return Written(text)
    check_size(html)
    cleaned = clean(html, pictures=pictures)
    return Written(text_of(cleaned), cleaned if _FORMATTED.search(cleaned) else "")


def check_size(html: str) -> None:
    """Let pass HTML that a person may have written.

    Raises:
        RuleViolation: there is more of it.
    """
    if len(html) > HTML_LENGTH or html.count("<") > _TAGS_LIMIT:
        message = "There is too much formatting in this text. Send it as a file, or without formatting."
        raise RuleViolation(message, field="body")


def clean(html: str, *, pictures: Collection[str] = ()) -> str:
    """Return the HTML with nothing in it but paragraphs, lists, quotes, code, emphasis, links, and these pictures."""
    return _cleaned(html, {}, lambda one: _kept(one) if one.content_id in pictures else "")


def pictures_in(html: str) -> set[str]:
    """Return the content ids of our files that the HTML of a form or a draft names as pictures."""
    return {found[1] for found in _REFERENCE.finditer(html)}


def shown(html: str, *, pictures: Mapping[str, ShownPicture] | None = None) -> Markup:
    """Return kept HTML for a page of ours; it is made safe once more, whatever it was kept as.

    ``pictures`` tells of each content id where it is shown; no other one is.
    """
    places = pictures or {}

    def draw(one: _Picture) -> str:
        place = places.get(one.content_id)
        if place is None:
            return ""
        words = one.alt or markup.escape(_("Picture"))
        image = f'<img src="{markup.escape(place.url)}" alt="{words}"{one.size} loading="lazy">'
        return f'<a class="between" href="{markup.escape(place.page)}" data-preview>{image}</a>'

    return Markup(_cleaned(html, {"a": {"target": "_blank"}, "pre": {"tabindex": "0"}}, draw))  # noqa: S704 - it has just been made safe


def mailed(html: str, *, pictures: Collection[str] = ()) -> str:
    """Return kept HTML as it stands in a mail, where programs know no style but that of each element.

    ``pictures`` are the content ids of those that go with it.
    """
    return _cleaned(html, _MAILED, lambda one: _posted(one) if one.content_id in pictures else "")


def html_of(text: str) -> str:
    """Return a text as HTML: its paragraphs, lines and links."""
    paragraphs = _BETWEEN_PARAGRAPHS.split(text.replace("\r\n", "\n"))
    return "".join(f"<p>{_lines(one)}</p>" for one in paragraphs if one.strip())


def text_of(html: str, *, picture: str = "picture") -> str:
    """Return the text of kept HTML: lists with their signs, links with their address, quotes behind ``>``.

    A picture is a line such as ``[picture: the error]``, with ``picture`` as its word.
    """
    reader = _Reader(picture)
    reader.feed(html)
    reader.close()
    return reader.text()


def _cleaned(html: str, extra: dict[str, dict[str, str]], draw: _Draw) -> str:
    cleaned = nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags=_GONE,
        attributes={"a": {"href"}, "img": {"src", "alt", "width", "height"}},
        attribute_filter=_leads_elsewhere,
        url_schemes={"http", "https", "mailto", "cid"},
        link_rel=_OPENS_NOTHING,
        set_tag_attribute_values=extra,
    )
    return _IMAGE.sub(lambda found: _drawn(found[1], draw), cleaned)


def _leads_elsewhere(tag: str, attribute: str, value: str) -> str | None:
    """Keep of links what leads to a web or mail address, and of pictures what names a file of ours."""
    allowed = {("a", "href"): _LINK.match, ("img", "src"): _REFERENCE.fullmatch}.get((tag, attribute))
    return None if allowed is not None and not allowed(value) else value


def _drawn(attributes: str, draw: _Draw) -> str:
    """Return a picture as ``draw`` writes it; one that names no file of ours is nothing."""
    told = dict(_ATTRIBUTE.findall(attributes))
    reference = _REFERENCE.fullmatch(told.get("src", ""))
    if reference is None:
        return ""
    words = " ".join(markup.unescape(told.get("alt", "")).split())[:_ALT_LENGTH].rstrip()
    width, height = (int(told[name]) if _EDGE.fullmatch(told.get(name, "")) else 0 for name in ("width", "height"))
    return draw(_Picture(reference[1], markup.escape(words), width, height))


def _kept(one: _Picture) -> str:
    return f'<img src="cid:{one.content_id}" alt="{one.alt}"{one.size}>'


def _posted(one: _Picture) -> str:
    width = f' width="{min(one.width, _MAILED_WIDTH)}"' if one.width else ""
    style = "display:block;max-width:100%;height:auto;margin:0 0 12px"
    return f'<img src="cid:{one.content_id}" alt="{one.alt}"{width} style="{style}">'


def _lines(paragraph: str) -> str:
    indented = _LEADING.sub(lambda found: "\xa0" * len(found[0].expandtabs(4)), paragraph.rstrip())
    pieces, end = [], 0
    for found in _WRITTEN_LINK.finditer(indented):
        address = markup.escape(found[0])
        pieces += [markup.escape(indented[end : found.start()]), f'<a href="{address}">{address}</a>']
        end = found.end()
    return "".join([*pieces, markup.escape(indented[end:])]).replace("\n", "<br>")


class _Reader(HTMLParser):
    """Reads kept HTML line by line."""

    def __init__(self, picture: str) -> None:
        super().__init__(convert_charrefs=True)
        self._picture = picture
        self._done: list[str] = []
        self._line = ""
        self._quotes, self._pre = 0, 0
        self._lists: list[int | None] = []  # the number of the latest item; None where there are none
        self._marker = ""
        self._blank_at: int | None = None  # a blank line is due, as deep in quotes as this
        self._link, self._link_from = "", 0
        self._is_picture = False  # the line is a picture, which has it for itself

    def text(self) -> str:
        """Return what was read."""
        self._end_block()
        return "\n".join(line.rstrip() for line in self._done).strip("\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a line, a list, a quote."""
        if tag == "br":
            self._end_line()
        elif tag == "a":
            self._leave_picture()
            self._link, self._link_from = dict(attrs).get("href") or "", len(self._line)
        elif tag == "img":
            self._end_block()
            words = dict(attrs).get("alt")
            self._line, self._is_picture = f"[{self._picture}: {words}]" if words else f"[{self._picture}]", True
        elif tag in ("p", "div", "li", "ul", "ol", "blockquote", "pre"):
            self._end_block()
            self._begin(tag)

    def handle_endtag(self, tag: str) -> None:
        """End what was begun."""
        if tag == "a":
            self._name_link()
        elif tag in ("p", "div", "li", "ul", "ol", "blockquote", "pre"):
            self._end_block()
            self._end(tag)

    def handle_data(self, data: str) -> None:
        """Add words to the line."""
        if data.strip():
            self._leave_picture()
        if self._pre:
            first, *rest = data.replace("\r\n", "\n").split("\n")
            self._line += first
            for line in rest:
                self._end_line()
                self._line = line
            return
        words = _SPACES.sub(" ", data)
        self._line += words.lstrip(" ") if not self._line else words

    def _begin(self, tag: str) -> None:
        if tag in ("p", "blockquote", "pre") or (tag in ("ul", "ol") and not self._lists):
            self._want_blank()
        if tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._pre += 1
        elif tag in ("ul", "ol"):
            self._lists.append(0 if tag == "ol" else None)
        elif tag == "li":
            number = self._lists[-1] if self._lists else None
            if number is not None:
                self._lists[-1] = number + 1
            self._marker = "- " if number is None else f"{number + 1}. "

    def _end(self, tag: str) -> None:
        if tag == "blockquote":
            self._quotes -= 1
        elif tag == "pre":
            self._pre -= 1
        elif tag in ("ul", "ol") and self._lists:
            self._lists.pop()
        if tag in ("p", "blockquote", "pre") or (tag in ("ul", "ol") and not self._lists):
            self._want_blank()
        if tag == "li":
            self._marker = ""

    def _want_blank(self) -> None:
        self._blank_at = self._quotes if self._blank_at is None else min(self._blank_at, self._quotes)

    def _end_block(self) -> None:
        if self._line.strip(" "):
            self._end_line()
        self._line, self._is_picture = "", False

    def _leave_picture(self) -> None:
        if self._is_picture:
            self._end_line()

    def _end_line(self) -> None:
        if self._blank_at is not None and self._line.strip() and "".join(self._done[-1:]).strip():
            self._done.append(_quote(min(self._blank_at, self._quotes)))
        self._blank_at = None
        inset = "  " * (min(len(self._lists), _DEPTH_LIMIT) - 1)
        line = self._line.replace("\xa0", " ")
        self._done.append(f"{_quote(self._quotes)}{inset}{self._marker}{line}")
        self._marker = " " * len(self._marker)
        self._line, self._link_from, self._is_picture = "", 0, False

    def _name_link(self) -> None:
        said = self._line[self._link_from :].strip()
        address = self._link.removeprefix("mailto:")
        if address and said.rstrip("/") not in (address.rstrip("/"), address.partition("://")[2].rstrip("/")):
            self._line += f" <{address}>"
        self._link = ""


def _quote(depth: int) -> str:
    return "> " * min(depth, _DEPTH_LIMIT)
