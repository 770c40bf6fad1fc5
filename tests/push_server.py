"""A push service on the loopback, and a browser behind it that reads what was sealed for it (RFC 8188, RFC 8291)."""

import base64
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from helpdesk.infra import outside
from helpdesk.infra.outside import Permit, Said


def _text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _point(key: ec.EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


@dataclass
class ReadingBrowser:
    """A browser: what it tells of itself, and how it reads."""

    path: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    secret: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def p256dh(self) -> str:
        return _text(self.point)

    @property
    def point(self) -> bytes:
        return _point(self.key.public_key())

    @property
    def auth(self) -> str:
        return _text(self.secret)

    def read(self, body: bytes) -> dict[str, Any]:
        """Return what was sealed for this browser."""
        salt, sender, sealed = body[:16], body[21 : 21 + body[20]], body[21 + body[20] :]
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sender)
        info = b"WebPush: info\0" + _point(self.key.public_key()) + sender
        shared = self._derive(self.key.exchange(ec.ECDH(), theirs), self.secret, info, 32)
        content_key = self._derive(shared, salt, b"Content-Encoding: aes128gcm\0", 16)
        nonce = self._derive(shared, salt, b"Content-Encoding: nonce\0", 12)
        content = AESGCM(content_key).decrypt(nonce, sealed, None)
        found: dict[str, Any] = json.loads(content.rstrip(b"\0").removesuffix(b"\x02"))
        return found

    def _derive(self, secret: bytes, salt: bytes, info: bytes, length: int) -> bytes:
        return HKDF(algorithm=SHA256(), length=length, salt=salt, info=info).derive(secret)


@dataclass
class PushServer:
    """What came, by path, headers and body; ``answers`` are the statuses to give, one after the other, then 201."""

    port: int = 0
    came: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://push.example:{self.port}{path}"

    @property
    def send(self) -> Callable[..., Said]:
        """Return the client, which finds every name at this server."""
        permit = Permit(frozenset({"127.0.0.1"}), frozenset({self.port}))
        return partial(outside.send, permit=permit, resolver=lambda _host, _port: ["127.0.0.1"])


@contextmanager
def running_push_server() -> Iterator[PushServer]:
    """Yield a push service that listens for as long as the block lasts."""
    kept = PushServer()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.came.append((self.path, dict(self.headers), body))
            status, headers = kept.answers.pop(0) if kept.answers else (201, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
