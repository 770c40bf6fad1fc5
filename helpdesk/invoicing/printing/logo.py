"""The logo of a template: a small picture, drawn anew before it is stored."""

import io
import struct
import zlib

from PIL import Image

from helpdesk.expenses.domain.receipts import kind_of
from helpdesk.kernel.errors import RuleViolation
from helpdesk.tickets.render import redraw

MOST_BYTES = 1024 * 1024
MOST_PIXELS = 4_000_000
KINDS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}


def clean_logo(content: bytes) -> bytes:
    """Return the picture as it is stored, without anything that is not drawn.

    Raises:
        RuleViolation: it is no JPEG, PNG or WebP picture, a broken one, or one that is far too big.
    """
    if len(content) > MOST_BYTES:
        message = f"The logo has {-(-len(content) // 1024)} KB; it may have 1,024 KB."
        raise RuleViolation(message, field="logo")
    kind = KINDS.get(kind_of(content))
    if kind is None:
        message = "This is no picture. Choose a PNG, JPEG or WebP."
        raise RuleViolation(message, field="logo")
    _refuse_huge(content, kind)
    drawn = redraw(content)
    if drawn is None:
        raise RuleViolation(_BROKEN, field="logo")
    return drawn[0]


_BROKEN_PICTURES = (
    *(OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError, OverflowError),
    *(struct.error, zlib.error, Image.DecompressionBombError, Image.DecompressionBombWarning),
)
_BROKEN = "This looks like a picture, but cannot be opened. Save it anew."


def _refuse_huge(content: bytes, kind: str) -> None:
    """Look at the size that the head of the file names, before anything is drawn."""
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
            width, height = picture.size
    except _BROKEN_PICTURES as error:
        raise RuleViolation(_BROKEN, field="logo") from error
    if width * height > MOST_PIXELS:
        message = f"The logo has {width} × {height} pixels, far more than paper shows; make it smaller."
        raise RuleViolation(message, field="logo")
