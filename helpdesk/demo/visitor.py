"""A person with a browser: signs in, reads pages, sends forms. The demo works the desk as people do, over HTTP."""

import re
import time
from collections.abc import Mapping
from html import unescape
from typing import Self

import httpx

from helpdesk.kernel.errors import ExternalFailure

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
DOOR = "/sign-in"
PATIENCE_SECONDS = 30.0
RETRY_SECONDS = 0.2
REFUSED_FROM = 400

Form = Mapping[str, str | list[str]]


class Visitor:
    """One signed-in person. A server that is being restarted is waited for."""

    def __init__(self, base_url: str, *, email: str, password: str) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=10.0, trust_env=False, follow_redirects=True)
        self._token: str | None = None
        self.send(DOOR, {"email": email, "password": password}, page=DOOR)
        self._token = None  # a new session has its own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def read(self, path: str) -> str:
        """Return a page's HTML.

        Raises:
            ExternalFailure: it was refused, or nobody answered for half a minute.
        """
        return _page(self._patiently("GET", path))

    def send(self, path: str, form: Form, *, page: str) -> str:
        """Send a form as the one on ``page`` would be, with its session's token, and return the page it leads to.

        A form that got no answer is sent again: every form of ours may come twice.

        Raises:
            ExternalFailure: it was refused, or nobody answered for half a minute.
        """
        if self._token is None or page == DOOR:
            self._token = self._token_on(page)
        return _page(self._patiently("POST", path, {**form, "csrf_token": self._token}))

    def _token_on(self, page: str) -> str:
        found = TOKEN.search(self.read(page))
        if found is None:
            message = f"The page {page} has no form to send."
            raise ExternalFailure(message)
        return unescape(found[1])

    def _patiently(self, method: str, path: str, form: Form | None = None) -> httpx.Response:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                return self._http.request(method, path, data=form)
            except httpx.TransportError as error:
                if time.monotonic() > deadline:
                    message = f"The desk does not answer: {error}."
                    raise ExternalFailure(message) from error
                time.sleep(RETRY_SECONDS)


def _page(response: httpx.Response) -> str:
    if response.status_code >= REFUSED_FROM:
        said = re.search(r'role="alert"[^>]*>(.*?)</(?:div|p|section)>', response.text, re.DOTALL)
        reason = " ".join(re.sub(r"<[^>]+>", " ", said[1] if said else response.text[:300]).split())
        message = f"{response.request.method} {response.request.url.path} was answered {response.status_code}: {reason}"
        raise ExternalFailure(message)
    return response.text
