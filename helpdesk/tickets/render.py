"""A mail as a page of its own, and pictures drawn anew: nothing of a stranger's bytes reaches a browser as it came."""

import html
import io
import re
import struct
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from PIL import Image, ImageDraw, ImageFile, ImageOps, UnidentifiedImageError

from helpdesk.infra.i18n import gettext as _
from helpdesk.tickets.domain import PICTURES, PLACE_OF_A_PICTURE
from helpdesk.tickets.mail_markup import with_quote_folded, without_window

PIXELS_LIMIT = 25_000_000
BODY_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'self'"
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

_NO_PICTURE = (
    *(UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, OverflowError),
    *(struct.error, zlib.error, Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""What Pillow raises on what is none, or a broken one."""
_CID = re.compile(r'src="cid:([^"]{1,400})"')
_STYLE = (
    "body{display:flow-root;margin:0;padding:8px;font:14px/1.5 system-ui,sans-serif;color:#1b1f24;background:#fff;"
    "overflow-wrap:anywhere}body>:first-child{margin-top:0}body>:last-child{margin-bottom:0}"
    "summary{cursor:pointer;color:#57606a;padding:4px 0}"
    "img{max-width:100%;height:auto}pre{white-space:pre-wrap;font:inherit;margin:0}blockquote{margin:0 0 0 8px;"
    "padding-left:8px;border-left:2px solid #d0d7de}"
    'img:not([src])[alt]:not([alt=""]){border:1px dashed #8c959f;border-radius:4px;padding:2px 6px;color:#57606a}'
)


def mail_page(
    *,
    title: str,
    language: str,
    text: str,
    body_html: str | None,
    pictures: Mapping[str, str],
    trimmed_text: str = "",
) -> str:
    """Return the document for the sandboxed frame.

    ``body_html`` is sanitised already; ``pictures`` maps a content id to the URL of the stored file that it shows. A
    picture from elsewhere that is not there leaves its place empty. What of it is ``trimmed_text`` is folded, and no
    length follows the height of the frame, which is that of the content (docs/desk.md rules 121 and 122).
    ``language`` is the one that the sender is known to read; empty where nobody knows. A mail without HTML shows
    its text.
    """
    body = f"<pre>{html.escape(text)}</pre>"
    if body_html is not None:
        label = html.escape(_("Show quoted text"))
        body = _with_pictures(without_window(with_quote_folded(body_html, text, trimmed_text, label)), pictures)
    return (
        f'<!doctype html><html lang="{html.escape(language or "und")}"><head><meta charset="utf-8">'
        f'<title>{html.escape(title)}</title><base target="_blank">'
        f'<style>{_STYLE}</style></head><body dir="auto">{body}</body></html>'
    )


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture as we drew it; ``ending`` is that of its name."""

    content: bytes
    content_type: str
    ending: str
    width: int
    height: int


def draw_to_post(content: bytes) -> Drawn | None:
    """Return a picture drawn anew as every mail program shows it, JPEG or PNG; None where `redraw` has none."""
    drawn = redraw(content, kept=("JPEG",))
    if drawn is None:
        return None
    with Image.open(io.BytesIO(drawn[0])) as picture:
        width, height = picture.size
    return Drawn(*drawn, "jpg" if drawn[1] == "image/jpeg" else "png", width, height)


def redraw(
    content: bytes, *, edge: int | None = None, kept: Collection[str] = ("JPEG", "WEBP")
) -> tuple[bytes, str] | None:
    """Return a picture drawn anew with its content type; None where it is none that is shown, or far too big.

    What moves stands still, and what a camera held sideways stands upright. What is ``kept`` stays what it is, anything
    else becomes PNG. With ``edge`` neither side is longer than that many pixels.
    """
    try:
        with _whole_ones_only(), Image.open(io.BytesIO(content), formats=tuple(PICTURES.values())) as picture:
            if picture.width * picture.height > PIXELS_LIMIT:
                return None
            kind = next((one for one in kept if one == picture.format), "PNG")
            mode = "RGB" if kind == "JPEG" else "RGBA"
            if edge is not None:
                picture.draft(mode, (edge, edge))  # a JPEG is read no larger than it is needed
            drawn = ImageOps.exif_transpose(picture).convert(mode)
            if edge is not None:
                drawn.thumbnail((edge, edge))
    except _NO_PICTURE:
        return None
    output = io.BytesIO()
    drawn.info.clear()  # what is not drawn is not kept: comments, places, colour profiles
    drawn.save(output, kind)
    return output.getvalue(), f"image/{kind.lower()}"


def can_be_drawn(content: bytes) -> bool:
    """Return whether a file begins as a picture that is shown, and is not far too big; it may still turn out broken."""
    try:
        with Image.open(io.BytesIO(content), formats=tuple(PICTURES.values())) as picture:
            return picture.width * picture.height <= PIXELS_LIMIT
    except _NO_PICTURE:
        return False


@cache
def no_picture() -> tuple[bytes, str]:
    """Return what stands in a list for a picture that cannot be drawn: an empty sheet with a stroke through it."""
    sheet = Image.new("RGB", (96, 96), "#e8e5df")
    ImageDraw.Draw(sheet).line((24, 72, 72, 24), fill="#8b867d", width=4)
    output = io.BytesIO()
    sheet.save(output, "PNG")
    return output.getvalue(), "image/png"


@contextmanager
def _whole_ones_only() -> Iterator[None]:
    """Let Pillow refuse half a picture: WeasyPrint, where this process has loaded it, tells it to draw such ones."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        yield
    finally:
        ImageFile.LOAD_TRUNCATED_IMAGES = before


def _with_pictures(body_html: str, pictures: Mapping[str, str]) -> str:
    """Return the HTML with the pictures that came with the mail; one that did not come stays empty."""
    shown = _CID.sub(lambda found: _source(found, pictures), body_html)
    return PLACE_OF_A_PICTURE.sub("", shown)


def _source(found: re.Match[str], pictures: Mapping[str, str]) -> str:
    url = pictures.get(html.unescape(found[1]))
    if url is None and PLACE_OF_A_PICTURE.fullmatch(found[0]):
        return found[0]
    return f'src="{html.escape(url or "")}"'
