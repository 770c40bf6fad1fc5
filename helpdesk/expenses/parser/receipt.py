"""A receipt opened for real: a picture is drawn anew, upright, without what a phone writes into it; a PDF is read."""

import io
import struct
import zlib

from PIL import Image, ImageFile, ImageOps
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from helpdesk.expenses.domain.receipts import LONGEST_EDGE, MOST_PAGES, MOST_PIXELS, Cleaned, kind_of
from helpdesk.kernel.errors import RuleViolation

FORMATS = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP"}
QUALITY = 85
BROKEN = (
    *(PyPdfError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError),
    *(TypeError, AttributeError, OverflowError, RecursionError, struct.error, zlib.error),
)
"""What Pillow and pypdf raise on what is broken; whatever else they come up with ends this process."""


def clean(content: bytes) -> Cleaned:
    """Return the receipt as it is stored; ``content`` comes from a stranger and is believed nothing.

    Raises:
        RuleViolation: it is neither picture nor PDF, broken, locked or too large; the message goes on after its name.
    """
    kind = kind_of(content)
    if kind == "pdf":
        return _pdf(content)
    if kind in FORMATS:
        return _picture(content, FORMATS[kind])
    if kind == "heic":
        message = (
            "is a HEIC picture, which this server cannot open. Photograph it with the button above, or choose on the "
            "iPhone Settings, Camera, Formats, Most Compatible."
        )
        raise RuleViolation(message)
    message = "is no picture and no PDF. Photograph the receipt, or choose a JPEG, PNG, WebP or PDF."
    raise RuleViolation(message)


def _picture(content: bytes, kind: str) -> Cleaned:
    ImageFile.LOAD_TRUNCATED_IMAGES = False
    try:
        with Image.open(io.BytesIO(content), formats=(kind,)) as picture:
            _refuse_huge(picture)
            picture.draft("RGB", (LONGEST_EDGE, LONGEST_EDGE))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((LONGEST_EDGE, LONGEST_EDGE))
            drawn = upright.convert("RGB")
    except BROKEN as error:
        message = "looks like a picture, but is broken and cannot be opened. Photograph the receipt again."
        raise RuleViolation(message) from error
    drawn.info.clear()  # where and by whom it was taken is nobody's business
    output = io.BytesIO()
    if kind == "PNG":
        drawn.save(output, "PNG", optimize=True)
        return Cleaned("image/png", output.getvalue())
    drawn.save(output, "JPEG", quality=QUALITY)
    return Cleaned("image/jpeg", output.getvalue())


def _pdf(content: bytes) -> Cleaned:
    try:
        document = PdfReader(io.BytesIO(content))
        _refuse_locked(document)
        count = len(document.pages)
        sizes = [page.mediabox for page in document.pages[: MOST_PAGES + 1]]
    except BROKEN as error:
        message = "looks like a PDF, but is broken and cannot be opened. Download it again."
        raise RuleViolation(message) from error
    if not sizes or count > MOST_PAGES:
        message = f"has {count} pages; a receipt has 1 to {MOST_PAGES}."
        raise RuleViolation(message)
    return Cleaned("application/pdf", content)


def _refuse_huge(picture: Image.Image) -> None:
    if picture.width * picture.height > MOST_PIXELS:
        message = f"has {picture.width} × {picture.height} pixels, more than a receipt needs; make it smaller."
        raise RuleViolation(message)


def _refuse_locked(document: PdfReader) -> None:
    if document.is_encrypted:
        message = "is locked by a password; save it without one."
        raise RuleViolation(message)
