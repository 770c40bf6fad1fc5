"""HTML to PDF without a network and without a file system (docs/billing.md rule 22, docs/architecture.md).

What a document shows beside its text is handed in as bytes: nothing is ever fetched, whatever the HTML asks for.
WeasyPrint is imported on first use; it takes its time, and most processes never print.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from helpdesk.kernel.errors import ExternalFailure

if TYPE_CHECKING:
    from weasyprint.urls import URLFetcher

VARIANT = "pdf/ua-1"
"""Tagged, with embedded fonts, a title and a language: readable by screen readers (ISO 14289-1)."""

SCHEME = "asset:"


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that a document may show: ``<img src="asset:logo">`` for the asset named ``logo``."""

    content: bytes
    content_type: str


@dataclass(frozen=True, slots=True)
class Page:
    """A document to print: whole HTML with a title, the text of its style sheet, and its assets by name.

    ``identifier`` goes into the PDF's trailer in place of a random one, so that the same page gives the same bytes.
    """

    html: str
    css: str
    identifier: str
    assets: Mapping[str, Asset] = field(default_factory=dict)


def to_pdf(page: Page) -> bytes:
    """Return the page as a tagged PDF; the same page gives the same bytes with the same fonts installed.

    Raises:
        ExternalFailure: the renderer gave up on the document.
    """
    from weasyprint import CSS, HTML  # noqa: PLC0415 - takes its time, see the module's docstring

    fetcher = _closed_fetcher(page.assets)
    try:
        sheet = CSS(string=page.css, url_fetcher=fetcher)
        document = HTML(string=page.html, url_fetcher=fetcher, base_url="asset:/")
        printed: bytes = document.write_pdf(
            stylesheets=[sheet], pdf_variant=VARIANT, pdf_tags=True, pdf_identifier=page.identifier.encode()
        )
    except (ValueError, OSError) as error:
        message = f"The document could not be printed: {error}"
        raise ExternalFailure(message) from error
    return printed


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
