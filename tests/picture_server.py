"""A web server on the loopback that gives prepared answers, and remembers what it was asked and with which headers."""

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from helpdesk.infra import outside
from helpdesk.infra.outside import Permit, Resolve

Send = Callable[[BaseHTTPRequestHandler], None]


@dataclass
class PictureServer:
    """What lies there: by path, bytes, or a redirect to an address, or what to do. ``asked`` are paths and headers."""

    port: int = 0
    lies_there: dict[str, bytes | str | Send] = field(default_factory=dict)
    asked: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)

    @property
    def permit(self) -> Permit:
        """Let the client ask this server, and no other of this machine."""
        return Permit(frozenset({"127.0.0.1"}), frozenset({self.port}))

    @property
    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def url(self, path: str, host: str = "pictures.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def get(self, resolver: Resolve = lambda _host, _port: ["127.0.0.1"]) -> Callable[..., bytes]:
        """Return the client, which finds every name at this server."""
        return partial(outside.fetch, permit=self.permit, resolver=resolver)


def status(code: int) -> Send:
    """Answer with that status and nothing else."""

    def send(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return send


@contextmanager
def running_picture_server(certificate: tuple[Path, Path] | None = None) -> Iterator[PictureServer]:
    """Yield a server that listens for as long as the block lasts; with a certificate (chain, key) by TLS."""
    kept = PictureServer()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept.asked.append((self.path, dict(self.headers)))
            found = kept.lies_there.get(self.path, status(404))
            if callable(found):
                found(self)
            elif isinstance(found, str):
                self.send_response(302)
                self.send_header("Location", found)
                self.send_header("Set-Cookie", "spy=1")
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self.send_response(200)
                self.send_header("Content-Length", str(len(found)))
                self.end_headers()
                self.wfile.write(found)

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A client that goes away is what some tests are about."""

    server = Server(("127.0.0.1", 0), Handler)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
