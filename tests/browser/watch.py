"""What a person would not see: what a page asks for, what it says in the console, and whether anything pops up."""

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response, WebError

ICON = "/favicon.ico"  # what a browser asks for by itself where a document, such as a mail, names no icon


@dataclass
class Watch:
    """Everything that happened on the pages of a context since `forget`; ``left`` is what asked for other hosts."""

    origin: str
    said: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

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
        context.on("requestfailed", lambda request: self.failed.append(f"{request.url}: {request.failure}"))
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
        if parts.scheme not in {"data", "blob", "about"} and f"{parts.scheme}://{parts.netloc}" != self.origin:
            self.left.append(request.url)

    def _note_response(self, response: Response) -> None:
        if response.status >= 400 and not response.url.endswith(ICON):
            self.failed.append(f"{response.request.method} {response.url}: {response.status}")
