"""What a person would not see: what a page asks for, what it says in the console, and whether anything pops up."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Frame, Request, Response, WebError

ABORTED = "net::ERR_ABORTED"  # how Chromium calls a request whose answer nobody waits for any more
ICON = "/favicon.ico"  # what a browser asks for by itself where a document, such as a mail, names no icon
DROPPED = frozenset({"/static/favicon.svg", "/live/stream"})
"""What a page fetches beside itself, and drops as soon as it begins to go."""


@dataclass
class Watch:
    """Everything that happened on the pages of a context since `forget`; ``left`` is what asked for other hosts."""

    origin: str
    said: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    _open: dict[Request, Frame] = field(default_factory=dict)
    _outlived: set[Request] = field(default_factory=set)
    _going: dict[Frame, Request] = field(default_factory=dict)

    @property
    def trouble(self) -> dict[str, list[str]]:
        """What must not happen on any page, by kind; empty when all is well."""
        kinds = {"console": self.said, "failed": self.failed, "left": self.left, "dialogs": self.dialogs}
        return {kind: found for kind, found in kinds.items() if found}

    def forget(self) -> None:
        for kind in (self.said, self.failed, self.left, self.asked, self.dialogs):
            kind.clear()

    def over(self, context: BrowserContext) -> "Watch":
        """Watch every page of ``context``, and let nothing out of the house."""
        context.on("console", self._note_console)
        context.on("weberror", self._note_error)
        context.on("dialog", self._note_dialog)
        context.on("request", self._note_request)
        context.on("requestfailed", self._note_failure)
        context.on("requestfinished", self._close)
        context.on("response", self._note_response)
        return self

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and not message.location.get("url", "").endswith(ICON):
            self.said.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")

    def _note_error(self, error: WebError) -> None:
        self.said.append(f"uncaught: {error.error}")

    def _note_dialog(self, dialog: Dialog) -> None:
        self.dialogs.append(f"{dialog.type}: {dialog.message}")
        dialog.dismiss()

    def _note_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        self.asked.append(f"{request.method} {parts.path}")
        if parts.scheme not in {"data", "blob", "about"} and not self._is_ours(request):
            self.left.append(request.url)
        self._follow(request)

    def _note_failure(self, request: Request) -> None:
        """Note what failed, except for what a page asked of us and no longer needs, because another page follows it."""
        outlived = request in self._outlived or urlsplit(request.url).path in DROPPED
        self._close(request)
        if not (outlived and request.failure == ABORTED and self._is_ours(request)):
            self.failed.append(f"{request.url}: {request.failure}")

    def _is_ours(self, request: Request) -> bool:
        parts = urlsplit(request.url)
        return f"{parts.scheme}://{parts.netloc}" == self.origin

    def _follow(self, request: Request) -> None:
        """Remember what is open; when a frame goes elsewhere, all that it and the frames in it wait for is outlived."""
        if request.service_worker is not None:  # it belongs to no page
            return
        frame = request.frame
        if request.is_navigation_request():
            self._outlived.update(other for other, where in self._open.items() if frame in _lineage(where))
            self._going[frame] = request
        elif any(where in self._going for where in _lineage(frame)):
            self._outlived.add(request)  # of the page that is being left: the next one is asked for, and not there yet
        self._open[request] = frame

    def _close(self, request: Request) -> None:
        self._open.pop(request, None)
        self._outlived.discard(request)
        self._arrive(request)

    def _arrive(self, request: Request) -> None:
        """Note that the page that was asked for is there, or never comes: what its frame asks for now is its own."""
        if request in self._going.values():
            self._going = {frame: asked for frame, asked in self._going.items() if asked is not request}

    def _note_response(self, response: Response) -> None:
        self._arrive(response.request)
        if response.status >= 400 and not response.url.endswith(ICON):
            self.failed.append(f"{response.request.method} {response.url}: {response.status}")


def _lineage(frame: Frame | None) -> Iterator[Frame]:
    """Yield the frame and those it stands in, from within outwards."""
    while frame is not None:
        yield frame
        frame = frame.parent_frame
