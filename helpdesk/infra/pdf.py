"""HTML to PDF without a network and without a file system (docs/billing.md rule 22, docs/architecture.md).

What a document shows beside its text is handed in as bytes: nothing is ever fetched, whatever the HTML asks for.
WeasyPrint is imported on first use; it takes its time, and most processes never print. What it makes of a style sheet
and of the fonts is kept for the next document, and no garbage is collected while it builds its trees: that is half of
the time that a page takes. Notes and markers of lists, which no document of ours has, have no style.
"""

import atexit
import gc
import re
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

from helpdesk.kernel.errors import ExternalFailure

if TYPE_CHECKING:
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import URLFetcher

VARIANT = "pdf/ua-1"
"""Tagged, with embedded fonts, a title and a language: readable by screen readers (ISO 14289-1)."""

ARCHIVE = "pdf/a-3b"
"""The same, to be kept for decades, and with a file inside (ISO 19005-3)."""

SCHEME = "asset:"

_own = threading.local()  # Pango's fonts belong to one thread


@atexit.register
def _forget_fonts() -> None:
    """Let go of the fonts while WeasyPrint can still do it."""
    vars(_own).clear()


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a document may show: ``<img src="asset:logo">`` for the asset named ``logo``."""

    content: bytes
    content_type: str


def picture(content: bytes) -> Asset:
    """Return a stored picture as a document may show it."""
    return Asset(content, "image/svg+xml" if b"<svg" in content[:1024] else "image/png")


@dataclass(frozen=True, slots=True)
class Embedded:
    """A file inside the PDF that says the same for machines; ``metadata`` are RDF descriptions for the PDF's XMP.

    ``made_at`` is what the PDF says of its age: it has to come from the document, not from the clock.
    """

    name: str
    content: bytes
    description: str
    made_at: datetime
    metadata: str


@dataclass(frozen=True, slots=True)
class Page:
    """A document to print: whole HTML with a title, the text of its style sheet, and its assets by name.

    ``identifier`` goes into the PDF's trailer in place of a random one, so that the same page gives the same bytes.
    With a file ``embedded`` it becomes a PDF to be archived.
    """

    html: str
    css: str
    identifier: str
    assets: Mapping[str, Asset] = field(default_factory=dict)
    embedded: Embedded | None = None


def get_ready() -> None:
    """Load what printing needs, so that processes forked from this one need not: most of what a first page takes.

    What is missing on this machine is said where something is printed.
    """
    with suppress(OSError, ExternalFailure):
        to_pdf(Page(html='<!doctype html><html lang="en"><title>A</title><p>1</p></html>', css="", identifier="ready"))


def to_pdf(page: Page) -> bytes:
    """Return the page as a tagged PDF; the same page gives the same bytes with the same fonts installed.

    Raises:
        ExternalFailure: the renderer gave up on the document.
    """
    _list_pages_once()
    try:
        with _no_collection():
            document = _parsed(page)
            printed: bytes = document.write_pdf(
                stylesheets=[_sheet(page.css)],
                font_config=_fonts(),
                pdf_tags=True,
                pdf_identifier=page.identifier.encode(),
                **_what_kind(page.embedded),
            )
    except (ValueError, OSError) as error:
        message = f"The document could not be printed: {error}"
        raise ExternalFailure(message) from error
    return printed


@cache
def _list_pages_once() -> None:
    """Have pydyf keep the list of a document's pages: each element asks for it, and each time it is written anew.

    That is a thirtieth of the time of 33 pages, and grows with their square.
    """
    from pydyf import PDF  # noqa: PLC0415 - takes its time, see the module's docstring

    listed = PDF.page_references.fget

    def page_references(made: Any) -> tuple[bytes, ...]:  # noqa: ANN401 - pydyf's PDF
        pages, known = len(made.pages["Kids"]), vars(made).get("_listed")
        if known is None or known[0] != pages:
            known = made._listed = pages, listed(made)  # noqa: SLF001 - ours, on an object that is not
        references: tuple[bytes, ...] = known[1]
        return references

    PDF.page_references = property(page_references)


def _parsed(page: Page) -> "HTML":
    """Return the document, which finds its assets and nothing else."""
    from weasyprint import HTML  # noqa: PLC0415 - takes its time, see the module's docstring

    class PlainHTML(HTML):  # type: ignore[misc]
        """HTML whose elements all have the style that WeasyPrint gives them, and none of a note or a marker."""

        def _ua_stylesheets(self, forms: bool = False) -> "list[CSS]":  # noqa: ARG002, FBT001, FBT002 - WeasyPrint's signature
            return [_plain_sheet()]

    return PlainHTML(string=page.html, url_fetcher=_closed_fetcher(page.assets), base_url="asset:/")


@lru_cache(maxsize=1)
def _plain_sheet() -> "CSS":
    """Return WeasyPrint's own sheet for HTML without the rules that have each element looked at six times more."""
    from weasyprint import CSS  # noqa: PLC0415 - as above
    from weasyprint.html import UA  # noqa: PLC0415 - as above

    return CSS(string=re.sub(r"^::[\w-]+ \{[^}]*\}", "", UA, flags=re.MULTILINE), url_fetcher=_closed_fetcher({}))


def _what_kind(embedded: Embedded | None) -> dict[str, Any]:
    """Return what WeasyPrint is told of the kind of PDF."""
    from weasyprint import Attachment  # noqa: PLC0415 - as above

    if embedded is None:
        return {"pdf_variant": VARIANT, "finisher": _make_once}
    file = Attachment(
        string=embedded.content,
        name=embedded.name,
        description=embedded.description,
        created=embedded.made_at,
        modified=embedded.made_at,
        relationship="Alternative",
    )
    return {"pdf_variant": ARCHIVE, "attachments": [file], "finisher": partial(_finish, embedded)}


def _finish(embedded: Embedded, document: object, made: Any) -> None:  # noqa: ANN401 - pydyf's PDF
    _put_right(embedded, made)
    _make_once(document, made)


def _make_once(_document: object, made: Any) -> None:  # noqa: ANN401 - as above
    """Put what each object is written as in its place: pydyf asks for it twice, to write it and to hash it."""
    from pydyf import Object, Stream  # noqa: PLC0415 - as above

    class Made(Object):  # type: ignore[misc]
        """An object of a PDF that is bytes already."""

        compressible: bool = False
        data = b""

        def __init__(self, source: Any) -> None:  # noqa: ANN401 - one of pydyf's objects
            super().__init__()
            self.number, self.generation = source.number, source.generation
            self.compressible, self.data = source.compressible, source.data

    for each in made.objects:
        if isinstance(each, Stream) and each.compress:
            _compress(each)
    made.objects[:] = [each if each.free == "f" else Made(each) for each in made.objects]
    made.add_object = partial(_add_compressed, made.add_object)


def _add_compressed(add: Callable[[Any], None], each: Any) -> None:  # noqa: ANN401 - as above
    """Take what pydyf makes as it writes: the streams of all objects and of their places it would compress twice."""
    if getattr(each, "compress", False):
        _compress(each)
    add(each)


def _compress(stream: Any) -> None:  # noqa: ANN401 - as above
    """Compress as zlib does by itself; pydyf asks for its best: a twentieth less, in four times the time."""
    stream.compress = False
    plain = stream.data.partition(b"\nstream\n")[2].removesuffix(b"\nendstream")
    stream.stream, stream.extra["Filter"] = [zlib.compress(plain)], "/FlateDecode"


def _put_right(embedded: Embedded, made: Any) -> None:  # noqa: ANN401 - as above
    """Write the metadata into the one RDF that XMP has, name the type of the XML, and name the file once."""
    metadata = _object(made, made.catalog["Metadata"])
    [text] = metadata.stream
    metadata.stream = [text.replace(b"</rdf:RDF>", embedded.metadata.encode() + b"</rdf:RDF>")]
    made.catalog["AF"][:] = dict.fromkeys(made.catalog["AF"])
    for reference in made.catalog["AF"]:
        _object(made, _object(made, reference)["EF"]["F"]).extra["Subtype"] = "/text#2fxml"


def _object(made: Any, reference: str | bytes) -> Any:  # noqa: ANN401 - as above
    return made.objects[int(reference.split()[0])]


@lru_cache(maxsize=8)
def _sheet(css: str) -> "CSS":
    """Return the style sheet; it may ask for nothing, not even for an asset."""
    from weasyprint import CSS  # noqa: PLC0415 - as above

    return CSS(string=css, url_fetcher=_closed_fetcher({}))


def _fonts() -> "FontConfiguration":
    """Return the fonts that this thread has looked up before."""
    from weasyprint.text.fonts import FontConfiguration  # noqa: PLC0415 - as above

    if not hasattr(_own, "fonts"):
        _own.fonts = FontConfiguration()
    fonts: FontConfiguration = _own.fonts
    return fonts


@contextmanager
def _no_collection() -> Iterator[None]:
    """Let no garbage be collected inside the block; boxes and styles live until the document is written anyway."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _closed_fetcher(assets: Mapping[str, Asset]) -> "URLFetcher":
    """Return a fetcher that knows the assets and refuses every other address, with no handler left to open one."""
    from weasyprint.urls import URLFetcher, URLFetcherResponse  # noqa: PLC0415 - as above

    class ClosedFetcher(URLFetcher):  # type: ignore[misc]
        """Hands out assets from memory; everything else does not exist."""

        def __init__(self) -> None:
            super().__init__(allowed_protocols=(), allow_redirects=False)
            for handlers in (self.handle_open, self.handle_error, self.process_request, self.process_response):
                handlers.clear()

        def fetch(self, url: str, headers: Any = None) -> URLFetcherResponse:  # noqa: ANN401, ARG002 - WeasyPrint's signature
            asset = assets.get(url.removeprefix(SCHEME)) if url.startswith(SCHEME) else None
            if asset is None:
                message = "documents show nothing from outside"
                raise ValueError(message)
            return URLFetcherResponse(url, asset.content, {"Content-Type": asset.content_type})

    return ClosedFetcher()
