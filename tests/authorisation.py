"""An authorisation server on the loopback: consent with PKCE, tokens that rotate, and refusals on demand."""

import base64
import hashlib
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

CLIENT_ID = "helpdesk"
CLIENT_SECRET = "client secret"


@dataclass
class Given:
    """A code that waits to be exchanged."""

    challenge: str
    redirect_uri: str


@dataclass
class AuthorisationServer:
    """The server's memory. ``refuses`` are the errors that the next requests for tokens get.

    ``mailbox`` is the user whose mail the tokens open; with a ``gate`` an answer waits until it is open.
    """

    port: int = 0
    mailbox: str = "user"
    lifetime_seconds: int = 3600
    refuses: list[str] = field(default_factory=list)
    codes: dict[str, Given] = field(default_factory=dict)
    refresh_tokens: set[str] = field(default_factory=set)
    access_tokens: dict[str, str] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)
    gate: threading.Event | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def consent(self, asked: dict[str, str]) -> str:
        """Return where the browser is sent after a person said yes."""
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_hex(8)
        self.codes[code] = Given(asked["code_challenge"], asked["redirect_uri"])
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return status and answer of the token endpoint (RFC 6749)."""
        with self.lock:
            self.asked.append(asked)
            if self.refuses:
                return 400, {"error": self.refuses.pop(0), "error_description": "told to"}
            if (asked.get("client_id"), asked.get("client_secret")) != (CLIENT_ID, CLIENT_SECRET):
                return 401, {"error": "invalid_client"}
            if not self._is_granted(asked):
                return 400, {"error": "invalid_grant"}
            return 200, self._give(with_refresh=asked["grant_type"] != "client_credentials")

    def introspect(self, token: str) -> dict[str, Any]:
        """Return what a mail server hears about a token (RFC 7662)."""
        if token not in self.access_tokens:
            return {"active": False}
        return {"active": True, "username": self.access_tokens[token]}

    def _is_granted(self, asked: dict[str, str]) -> bool:
        match asked["grant_type"]:
            case "authorization_code":
                given = self.codes.pop(asked["code"], None)
                digest = hashlib.sha256(asked["code_verifier"].encode()).digest()
                challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
                return given == Given(challenge, asked["redirect_uri"])
            case "refresh_token":
                known = asked["refresh_token"] in self.refresh_tokens
                self.refresh_tokens.discard(asked["refresh_token"])
                return known
            case other:
                return other == "client_credentials" and bool(asked.get("scope"))

    def _give(self, *, with_refresh: bool) -> dict[str, Any]:
        access, refresh = secrets.token_hex(16), secrets.token_hex(16)
        self.access_tokens[access] = self.mailbox
        answer: dict[str, Any] = {
            "access_token": access,
            "token_type": "Bearer",
            "expires_in": self.lifetime_seconds,
        }
        if with_refresh:
            self.refresh_tokens.add(refresh)
            answer["refresh_token"] = refresh
        return answer


class _Handler(BaseHTTPRequestHandler):
    """The three endpoints."""

    memory: AuthorisationServer

    def do_GET(self) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        self.send_response(302)
        self.send_header("Location", self.memory.consent(asked))
        self.end_headers()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        if urlsplit(self.path).path == "/introspect":
            self._answer(200, self.memory.introspect(asked["token"]))
            return
        if self.memory.gate is not None:
            self.memory.gate.wait(30)
        self._answer(*self.memory.token(asked))

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""

    def _answer(self, status: int, answer: dict[str, Any]) -> None:
        content = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def running_authorisation_server() -> Iterator[AuthorisationServer]:
    """Yield a server that listens for as long as the block lasts."""
    memory = AuthorisationServer()
    handler = type("Handler", (_Handler,), {"memory": memory})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    memory.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield memory
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
