"""What all pages load beside themselves: its address names its content, so a browser asks for each file once."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from helpdesk.infra import links

VERSION = "v"
FOREVER = "public, max-age=31536000, immutable"
ERRORS = 400


class _NotForFiles(SecureCookieSessionInterface):
    """Keeps a file from being another one for each cookie, as pages are: nobody's session is in it."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if request.endpoint != "static":
            super().save_session(app, session, response)


def mount(app: Flask) -> None:
    """Let addresses of static files carry a word made of the file's content, and answers to those be kept for good.

    Asked for by another word, or none, a file is asked for again each time: the page is older or newer than the file.
    """
    folder = Path(app.static_folder or "")
    app.session_interface = _NotForFiles()
    links.forget()  # what was made before carries no such word

    def version_of(filename: str) -> str | None:
        path = folder / filename
        try:
            return _digest(path, path.stat().st_mtime_ns)
        except OSError:
            return None

    @app.url_defaults
    def _name_content(endpoint: str, values: dict[str, Any]) -> None:
        if endpoint == "static" and VERSION not in values and (version := version_of(values["filename"])):
            values[VERSION] = version

    @app.after_request
    def _keep_for_good(response: Response) -> Response:
        asked = request.args.get(VERSION) if request.endpoint == "static" and response.status_code < ERRORS else None
        if asked and asked == version_of((request.view_args or {})["filename"]):
            response.headers["Cache-Control"] = FOREVER
        return response


@lru_cache(maxsize=1024)
def _digest(path: Path, _changed_at: int) -> str:
    return sha256(path.read_bytes()).hexdigest()[:12]
